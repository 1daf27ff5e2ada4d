/**
 * A policy's fixed constraints against classes of replicas, by number: a class is a row of numbers, one for each value of
 * an attribute that was ever seen, and a policy asks about a value once. A policy that comes for the first time looks at
 * every cell of the fleet, twenty thousand in a large one; by text that took milliseconds. `staticRejection` is the reference.
 */
import { dataPolicies, trustLevels } from '../offer.ts'
import { regionCheck } from '../policy/regions.ts'
import type { CellClass } from './bucket.ts'
import { lacksFeatures, type StaticPolicy } from './static-rejection.ts'

/** A row: numbers of place, GPU class, trust, data policy, build and features, then the context class. */
export const CLASS_ROW = 8
export const ATTRIBUTES = 6
export const CONTEXT_CLASS = 6
/** A value: not asked about yet, admitted, not admitted. */
const [UNKNOWN, ADMITTED, NOT] = [0, 1, 2] as const

/** The values of a class, in the order of its row. No two places read alike, whatever a provider calls its region. */
export const valuesOf = (kind: Omit<CellClass, 'id'>): readonly string[] => [
  JSON.stringify([kind.country, kind.region]),
  kind.gpuClass,
  kind.trust,
  kind.dataPolicy,
  kind.modelHash,
  String(kind.features),
]

export class ClassCheck {
  readonly #tests: readonly ((kind: CellClass) => boolean)[]
  /** By attribute, by number of the value. */
  readonly #known: Uint8Array[] = Array.from({ length: ATTRIBUTES }, () => new Uint8Array(16))
  readonly #contextClass: number
  /** By class, sixteen in a word: the answer, two bits each. One who asks about a single replica touches one line. */
  #byClass = new Int32Array(1)

  constructor(policy: StaticPolicy, modelHash: string | null, contextClass: number) {
    const { gpuClasses } = policy
    const trust = trustLevels.indexOf(policy.minTrust)
    const promise = dataPolicies.indexOf(policy.dataPolicy)
    this.#contextClass = contextClass
    this.#tests = [
      regionCheck(policy.regions),
      (kind) => gpuClasses === null || gpuClasses.includes(kind.gpuClass),
      (kind) => trustLevels.indexOf(kind.trust) >= trust,
      (kind) => dataPolicies.indexOf(kind.dataPolicy) >= promise,
      (kind) => modelHash === null || modelHash === kind.modelHash,
      (kind) => !lacksFeatures(kind, policy),
    ]
  }

  /** Reads what `admits` begins with. */
  touch(): number {
    return this.#byClass[0] as number
  }

  /** `rows` and `classes` are the index's. */
  admits(rows: Int32Array, classes: readonly CellClass[], id: number): boolean {
    const word = id >>> 4
    const shift = (id & 15) << 1
    if (word >= this.#byClass.length) {
      const grown = new Int32Array(Math.max(word + 1, (classes.length >>> 4) + 1, this.#byClass.length * 2))
      grown.set(this.#byClass)
      this.#byClass = grown
    }
    const known = ((this.#byClass[word] as number) >>> shift) & 3
    if (known !== UNKNOWN) return known === ADMITTED
    const answer = this.#admits(rows, classes, id)
    this.#byClass[word] = (this.#byClass[word] as number) | ((answer ? ADMITTED : NOT) << shift)
    return answer
  }

  #admits(rows: Int32Array, classes: readonly CellClass[], id: number): boolean {
    const row = id * CLASS_ROW
    if ((rows[row + CONTEXT_CLASS] as number) < this.#contextClass) return false
    for (let attribute = 0; attribute < ATTRIBUTES; attribute++) {
      const number = rows[row + attribute] as number
      let known: number = (this.#known[attribute] as Uint8Array)[number] ?? UNKNOWN
      if (known === UNKNOWN) known = this.#ask(attribute, number, classes[id] as CellClass)
      if (known === NOT) return false
    }
    return true
  }

  #ask(attribute: number, number: number, kind: CellClass): number {
    let known = this.#known[attribute] as Uint8Array
    if (number >= known.length) {
      const grown = new Uint8Array(Math.max(number + 1, known.length * 2))
      grown.set(known)
      this.#known[attribute] = known = grown
    }
    const answer = this.#tests[attribute]?.(kind) === true ? ADMITTED : NOT
    known[number] = answer
    return answer
  }
}
