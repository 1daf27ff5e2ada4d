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

/** In a step that also decodes, a prompt gets about two thirds of the time. */
const prefillStretch = 1.5

/**
 * Streams that a replica can run at once with TPOT and the wait for the first token at `sloShare` of their SLOs; at least 1,
 * at most what it declares.
 */
export function streamsInsideSlo(replica: SimReplica, mix: TrafficMix, tpotSloMs: number): number {
  const { tpotBaseMs, tpotPerStreamMs, tpotPerStreamTokenMs, prefillMsPerToken } = replica.declared
  const perStreamMs =
    tpotPerStreamMs +
    tpotPerStreamTokenMs * mix.contextTokens() +
    (mix.tokensIn() * prefillMsPerToken) / Math.max(1, mix.tokensOut())
  const byTpot = (tpotSloMs * sloShare - tpotBaseMs) / perStreamMs
  const streams = Math.floor(Math.min(byTpot, streamsInsideTtft(replica, mix, tpotSloMs * sloShare)))
  return Math.max(1, Math.min(replica.concurrencyMax, Number.isFinite(streams) ? streams : replica.concurrencyMax))
}

/** Streams whose prompts, served in turn (M/D/1), are expected to be through at `sloShare` of the TTFT SLO. */
function streamsInsideTtft(replica: SimReplica, mix: TrafficMix, tpotMs: number): number {
  const prefillMs = mix.tokensIn() * replica.declared.prefillMsPerToken * prefillStretch
  const waits = Math.max(0, mix.ttftSloMs() * sloShare - prefillMs) / prefillMs
  const busyShare = (2 * waits) / (1 + 2 * waits)
  return (busyShare * mix.tokensOut() * tpotMs) / prefillMs
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
