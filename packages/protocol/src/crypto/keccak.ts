/**
 * Keccak-256, synchronous: one WebAssembly instance is made when the module loads and reused for every hash.
 *
 * Receipts are hashed on the request path, so nothing here allocates more than its result, and an input of fixed shape
 * (a structure, a digest) lies in the instance's memory from hash to hash: see {@link keccakInput}.
 */
import { invariant } from '@isochrone/domain'
import { createKeccak } from 'hash-wasm'
import type { Hex } from './hex.ts'
import { createKeccakModule, KECCAK_BLOCK_BYTES } from './keccak-module.ts'

export { bytesToHex, hexToBytes } from './hex.ts'
export type { Hex } from './hex.ts'

// The memory: 32 bytes for a result, what is kept, and one place for all that comes once.
const PAGES = 2
const KEPT_AT = 32
const ONCE_AT = 65_536
const { memory, hash } = createKeccakModule(PAGES)
const result = Buffer.from(memory.buffer, 0, 32)
/** The padding takes at least one byte of the last block. */
const ONCE_BYTES_MAX = Math.floor((memory.length - ONCE_AT) / KECCAK_BLOCK_BYTES) * KECCAK_BLOCK_BYTES - 1

/** For what is longer, and for streams. */
const streaming = await createKeccak(256)

/** Keccak-256 of the concatenated parts, 32 bytes. */
export function keccak256(...parts: Uint8Array[]): Uint8Array {
  hashParts(parts)
  return new Uint8Array(result)
}

/** Keccak-256 as hex. */
export function keccak256Hex(bytes: Uint8Array): Hex {
  hashParts([bytes])
  return `0x${result.toString('hex')}`
}

function hashParts(parts: readonly Uint8Array[]): void {
  let length = 0
  for (const part of parts) length += part.length
  if (length > ONCE_BYTES_MAX) {
    streaming.init()
    for (const part of parts) streaming.update(part)
    result.set(streaming.digest('binary'))
    return
  }
  let at = ONCE_AT
  for (const part of parts) {
    memory.set(part, at)
    at += part.length
  }
  const blocks = Math.floor(length / KECCAK_BLOCK_BYTES) + 1
  const end = ONCE_AT + blocks * KECCAK_BLOCK_BYTES
  memory.fill(0, at, end)
  pad(at, end)
  hash(ONCE_AT, blocks, 0)
}

function pad(at: number, end: number): void {
  memory[at] = 0x01
  memory[end - 1] = (memory[end - 1] as number) | 0x80
}

/** An input of a fixed length that is written in place and hashed again and again, without being copied. */
export interface KeccakInput {
  /** What is hashed; zero at first. */
  bytes: Buffer
  /** @internal Where it lies. */
  address: number
  blocks: number
}

let keptEnd = KEPT_AT

/** Makes room for an input that is kept for good: for constants of a module. */
export function keccakInput(length: number): KeccakInput {
  const address = keptEnd
  const blocks = Math.floor(length / KECCAK_BLOCK_BYTES) + 1
  keptEnd += blocks * KECCAK_BLOCK_BYTES
  invariant(keptEnd <= ONCE_AT, 'the memory for kept inputs is full')
  pad(address + length, keptEnd)
  return { bytes: Buffer.from(memory.buffer, address, length), address, blocks }
}

/** Keccak-256 of the input as it stands. The bytes are good until the next hash. */
export function hashInput({ address, blocks }: KeccakInput): Buffer {
  hash(address, blocks, 0)
  return result
}

/** {@link hashInput}, written into another input from this byte on. */
export function hashInputInto({ address, blocks }: KeccakInput, target: KeccakInput, offset: number): void {
  hash(address, blocks, target.address + offset)
}

/** Keccak-256 of what comes piece by piece, with a state of its own: for files. */
export interface KeccakStream {
  update(bytes: Uint8Array): void
  digest(): Hex
}

export async function createKeccakStream(): Promise<KeccakStream> {
  const own = (await createKeccak(256)).init()
  return {
    update: (bytes) => void own.update(bytes),
    digest: () => `0x${own.digest('hex')}`,
  }
}
