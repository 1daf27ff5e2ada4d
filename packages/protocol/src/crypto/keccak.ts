/**
 * Keccak-256, synchronous: one WebAssembly instance is made when the module loads and reused for every hash.
 *
 * Receipts are hashed on the request path, so nothing here allocates more than its result.
 */
import { createKeccak } from 'hash-wasm'
import type { Hex } from './hex.ts'

export { bytesToHex, hexToBytes } from './hex.ts'
export type { Hex } from './hex.ts'

const hasher = await createKeccak(256)

/** Keccak-256 of the concatenated parts, 32 bytes. */
export function keccak256(...parts: Uint8Array[]): Uint8Array {
  hasher.init()
  for (const part of parts) hasher.update(part)
  return hasher.digest('binary')
}

/** Keccak-256 as hex. */
export function keccak256Hex(bytes: Uint8Array): Hex {
  hasher.init()
  hasher.update(bytes)
  return `0x${hasher.digest('hex')}`
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
