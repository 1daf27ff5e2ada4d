/** A map that forgets its oldest entries above a size: what is remembered for convenience must not grow for ever. */
export class BoundedMap<K, V> {
  readonly #entries = new Map<K, V>()
  readonly #sizeMax: number

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax
  }

  get(key: K): V | undefined {
    return this.#entries.get(key)
  }

  /** A key that is set again counts as new. */
  set(key: K, value: V): void {
    this.#entries.delete(key)
    this.#entries.set(key, value)
    if (this.#entries.size > this.#sizeMax) {
      const oldest = this.#entries.keys().next()
      if (!oldest.done) this.#entries.delete(oldest.value)
    }
  }

  oldest(): V | undefined {
    return this.#entries.values().next().value
  }

  newestFirst(): V[] {
    return [...this.#entries.values()].toReversed()
  }
}
