/**
 * The score of a replica for a request, in µUSD, lowest wins:
 *
 *   tokens·prices + bytes·prices + v·TTFT̂ + λ_ttft·max(0, TTFT̂ − h·SLO) + λ_tpot·max(0, TPOT̂ − h·SLO)·tokens + P(fail)·cost of retry
 *
 * Missing or broken metrics fall back to a neutral value: they may cost a replica a place, never remove a pool.
 */
import type { PlacementRequest, ReplicaView, ScoreTerms } from './types.ts'

/** Headroom: a prediction this close to the SLO already counts as a miss. */
const HEADROOM = 0.8
/** An SLO missed by a second costs as much as this many seconds of plain waiting. */
const SLO_WEIGHT = 5
/** Round trip assumed where none was measured. */
const UNKNOWN_RTT_MS = 50
/** Tokens out that an average request uses of what it reserved; the score wants the likely cost, not the worst. */
const EXPECTED_OUT_SHARE = 0.5
/** Bytes of answer per token, framing included: measured on OpenAI chunks of one token. */
const BYTES_PER_TOKEN_OUT = 200

export interface Scored {
  score: number
  terms: ScoreTerms
  ttftMs: number
  tpotMs: number
}

export function scoreOf(replica: ReplicaView, request: PlacementRequest): Scored {
  const { estimate, prices } = replica
  const tokensOut = Math.max(1, request.tokensOutMax * EXPECTED_OUT_SHARE)
  // Slow start: a replica earns its places by answering. Else a burst would follow the optimistic prior of a new one.
  const slots = Math.min(replica.concurrencyMax, 1 + finite(estimate.observations, 0))
  const waiting = Math.max(0, finite(replica.activeStreams, 0) + 1 - slots)
  const backlogMs = (waiting / slots) * finite(estimate.attemptMs, 500)
  const concurrency = Math.min(slots, finite(replica.activeStreams, 0) + 1)
  const tpotMs = finite(estimate.tpotMs, 50) + finite(estimate.tpotMsPerStream, 1) * concurrency
  // A prefill waits for the steps of those who are already decoding: half a step each on average.
  const interferenceMs = (concurrency - 1) * tpotMs * 0.5
  const prefillMs = finite(estimate.baseMs, 50) + request.tokensIn * finite(estimate.prefillMsPerToken, 0.1)
  const ttftMs = finite(replica.rttMs ?? UNKNOWN_RTT_MS, UNKNOWN_RTT_MS) + backlogMs + interferenceMs + prefillMs

  const perMs = request.valueOfSecondMicroUsd / 1_000
  const tokens = (request.tokensIn * prices.inPerMtok + tokensOut * prices.outPerMtok) / 1e6
  const bytes = (request.bytesIn * prices.inPerGb + tokensOut * BYTES_PER_TOKEN_OUT * prices.outPerGb) / 1e9
  const latency = perMs * ttftMs
  const sloTtft = perMs * SLO_WEIGHT * Math.max(0, ttftMs - HEADROOM * request.sloTtftMs)
  const sloTpot = perMs * SLO_WEIGHT * Math.max(0, tpotMs - HEADROOM * request.sloTpotMs) * tokensOut
  const failure =
    Math.min(1, finite(estimate.failureRate, 0.5)) * (tokens + latency + perMs * SLO_WEIGHT * request.sloTtftMs)
  const terms = { tokens, bytes, latency, sloTtft, sloTpot, failure }
  return { score: tokens + bytes + latency + sloTtft + sloTpot + failure, terms, ttftMs, tpotMs }
}

/** Price with every reserved token used, µUSD, for the price cap. */
export function worstCasePrice(replica: ReplicaView, request: PlacementRequest): number {
  const { prices } = replica
  const bytesOut = request.tokensOutMax * BYTES_PER_TOKEN_OUT
  return (
    (request.tokensIn * Math.max(prices.inPerMtok, prices.cachedPerMtok) + request.tokensOutMax * prices.outPerMtok) /
      1e6 +
    (request.bytesIn * prices.inPerGb + bytesOut * prices.outPerGb) / 1e9
  )
}

const finite = (value: number, otherwise: number): number => (Number.isFinite(value) && value >= 0 ? value : otherwise)
