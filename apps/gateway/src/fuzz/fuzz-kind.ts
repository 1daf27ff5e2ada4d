/** One kind of cases: what is sent where, and what must hold. A batch is repeated by its seed and number alone. */
import fc from 'fast-check'
import { prng, type Prng } from '@isochrone/domain'

export interface BatchId {
  readonly seed: number
  readonly batch: number
}

export interface FuzzKind {
  readonly name: string
  /** What a case of it is, as the report says it. */
  readonly what: string
  /** Runs one batch and returns how many cases were in it. Throws a `Fault` for the first that does not hold. */
  readonly run: (id: BatchId) => number | Promise<number>
}

/** A case that does not hold, with what repeats it. */
export class Fault extends Error {
  readonly case: Buffer

  constructor(what: string, input: Uint8Array | string, cause?: unknown) {
    super(what, { cause })
    this.case = Buffer.from(input)
  }
}

/** Cases that are generated as a whole in each batch; each is damaged some times over. */
const GENERATED = 64

/** Another generator for each batch, the same one each time. */
export const rngOf = ({ seed, batch }: BatchId): Prng =>
  prng((Math.imul(seed, 0x9e3779b1) ^ Math.imul(batch + 1, 0x85ebca6b)) >>> 0)

/** The whole cases of a batch. */
export function sample<T>(arbitrary: fc.Arbitrary<T>, id: BatchId, count = GENERATED): T[] {
  return fc.sample(arbitrary, { seed: rngOf(id).uint32() | 0, numRuns: count })
}
