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

/**
 * Replicas by code of what makes them ineligible first, as `countExcluded` has them. Remembered, and brought in step with the
 * offers that came and left since.
 */
export function countIneligible(
  pool: ReplicaPool,
  compiled: CompiledPolicy,
  request: PlacementRequest,
): Uint32Array<ArrayBuffer> {
  const { classes, recentClasses, version } = pool.index
  const { contextTokensMin, excludedVersion: since } = compiled
  compiled.excludedVersion = version
  if (since === 0 || version - since > recentClasses.length) {
    return (compiled.excluded = countExcluded(pool, compiled, request, contextTokensMin))
  }
  const { excluded } = compiled
  makeRoom(compiled, classes.length)
  for (let v = since; v < version; v++) {
    const moved = recentClasses[v % recentClasses.length] as number
    const code = excluding(compiled, request, classes[Math.abs(moved) - 1] as CellClass, contextTokensMin)
    excluded[code] = (excluded[code] as number) + Math.sign(moved)
  }
  return excluded
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
  makeRoom(compiled, classes.length)
  const counts = new Uint32Array(rejectionReasons.length + 1)
  for (let id = 0; id < classes.length; id++) {
    const count = classCounts[id] as number
    if (count === 0) continue
    const code = excluding(compiled, request, classes[id] as CellClass, contextTokens)
    counts[code] = (counts[code] as number) + count
  }
  return counts
}

function makeRoom(compiled: CompiledPolicy, classCount: number): void {
  if (compiled.reasonByClass.length >= classCount) return
  const known = new Uint8Array(classCount * 2)
  known.set(compiled.reasonByClass)
  compiled.reasonByClass = known
}

/** The code of what excludes a class first; 0 = nothing but a price may. */
function excluding(
  { reasonByClass }: CompiledPolicy,
  request: PlacementRequest,
  kind: CellClass,
  contextTokens: number,
): number {
  let code = (reasonByClass[kind.id] as number) - 1
  if (code < 0) {
    const otherBuild = request.modelHash !== null && request.modelHash !== kind.modelHash
    const reason = otherBuild ? 'other_build' : staticRejection(kind, request.policy)
    code = reason === null ? 0 : codeOf(reason)
    reasonByClass[kind.id] = code + 1
  }
  return code === 0 && 2 ** (kind.contextClass + 1) <= contextTokens ? CONTEXT_TOO_LONG : code
}
