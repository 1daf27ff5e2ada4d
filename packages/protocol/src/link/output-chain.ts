/**
 * What was asked and what was answered, as salted hashes that node and gateway compute on their own.
 *
 * The output hash is a chain over the DATA chunks, h₀ = keccak(salt), hᵢ = keccak(hᵢ₋₁ ‖ chunkᵢ): its value at any chunk
 * is known, so a stream that is cut has a hash of exactly the part that was acknowledged.
 */
import { bytesToHex, hexToBytes, keccak256, type Hex } from '../crypto/keccak.ts'

export interface OutputChain {
  /** Adds a chunk's bytes, exactly as they stand in its DATA frame. */
  add(chunk: Uint8Array): void
  /** The hash of all chunks so far. */
  head(): Hex
  /** The same as bytes, which nobody changes: hex costs as much as the hash of a short chunk. */
  headBytes(): Uint8Array
}

export function outputChain(salt: Hex): OutputChain {
  let head = keccak256(hexToBytes(salt))
  return {
    add(chunk) {
      head = keccak256(head, chunk)
    },
    head: () => bytesToHex(head),
    headBytes: () => head,
  }
}

/** keccak(salt ‖ body ‖ text): the `requestHash` of a work receipt. `text` is what a continuation goes on from. */
export function requestHashOf(salt: Hex, body: Uint8Array, text = ''): Hex {
  return bytesToHex(keccak256(hexToBytes(salt), body, Buffer.from(text, 'utf8')))
}
