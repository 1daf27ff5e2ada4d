/**
 * How many replicas the fixed constraints exclude, by reason: for refusals and for records, never on the path of a choice.
 *
 * Classes stand for their members, so it is the number of classes that it costs, and only when offers have changed.
 */
import { rejectionReasons, type PlacementRequest } from '../placement.ts'
import type { CellClass } from '../pool/bucket.ts'
import type { CompiledPolicy } from '../pool/compiled-policy.ts'
import type { ReplicaPool } from '../pool/replica-pool.ts'
import { staticRejection } from '../pool/static-rejection.ts'
import { codeOf } from './predict.ts'

const CONTEXT_TOO_LONG = codeOf('context_too_long')

/** Replicas by code of what makes them ineligible first, as `countExcluded` has them. Remembered until offers change. */
export function countIneligible(
  pool: ReplicaPool,
  compiled: CompiledPolicy,
  request: PlacementRequest,
): Uint32Array<ArrayBuffer> {
  const { version } = pool.index
  if (compiled.excludedVersion !== version) {
    compiled.excluded = countExcluded(pool, compiled, request, compiled.contextTokensMin)
    compiled.excludedVersion = version
  }
  return compiled.excluded
}

/**
 * Replicas by code of what excludes them first, where a context of `contextTokens` is asked for. At 0 are those that only
 * a price cap can exclude: prices are known of cells, not of classes.
 */
export function countExcluded(
  { index: { classes, classCounts } }: ReplicaPool,
  compiled: CompiledPolicy,
  request: PlacementRequest,
  contextTokens: number,
): Uint32Array<ArrayBuffer> {
  if (compiled.reasonByClass.length < classes.length) {
    const known = new Uint8Array(classes.length * 2)
    known.set(compiled.reasonByClass)
    compiled.reasonByClass = known
  }
  const { reasonByClass } = compiled
  const counts = new Uint32Array(rejectionReasons.length + 1)
  for (let id = 0; id < classes.length; id++) {
    const count = classCounts[id] as number
    if (count === 0) continue
    const kind = classes[id] as CellClass
    let code = (reasonByClass[id] as number) - 1
    if (code < 0) {
      const otherBuild = request.modelHash !== null && request.modelHash !== kind.modelHash
      const reason = otherBuild ? 'other_build' : staticRejection(kind, request.policy)
      code = reason === null ? 0 : codeOf(reason)
      reasonByClass[id] = code + 1
    }
    if (code === 0 && 2 ** (kind.contextClass + 1) <= contextTokens) code = CONTEXT_TOO_LONG
    counts[code] = (counts[code] as number) + count
  }
  return counts
}
