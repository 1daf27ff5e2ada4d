/** Numbers of 32 bytes, most significant first, and as limbs in a module's memory. */
import type { ArithmeticModule } from './arithmetic-code.ts'
import { at } from './layout.ts'
import { limbsOf, SLOT_BYTES } from './limbs-code.ts'

export function bytesOf(value: bigint): Uint8Array {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex')
}

export function isZero(bytes: Uint8Array): boolean {
  let seen = 0
  for (const byte of bytes) seen |= byte
  return seen === 0
}

/** A number from 32 bytes, as limbs. */
export function readNumber({ memory, functions: run }: ArithmeticModule, to: number, bytes: Uint8Array): void {
  memory.set(bytes, at.w)
  run.reverse(to, at.w)
  run.unpack(to, to)
}

export function writeLimbs({ memory }: { memory: Uint8Array }, address: number, value: bigint): void {
  const view = new DataView(memory.buffer, memory.byteOffset + address, SLOT_BYTES)
  for (const [i, limb] of limbsOf(value).entries()) view.setInt32(4 * i, Number(limb), true)
}
