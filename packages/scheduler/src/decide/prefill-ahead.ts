/**
 * How many prompt tokens may wait before a request at the replica that it goes to, so that its first token still comes
 * inside the head-room of its SLO: what its gateway tells the node, which knows what waits there when it arrives.
 *
 * A decision goes by news that may be a second old. That the node declines costs one round trip, and only where the
 * placement was wrong; to ask first would cost one each time, and be old again on arrival.
 */
import type { PlacementRequest } from '../placement.ts'
import * as col from '../pool/columns.ts'
import type { Tuning } from './constants.ts'
import type { DecisionScratch } from './scratch.ts'

/**
 * Of the choice of the decision in `s`, by its own prediction; null = any number. Only who named an SLO has a bound, only
 * where there is somewhere else to go, and only where the SLO can be kept with nothing before it.
 */
export function prefillAheadMax(s: DecisionScratch, { policy }: PlacementRequest, t: Tuning): number | null {
  const { chosen: i } = s
  if (i < 0 || s.alternate1 < 0 || policy.admission !== 'slack') return null
  const others = Math.min(s.value(i, col.ACTIVE), s.value(i, col.STREAMS_MAX))
  const perContext = s.value(i, col.TPOT_B) + s.value(i, col.TPOT_G) * s.value(i, col.CONTEXT)
  const stepMs = others > 0 ? s.value(i, col.TPOT_A) + perContext * others : 0
  const perTokenMs = s.value(i, col.PREFILL_MS) + stepMs / t.prefillChunkTokens
  const leftMs = t.headroomTtft * policy.ttftSloMs - (s.ttftMs[i] as number)
  const tokens = Math.floor(s.value(i, col.PREFILL_TOKENS) + leftMs / perTokenMs)
  return tokens >= 0 && tokens <= Number.MAX_SAFE_INTEGER ? tokens : null
}
