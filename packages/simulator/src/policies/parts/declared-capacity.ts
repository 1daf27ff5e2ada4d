/**
 * What an operator reads off a provider's published curve: limits to configure, prices to compare.
 *
 * A decode step of c streams takes base + c·(perStream + perStreamToken·ctx); with prompts chunked into the same steps,
 * each stream also brings tokensIn·prefill ÷ tokensOut of prefill time per step. The limit is the c at which the step
 * reaches a share of the TPOT SLO. Declared figures only: the hidden speed of a replica is not used.
 */
import type { SimReplica } from '../../sim-types.ts'
import type { TrafficMix } from './traffic-mix.ts'

/**
 * Operators keep air below the SLO: a limit at the SLO itself would miss it half of the time, and prompts queue behind one
 * another long before. Of 0.5, 0.6, 0.7 and 0.8 (market, seed 1, utilisation 0.4 and 0.6), 0.5 serves the policies with limits best.
 */
export const sloShare = 0.5

/** Streams that a replica can run at once with TPOT at `sloShare` of its SLO; at least 1, at most what it declares. */
export function streamsInsideSlo(replica: SimReplica, mix: TrafficMix, tpotSloMs: number): number {
  const { tpotBaseMs, tpotPerStreamMs, tpotPerStreamTokenMs, prefillMsPerToken } = replica.declared
  const perStreamMs =
    tpotPerStreamMs +
    tpotPerStreamTokenMs * mix.contextTokens() +
    (mix.tokensIn() * prefillMsPerToken) / Math.max(1, mix.tokensOut())
  const streams = Math.floor((tpotSloMs * sloShare - tpotBaseMs) / perStreamMs)
  return Math.max(1, Math.min(replica.concurrencyMax, Number.isFinite(streams) ? streams : replica.concurrencyMax))
}

/** Requests of the mean size that a replica can finish in a second inside the TPOT SLO. */
export function requestsPerSecondInsideSlo(replica: SimReplica, mix: TrafficMix, tpotSloMs: number): number {
  const { tpotBaseMs, tpotPerStreamMs, tpotPerStreamTokenMs, prefillMsPerToken } = replica.declared
  const engineMs =
    mix.tokensIn() * prefillMsPerToken +
    mix.tokensOut() * (tpotPerStreamMs + tpotPerStreamTokenMs * mix.contextTokens())
  return (1000 * Math.max(0.05, 1 - tpotBaseMs / tpotSloMs)) / Math.max(1e-6, engineMs)
}

/** Price of a request of the mean size, µUSD. */
export function meanRequestPriceMicroUsd(replica: SimReplica, mix: TrafficMix): number {
  return (mix.tokensIn() * replica.prices.inPerMtok + mix.tokensOut() * replica.prices.outPerMtok) / 1e6
}

/** TPOT by the declared curve, ms. */
export function declaredTpotMs(replica: SimReplica, streams: number, contextTokens: number): number {
  const { tpotBaseMs, tpotPerStreamMs, tpotPerStreamTokenMs } = replica.declared
  return tpotBaseMs + streams * (tpotPerStreamMs + tpotPerStreamTokenMs * contextTokens)
}

/** Engine time to the first token by the declared curve, ms, behind `waitingTokens` of other prompts. */
export function declaredTtftMs(replica: SimReplica, tokensIn: number, waitingTokens: number): number {
  return replica.declared.baseMs + (tokensIn + waitingTokens) * replica.declared.prefillMsPerToken
}
