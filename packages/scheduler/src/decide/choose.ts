/**
 * Scores the admissible rows of a sample in µUSD and picks one, and two others from other failure domains.
 *
 * A pure function of the sample, the request, the generator and the tuning: the pool's decisions and the replay of a
 * record both end here. Two numbers are always drawn, so that a replay meets the same stream.
 *
 *   tokens·prices + bytes·prices + v·TTFT̂ + v_gen·TPOT̂·tokens + λ·max(0, TTFT̂/SLO − h) + λ·max(0, TPOT̂/SLO − h) + P(fail)·cost of retry
 *
 * λ scales with what the request costs on average in the sample, so that an SLO is kept at `sort: price` too.
 */
import type { Prng } from '@isochrone/domain'
import type { PlacementRequest } from '../placement.ts'
import * as col from '../pool/columns.ts'
import type { Tuning } from './constants.ts'
import { TERMS, type DecisionScratch } from './scratch.ts'

export function choose(s: DecisionScratch, request: PlacementRequest, rng: Prng, t: Tuning): void {
  const exploreDraw = rng.unit()
  const pickDraw = rng.unit()
  const reference = score(s, request, t)
  const { reason, score: scores } = s
  let best = -1
  let admissible = 0
  for (let i = 0; i < s.n; i++) {
    if (reason[i] !== 0) continue
    admissible++
    if (best < 0 || (scores[i] as number) < (scores[best] as number)) best = i
  }
  s.explored = false
  s.chosen = best
  s.alternate1 = s.alternate2 = -1
  if (best < 0) return
  if (admissible > 1) {
    const explored = exploreDraw < t.explorationShare ? explore(s, pickDraw) : -1
    s.explored = explored >= 0 && explored !== best
    s.chosen = explored >= 0 ? explored : tied(s, (scores[best] as number) + t.tieBand * reference, pickDraw)
  }
  if (!request.policy.allowFallbacks || admissible < 2) return
  const domain = s.rows[s.chosen * col.ROW + col.DOMAIN] as number
  s.alternate1 = bestOutside(s, domain, domain)
  if (s.alternate1 >= 0) s.alternate2 = bestOutside(s, domain, s.rows[s.alternate1 * col.ROW + col.DOMAIN] as number)
}

/** Fills scores and terms of all rows; returns the mean cost of the request's tokens in the sample, µUSD. */
function score(s: DecisionScratch, request: PlacementRequest, t: Tuning): number {
  const { rows, cached, terms, score: scores, ttftMs, tpotMs, n } = s
  const { tokensIn, bytesIn, policy } = request
  const tokensOut = Math.max(1, request.tokensOutExpected)
  let sum = 0
  for (let i = 0; i < n; i++) {
    const r = i * col.ROW
    const hit = cached[i] as number
    const tokens =
      ((tokensIn - hit) * (rows[r + col.P_IN] as number) +
        hit * (rows[r + col.P_CACHED] as number) +
        tokensOut * (rows[r + col.P_OUT] as number)) *
      1e-6
    terms[i * TERMS] = tokens
    sum += tokens
  }
  const reference = n > 0 ? sum / n : 0
  const bytesOut = tokensOut * t.bytesPerTokenOut
  const valuePerMs = policy.valueOfSecondMicroUsd / 1_000
  const generationPerMs = policy.valueOfGenerationSecondMicroUsd / 1_000
  const { ttftSloMs, tpotSloMs } = policy
  const weightTtft = Math.max(t.sloWeight * reference, t.sloValueWeight * valuePerMs * ttftSloMs)
  const weightTpot = Math.max(t.sloWeight * reference, t.sloValueWeight * generationPerMs * tpotSloMs * tokensOut)
  const weightOthers = t.othersWeight * t.sloWeight * reference
  for (let i = 0; i < n; i++) {
    const r = i * col.ROW
    const at = i * TERMS
    const ttft = ttftMs[i] as number
    const tpot = tpotMs[i] as number
    const tokens = terms[at] as number
    const bytes = (bytesIn * (rows[r + col.P_IN_GB] as number) + bytesOut * (rows[r + col.P_OUT_GB] as number)) * 1e-9
    const latency = valuePerMs * ttft
    const generation = generationPerMs * tpot * tokensOut
    const sloTtft = weightTtft * positive(ttft / ttftSloMs - t.headroomTtft)
    const othersOver = positive(tpot / t.nominalTpotSloMs - t.headroomTpot)
    const sloTpot =
      weightTpot * positive(tpot / tpotSloMs - t.headroomTpot) +
      weightOthers * (rows[r + col.ACTIVE] as number) * othersOver
    const failure =
      (rows[r + col.FAILURE_RATE] as number) * (t.retryPriceShare * reference + valuePerMs * (ttft + t.retryMs))
    terms[at + 1] = bytes
    terms[at + 2] = latency
    terms[at + 3] = generation
    terms[at + 4] = sloTtft
    terms[at + 5] = sloTpot
    terms[at + 6] = failure
    scores[i] = tokens + bytes + latency + generation + sloTtft + sloTpot + failure
  }
  return reference
}

/** A random admissible row that is expected to keep the SLO: learning may cost money, not a promise. -1 = there is none. */
function explore(s: DecisionScratch, draw: number): number {
  let count = 0
  for (let i = 0; i < s.n; i++) if (safe(s, i)) count++
  let left = Math.floor(draw * count)
  for (let i = 0; i < s.n; i++) if (safe(s, i) && left-- === 0) return i
  return -1
}

const safe = (s: DecisionScratch, i: number): boolean =>
  s.reason[i] === 0 && s.terms[i * TERMS + 4] === 0 && s.terms[i * TERMS + 5] === 0

/** One of the rows that score at most `limit`. */
function tied(s: DecisionScratch, limit: number, draw: number): number {
  const { reason, score: scores, n } = s
  let count = 0
  for (let i = 0; i < n; i++) if (reason[i] === 0 && (scores[i] as number) <= limit) count++
  let left = Math.floor(draw * count)
  for (let i = 0; i < n; i++) if (reason[i] === 0 && (scores[i] as number) <= limit && left-- === 0) return i
  return s.chosen
}

function bestOutside(s: DecisionScratch, domain: number, other: number): number {
  const { reason, rows, score: scores, n } = s
  let best = -1
  for (let i = 0; i < n; i++) {
    if (reason[i] !== 0) continue
    const own = rows[i * col.ROW + col.DOMAIN] as number
    if (own === domain || own === other) continue
    if (best < 0 || (scores[i] as number) < (scores[best] as number)) best = i
  }
  return best
}

const positive = (value: number): number => (value > 0 ? value : 0)
