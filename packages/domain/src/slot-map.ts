/**
 * A map for what comes and goes: entries that live as long as a request, put in and deleted thousands of times a second.
 *
 * V8 makes a new table for a `Map` each time that deleted entries have filled it, and the old table points to the new one. Once
 * such a table is old, the chain of all later ones survives each collection of young objects, with every value that was in one
 * of them when it was replaced: requests that ended long ago are copied twice and die with the old objects. So the table
 * here holds keys and numbers alone, and the values stand in a list that forgets them.
 */
export class SlotMap<K extends string | number, V> {
  readonly #slots = new Map<K, number>()
  readonly #values: (V | undefined)[] = []
  readonly #free: number[] = []

  get size(): number {
    return this.#slots.size
  }

  has(key: K): boolean {
    return this.#slots.has(key)
  }

  get(key: K): V | undefined {
    const slot = this.#slots.get(key)
    return slot === undefined ? undefined : this.#values[slot]
  }

  set(key: K, value: V): void {
    const known = this.#slots.get(key)
    const slot = known ?? this.#free.pop() ?? this.#values.length
    if (known === undefined) this.#slots.set(key, slot)
    this.#values[slot] = value
  }

  /** True where there was such an entry. */
  delete(key: K): boolean {
    const slot = this.#slots.get(key)
    if (slot === undefined) return false
    this.#slots.delete(key)
    this.#values[slot] = undefined
    this.#free.push(slot)
    return true
  }

  clear(): void {
    this.#slots.clear()
    this.#values.length = 0
    this.#free.length = 0
  }

  keys(): IterableIterator<K> {
    return this.#slots.keys()
  }

  /** In the order in which their keys came; what is deleted meanwhile is passed over, as a `Map` does. */
  *values(): Generator<V, undefined> {
    for (const slot of this.#slots.values()) yield this.#values[slot] as V
  }

  *[Symbol.iterator](): Generator<[K, V], undefined> {
    for (const [key, slot] of this.#slots) yield [key, this.#values[slot] as V]
  }
}
