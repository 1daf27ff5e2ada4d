/**
 * Scores the admissible rows of a sample in µUSD and picks one, and two others from other failure domains.
 *
 * A pure function of the sample, the request, the generator and the tuning: the pool's decisions and the replay of a
 * record both end here. Two numbers are always drawn, so that a replay meets the same stream.
 *
 *   tokens·prices + bytes·prices + v·TTFT̂ + v_gen·TPOT̂·tokens + λ·max(0, TTFT̂ − h·SLO)/SLO + λ·max(0, TPOT̂ − h·SLO)/SLO + P(fail)·cost of retry
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
  const reference = tokenCosts(s, request)
  const best = score(s, request, reference, t)
  s.explored = false
  s.chosen = best
  s.alternate1 = s.alternate2 = -1
  if (best < 0) return
  const explored = exploreDraw < t.explorationShare ? explore(s, pickDraw) : -1
  s.explored = explored >= 0 && explored !== best
  s.chosen = explored >= 0 ? explored : tied(s, (s.score[best] as number) + t.tieBand * reference, pickDraw, request)
  if (!request.policy.allowFallbacks) return
  const domain = domainOf(s, s.chosen)
  s.alternate1 = bestOutside(s, domain, domain)
  if (s.alternate1 >= 0) s.alternate2 = bestOutside(s, domain, domainOf(s, s.alternate1))
}

/** Fills the first term of all rows; returns its mean, µUSD: what the request costs on average in the sample. */
function tokenCosts(s: DecisionScratch, request: PlacementRequest): number {
  const { source: rows, base, cached, terms, n } = s
  const { tokensIn } = request
  const tokensOut = Math.max(1, request.tokensOutExpected)
  let sum = 0
  for (let i = 0; i < n; i++) {
    const r = base[i] as number
    const hit = cached[i] as number
    const tokens =
      ((tokensIn - hit) * (rows[r + col.P_IN] as number) +
        hit * (rows[r + col.P_CACHED] as number) +
        tokensOut * (rows[r + col.P_OUT] as number)) *
      1e-6
    terms[i * TERMS] = tokens
    sum += tokens
  }
  return n > 0 ? sum / n : 0
}

/** Fills scores and terms of the admissible rows; returns the best of them or -1. */
function score(s: DecisionScratch, request: PlacementRequest, reference: number, t: Tuning): number {
  const { source: rows, base, reason, terms, score: scores, ttftMs, ttftTailMs, tpotMs, n } = s
  const { bytesIn, policy } = request
  const { ttftSloMs, tpotSloMs } = policy
  const tokensOut = Math.max(1, request.tokensOutExpected)
  const bytesOut = tokensOut * t.bytesPerTokenOut
  const valuePerMs = policy.valueOfSecondMicroUsd * 1e-3
  const generation = policy.valueOfGenerationSecondMicroUsd * 1e-3 * tokensOut
  const weightTtft = Math.max(t.sloWeight * reference, t.sloValueWeight * valuePerMs * ttftSloMs) / ttftSloMs
  const weightTpot = Math.max(t.sloWeight * reference, t.sloValueWeight * generation * tpotSloMs) / tpotSloMs
  const weightOthers = (t.othersWeight * t.sloWeight * reference) / t.nominalTpotSloMs
  const ttftFree = t.headroomTtft * ttftSloMs
  const tpotFree = t.headroomTpot * tpotSloMs
  const othersFree = t.headroomTpot * t.nominalTpotSloMs
  const retry = t.retryPriceShare * reference + valuePerMs * t.retryMs
  let best = -1
  let bestScore = Number.POSITIVE_INFINITY
  for (let i = 0; i < n; i++) {
    if (reason[i] !== 0) continue
    const r = base[i] as number
    const at = i * TERMS
    const ttft = ttftMs[i] as number
    const tpot = tpotMs[i] as number
    const bytes = (bytesIn * (rows[r + col.P_IN_GB] as number) + bytesOut * (rows[r + col.P_OUT_GB] as number)) * 1e-9
    const latency = valuePerMs * ttft
    const generating = generation * tpot
    const sloTtft = weightTtft * positive((ttftTailMs[i] as number) - ttftFree)
    const sloTpot =
      weightTpot * positive(tpot - tpotFree) +
      weightOthers * (rows[r + col.ACTIVE] as number) * positive(tpot - othersFree)
    const failure = (rows[r + col.FAILURE_RATE] as number) * (retry + latency)
    terms[at + 1] = bytes
    terms[at + 2] = latency
    terms[at + 3] = generating
    terms[at + 4] = sloTtft
    terms[at + 5] = sloTpot
    terms[at + 6] = failure
    const total = (terms[at] as number) + bytes + latency + generating + sloTtft + sloTpot + failure
    scores[i] = total
    if (total < bestScore) {
      best = i
      bestScore = total
    }
  }
  return best
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

/**
 * One of the rows that score at most `limit`. Of a prompt with a known beginning the later turns will follow the first,
 * so a first one goes to those that have the fewest streams.
 */
function tied(s: DecisionScratch, limit: number, draw: number, request: PlacementRequest): number {
  const { reason, score: scores, n } = s
  const follows = request.prefixHashes.length > 0
  let fewest = Number.POSITIVE_INFINITY
  let count = 0
  for (let i = 0; i < n; i++) {
    if (reason[i] !== 0 || (scores[i] as number) > limit) continue
    const streams = follows ? s.value(i, col.ACTIVE) : 0
    if (streams < fewest) count = 0
    if (streams <= fewest) {
      fewest = streams
      count++
    }
  }
  let left = Math.floor(draw * count)
  for (let i = 0; i < n; i++) {
    if (reason[i] !== 0 || (scores[i] as number) > limit) continue
    if ((!follows || s.value(i, col.ACTIVE) === fewest) && left-- === 0) return i
  }
  return s.chosen
}

function bestOutside(s: DecisionScratch, domain: number, other: number): number {
  const { reason, source: rows, base, score: scores, n } = s
  let best = -1
  for (let i = 0; i < n; i++) {
    if (reason[i] !== 0) continue
    // The score first: most rows fail there, and the domain is another cache line.
    if (best >= 0 && (scores[i] as number) >= (scores[best] as number)) continue
    const own = rows[(base[i] as number) + col.DOMAIN] as number
    if (own !== domain && own !== other) best = i
  }
  return best
}

const domainOf = (s: DecisionScratch, i: number): number => s.source[(s.base[i] as number) + col.DOMAIN] as number
const positive = (value: number): number => (value > 0 ? value : 0)
