/** Compiled policies of a pool by identity, then by content: a bounded number of them, oldest out first. */
import type { RoutingPolicy } from '../placement.ts'
import { CompiledPolicy } from './compiled-policy.ts'

const POLICIES_MAX = 1_024
/** Context classes are four times apart, and requests below 8,192 tokens share one: few compilations for each policy. */
const CONTEXT_CLASS_MIN = 13

/** What one policy object was compiled to otherwise, by context class. */
interface KnownPolicy {
  anyBuild: (CompiledPolicy | undefined)[]
  /** The build named last, and what is for it alone. */
  build: string | null
  ofBuild: (CompiledPolicy | undefined)[]
}

export class PolicyCache {
  readonly #byKey = new Map<string, CompiledPolicy>()
  /** For any build and the lowest class, which is the usual case, in one step. */
  readonly #usual = new WeakMap<RoutingPolicy, CompiledPolicy>()
  readonly #others = new WeakMap<RoutingPolicy, KnownPolicy>()

  get(policy: RoutingPolicy, modelHash: string | null, contextTokens: number): CompiledPolicy {
    const contextClass = contextClassOf(contextTokens)
    if (modelHash !== null || contextClass !== 0) return this.#other(policy, modelHash, contextClass)
    const usual = this.#usual.get(policy)
    if (usual) return usual
    const made = this.#byContent(policy, null, 0)
    this.#usual.set(policy, made)
    return made
  }

  #other(policy: RoutingPolicy, modelHash: string | null, contextClass: number): CompiledPolicy {
    let known = this.#others.get(policy)
    if (!known) this.#others.set(policy, (known = { anyBuild: [], build: null, ofBuild: [] }))
    if (modelHash === null) return (known.anyBuild[contextClass] ??= this.#byContent(policy, null, contextClass))
    if (known.build !== modelHash) {
      known.build = modelHash
      known.ofBuild = []
    }
    return (known.ofBuild[contextClass] ??= this.#byContent(policy, modelHash, contextClass))
  }

  #byContent(policy: RoutingPolicy, modelHash: string | null, contextClass: number): CompiledPolicy {
    const { regions, minTrust, dataPolicy, gpuClasses, maxPrice, features = 0 } = policy
    // JSON keeps null, words and lists apart: no text that a tenant sends can stand for another tenant's policy.
    const { inPerMtok, outPerMtok } = maxPrice
    const key = JSON.stringify([
      regions,
      minTrust,
      dataPolicy,
      gpuClasses,
      inPerMtok,
      outPerMtok,
      features,
      modelHash,
      contextClass,
    ])
    const known = this.#byKey.get(key)
    if (known) return known
    if (this.#byKey.size >= POLICIES_MAX) {
      const [oldest] = this.#byKey.keys()
      if (oldest !== undefined) this.#byKey.delete(oldest)
    }
    const made = new CompiledPolicy(policy, modelHash, contextClass)
    this.#byKey.set(key, made)
    return made
  }
}

/** A class below the floor admits every cell: too short a context is then found on the row. */
function contextClassOf(tokens: number): number {
  const exact = 31 - Math.clz32(Math.max(1, Math.min(tokens, 2 ** 31)))
  const odd = exact - ((exact + 1) & 1)
  return odd < CONTEXT_CLASS_MIN ? 0 : odd
}
