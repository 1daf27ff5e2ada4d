/**
 * What a million accepted tokens cost on a rented 8-GPU replica that keeps its SLO for customers a round trip away.
 *
 * Two limits, and the lower counts. TPOT: engine time left for work is (1 − a/SLO) of each second, as everywhere in
 * this package. TTFT: the round trip is taken off the budget; what is left bounds how long a prompt may wait. Steps last
 * up to the TPOT SLO and take one prefill chunk each, so prompts queue for chunks as in M/D/1, and Kingman's bound
 * P(wait > t) ≤ e^(−θt) with λ(e^(θS) − 1) = θ (J. F. C. Kingman, Proc. Camb. Phil. Soc. 1964) gives the highest
 * arrival rate λ that keeps the share of late prompts within what the SLO allows. Distance costs money in this way.
 */
import { declaredEngine, workMs, workShare, type GpuClass, type RequestTokens } from '../fleet/engine-time.ts'
import type { Market } from '../scenario/load-market.ts'
import { ttftSloMs } from '../workload/slo.ts'

export const gpusPerReplica = 8
/** Share of requests inside the TTFT SLO that a capacity must keep. */
export const sloShare = 0.999

export interface SloCapacity {
  requestsPerS: number
  tokensPerS: number
  limitedBy: 'tpot' | 'ttft'
}

type Definitions = Pick<Market, 'slo' | 'engine'>

/** What a replica can do inside the SLO when every customer is `rttMs` away; 0 requests/s when none is in time. */
export function sloCapacity(
  market: Definitions,
  gpuClass: GpuClass,
  request: RequestTokens,
  rttMs: number,
): SloCapacity {
  const engine = declaredEngine(gpuClass)
  const stepMs = market.slo.tpotMs
  const byTpot = (1_000 * workShare(engine, stepMs)) / workMs(engine, request)
  const prefillMs = (request.tokensIn / market.engine.prefillChunkTokens) * stepMs
  // Besides its own prefill a prompt may have to sit out the step that is under way.
  const waitMs = ttftSloMs(market, request.tokensIn) - rttMs - prefillMs - stepMs
  const theta = Math.log(1 / (1 - sloShare)) / waitMs
  const byTtft = waitMs > 0 ? (1_000 * theta) / Math.expm1(theta * prefillMs) : 0
  const requestsPerS = Math.min(byTpot, byTtft)
  return {
    requestsPerS,
    tokensPerS: requestsPerS * (request.tokensIn + request.tokensOut),
    limitedBy: byTtft < byTpot ? 'ttft' : 'tpot',
  }
}

/**
 * USD per 10⁶ accepted tokens (in and out) at full use of that capacity; null when the SLO cannot be kept from there.
 *
 * @param usdPerGpuHour of one GPU; the replica has eight
 */
export function effectiveUsdPerMtok(
  market: Definitions,
  gpuClass: GpuClass,
  request: RequestTokens,
  rttMs: number,
  usdPerGpuHour: number,
): number | null {
  const { tokensPerS } = sloCapacity(market, gpuClass, request, rttMs)
  return tokensPerS > 0 ? (usdPerGpuHour * gpusPerReplica) / ((tokensPerS * 3_600) / 1e6) : null
}
