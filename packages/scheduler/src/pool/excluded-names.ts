/**
 * What a policy excludes by name, as slots and interned providers. Found once for each list and set of names: a pool of a
 * hundred thousand nodes keeps its names in tables that no cache holds, and a decision would ask them for each name.
 */

/** Of a pool: how many names it has met, and what stands for each. */
export interface KnownNames {
  readonly names: number
  slotOf(nodeId: string): number | undefined
  knownId(name: string): number | undefined
}

export interface ExcludedNames {
  /** `pool.names` at which it was found. */
  names: number
  slots: readonly number[]
  providers: readonly number[]
}

export class ExcludedNamesCache {
  readonly #known = new WeakMap<readonly string[], ExcludedNames>()

  /** By the identity of the list, which nobody changes. */
  get(exclude: readonly string[], pool: KnownNames): ExcludedNames {
    const known = this.#known.get(exclude)
    if (known && known.names === pool.names) return known
    const found: ExcludedNames = {
      names: pool.names,
      slots: exclude.map((id) => pool.slotOf(id)).filter((slot) => slot !== undefined),
      providers: exclude.map((id) => pool.knownId(id)).filter((provider) => provider !== undefined),
    }
    this.#known.set(exclude, found)
    return found
  }
}
