/**
 * Keccak-256 and hex, synchronous: one WebAssembly instance is made when the module loads and reused for every hash.
 *
 * Receipts are hashed on the request path, so nothing here allocates more than its result.
 */
import { createKeccak } from 'hash-wasm'

export type Hex = `0x${string}`

const hasher = await createKeccak(256)

/** Keccak-256 of the concatenated parts, 32 bytes. */
export function keccak256(...parts: Uint8Array[]): Uint8Array {
  hasher.init()
  for (const part of parts) hasher.update(part)
  return hasher.digest('binary')
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

/** Lower-case hex behind `0x`. */
export function bytesToHex(bytes: Uint8Array): Hex {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`
}

/** Bytes of a hex text behind `0x`. Throws RangeError when it is not whole bytes of hex. */
export function hexToBytes(hex: string): Uint8Array {
  if (!/^0x(?:[0-9a-fA-F]{2})*$/.test(hex)) throw new RangeError(`Not hex bytes: ${hex.slice(0, 80)}`)
  return Buffer.from(hex.slice(2), 'hex')
}
