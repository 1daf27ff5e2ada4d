/**
 * Which (request, attempt) this node has signed for, over its whole life and in little memory.
 *
 * Two receipts with different outputs for one attempt convict the node, so it must never run an attempt twice, whoever
 * asks. A layered Bloom filter never forgets one; about once in 100,000 it takes a new attempt for an old one, which is
 * then turned away and served elsewhere. Its hash is salted, so that nobody can choose ids that fill it up.
 */
import { hexToBytes, keccak256, type Hex } from '@isochrone/protocol'

/** Attempts in one layer; the next ones go to another. */
const LAYER_ENTRIES = 1_000_000
const LAYER_BITS = 24 * LAYER_ENTRIES
const PROBES = 12

export class SignedAttempts {
  readonly #salt = crypto.getRandomValues(new Uint8Array(16))
  readonly #layers: Uint8Array[] = []
  /** Of the attempt that is looked for: a list of its own for each look costs more than the look. */
  readonly #bits = Array.from({ length: PROBES }, () => 0)
  #entries = 0

  has(requestId: Hex, attempt: number): boolean {
    const bits = this.#bitsOf(requestId, attempt)
    return this.#layers.some((layer) => bits.every((bit) => ((layer[bit >>> 3] ?? 0) & (1 << (bit & 7))) !== 0))
  }

  add(requestId: Hex, attempt: number): void {
    if (this.#entries % LAYER_ENTRIES === 0) this.#layers.push(new Uint8Array(LAYER_BITS / 8))
    this.#entries += 1
    const layer = this.#layers.at(-1)
    if (!layer) return
    for (const bit of this.#bitsOf(requestId, attempt)) layer[bit >>> 3] = (layer[bit >>> 3] ?? 0) | (1 << (bit & 7))
  }

  /** Good until the next call. */
  #bitsOf(requestId: Hex, attempt: number): readonly number[] {
    const hash = Buffer.from(keccak256(this.#salt, hexToBytes(requestId), new Uint8Array([attempt])))
    const first = hash.readUIntBE(0, 6)
    const step = hash.readUIntBE(6, 6)
    // Below 2⁵³ for twelve probes.
    for (let i = 0; i < PROBES; i++) this.#bits[i] = (first + i * step) % LAYER_BITS
    return this.#bits
  }
}
