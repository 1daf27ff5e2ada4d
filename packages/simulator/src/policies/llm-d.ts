/**
 * llm-d's endpoint picker as its "optimized baseline" guide composes it: replicas that hold at least 0.8 of the prompt in
 * their prefix cache, unless they have 286,720 tokens more in flight than the others; among those left, the fewest tokens
 * in flight, this prompt's uncached ones included.
 *
 * Source: llm-d/llm-d guides/optimized-baseline (optimized-baseline.values.yaml: prefix-cache-affinity-filter with
 * affinityThreshold 0.80, maxTokensInFlightPenalty 286720, maxTTFTPenaltyMs 0; token-load-scorer; max-score-picker) and the
 * READMEs of these plugins in llm-d/llm-d-router, 2026. Tokens in flight are the picker's own requests (inflight-load-producer).
 * The chart's default scorers, which do worse here, are `llm-d-default-scorers.ts`.
 */
import type { SimPolicy } from '../sim-types.ts'
import { createFleetView, observed } from './parts/fleet-view.ts'
import { createHeldBlocks } from './parts/held-blocks.ts'
import { pickLowest, take } from './parts/pick.ts'

const affinityThreshold = 0.8
const maxTokensInFlightPenalty = 286_720

export const llmD: SimPolicy = {
  name: 'llm-d',
  source: 'llm-d guide "optimized baseline" (guides/optimized-baseline, 2026) and the READMEs of its plugins',
  rule: 'The fewest tokens in flight, among replicas that hold 0.8 of the prompt in their prefix cache unless these are 286,720 tokens busier.',
  create(world) {
    const view = createFleetView(world)
    const held = createHeldBlocks(world)
    const inFlight = new Float64Array(world.replicas.length)
    const charged = new Map<number, number>()
    const uncached = (replica: number, tokensIn: number, prefixHashes: readonly number[]): number =>
      Math.max(0, tokensIn - held.matched(replica, prefixHashes) * world.prefixBlockTokens)
    return observed(
      {
        choose({ tokensIn, prefixHashes }, _, tried) {
          const kept = affinityFiltered(
            view.candidates(tried),
            (replica) => (prefixHashes.length === 0 ? 0 : held.matched(replica, prefixHashes) / prefixHashes.length),
            (replica) => inFlight[replica] ?? 0,
          )
          const load = (replica: number): number => (inFlight[replica] ?? 0) + uncached(replica, tokensIn, prefixHashes)
          return take(pickLowest(kept, load, world.rng))
        },
        onDispatch(replica, request, nowMs) {
          const tokens = uncached(replica, request.tokensIn, request.prefixHashes)
          charged.set(request.index, tokens)
          inFlight[replica] = (inFlight[replica] ?? 0) + tokens
          held.hooks.onDispatch?.(replica, request, nowMs)
        },
        onEnd(replica, request) {
          inFlight[replica] = Math.max(0, (inFlight[replica] ?? 0) - (charged.get(request.index) ?? 0))
          charged.delete(request.index)
        },
        onLink: (replica, up, nowMs) => held.hooks.onLink?.(replica, up, nowMs),
      },
      [view.hooks],
    )
  },
}

/** The sticky candidates, or all when there is none or the least busy of them is too far behind. */
export function affinityFiltered(
  candidates: readonly number[],
  match: (replica: number) => number,
  tokensInFlight: (replica: number) => number,
): readonly number[] {
  const sticky = candidates.filter((replica) => match(replica) >= affinityThreshold)
  if (sticky.length === 0 || sticky.length === candidates.length) return candidates
  const others = candidates.filter((replica) => match(replica) < affinityThreshold)
  const penalty = Math.min(...sticky.map(tokensInFlight)) - Math.min(...others.map(tokensInFlight))
  return penalty > maxTokensInFlightPenalty ? candidates : sticky
}
