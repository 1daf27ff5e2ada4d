/**
 * A map that forgets its oldest entries: what is remembered for convenience must not grow for ever.
 *
 * Two generations instead of one order: where the first entry of a large map is deleted again and again, each look for the
 * first one walks over what was deleted before (26 µs at 20,000 entries, on the way of every request). Where the one that is
 * forgotten has to be the oldest one exactly, or known: see `NewestKeys`.
 */
export class BoundedMap<K, V> {
  #young = new Map<K, V>()
  #old = new Map<K, V>()
  readonly #generationMax: number

  /** Keeps at least the newest half of `sizeMax` entries, and never more than `sizeMax`. */
  constructor(sizeMax: number) {
    this.#generationMax = Math.max(1, Math.floor(sizeMax / 2))
  }

  get(key: K): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key)
  }

  /** A key that is set again counts as new. */
  set(key: K, value: V): void {
    if (this.#young.size >= this.#generationMax && !this.#young.has(key)) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
  }
}
