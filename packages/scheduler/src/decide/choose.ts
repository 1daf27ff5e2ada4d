/**
 * Scores the admissible rows of a sample in µUSD and picks one, and two others from other failure domains.
 *
 * A pure function of the sample, the request, the generator and the tuning: the pool's decisions and the replay of a
 * record both end here. Two numbers are always drawn, so that a replay meets the same stream.
 *
 *   tokens·prices + bytes·prices + v·TTFT̂ + v_gen·TPOT̂·tokens + λ·max(0, TTFT̂ − h·SLO)/SLO + λ·max(0, TPOT̂ + n − h·SLO)/SLO
 *   + λ·κ·streams·x·(1 + q·x)/SLO + P(fail)·cost of retry, where x = max(0, TPOT̂ − k·SLO)
 * and n is what an answer of few tokens does not average out (`gapNoiseChunks`).
 *
 * The term with κ is what one stream more costs those that run there: it begins early, rises gently and then ever faster. A
 * wall in its place is met by several gateways at once, each with news of its own age, and all of them run over it.
 *
 * λ scales with what the request costs on average in the sample, so that an SLO is kept at `sort: price` too.
 */
import type { Prng } from '@isochrone/domain'
import type { PlacementRequest, ScoreTerms } from '../placement.ts'
import type { Tuning } from './constants.ts'
import type { DecisionScratch } from './scratch.ts'

export function choose(s: DecisionScratch, request: PlacementRequest, rng: Prng, t: Tuning): void {
  const exploreDraw = rng.unit()
  const pickDraw = rng.unit()
  weigh(s, request, t)
  const best = score(s)
  s.explored = false
  s.chosen = best
  s.alternate1 = s.alternate2 = -1
  if (best < 0) return
  const explored = exploreDraw < t.explorationShare ? explore(s, pickDraw) : -1
  s.explored = explored >= 0 && explored !== best
  s.chosen = explored >= 0 ? explored : tied(s, (s.score[best] as number) + t.tieBand * s.reference, pickDraw, request)
  if (request.policy.allowFallbacks) findAlternates(s, s.domain[s.chosen] as number)
}

/** What a millisecond, an SLO and a retry weigh for this request among these replicas. */
function weigh(s: DecisionScratch, request: PlacementRequest, t: Tuning): void {
  const { tokensUsd, n, weights: w } = s
  let sum = 0
  for (let i = 0; i < n; i++) sum += tokensUsd[i] as number
  // What the request costs on average in the sample.
  const reference = n > 0 ? sum / n : 0
  const { policy } = request
  const { ttftSloMs, tpotSloMs } = policy
  const tokensOut = Math.max(1, request.tokensOutExpected)
  s.reference = reference
  w.latency = policy.valueOfSecondMicroUsd * 1e-3
  w.generation = policy.valueOfGenerationSecondMicroUsd * 1e-3 * tokensOut
  w.sloTtft = Math.max(t.sloWeight * reference, t.sloValueWeight * w.latency * ttftSloMs) / ttftSloMs
  w.sloTpot = Math.max(t.sloWeight * reference, t.sloValueWeight * w.generation * tpotSloMs) / tpotSloMs
  w.others = (t.othersWeight * t.sloWeight * reference) / t.nominalTpotSloMs
  w.ttftFree = t.headroomTtft * ttftSloMs
  w.tpotFree = t.headroomTpot * tpotSloMs
  w.othersFree = t.othersHeadroom * t.nominalTpotSloMs
  w.othersCurve = t.othersCurve
  w.retry = t.retryPriceShare * reference + w.latency * t.retryMs
}

/** Fills the scores of the admissible rows; returns the best of them or -1. The sum is that of `termsOf`. */
function score(s: DecisionScratch): number {
  const { reason, score: scores, ttftMs, ttftTailMs, tpotMs, tpotTailMs, tokensUsd, bytesUsd, active, failing, n } = s
  const { latency, generation, sloTtft, sloTpot, others, ttftFree, tpotFree, othersFree, othersCurve, retry } =
    s.weights
  let best = -1
  let bestScore = Number.POSITIVE_INFINITY
  for (let i = 0; i < n; i++) {
    if (reason[i] !== 0) continue
    const waiting = latency * (ttftMs[i] as number)
    const tpot = tpotMs[i] as number
    const over = positive(tpot - othersFree)
    const total =
      (tokensUsd[i] as number) +
      (bytesUsd[i] as number) +
      waiting +
      generation * tpot +
      sloTtft * positive((ttftTailMs[i] as number) - ttftFree) +
      (sloTpot * positive((tpotTailMs[i] as number) - tpotFree) +
        others * (active[i] as number) * over * (1 + othersCurve * over)) +
      (failing[i] as number) * (retry + waiting)
    scores[i] = total
    if (total < bestScore) {
      best = i
      bestScore = total
    }
  }
  return best
}

/** The terms of one row's score, µUSD. */
export function termsOf(s: DecisionScratch, i: number): ScoreTerms {
  const w = s.weights
  const tpot = s.tpotMs[i] as number
  const latency = w.latency * (s.ttftMs[i] as number)
  const over = positive(tpot - w.othersFree)
  return {
    tokens: s.tokensUsd[i] as number,
    bytes: s.bytesUsd[i] as number,
    latency,
    generation: w.generation * tpot,
    sloTtft: w.sloTtft * positive((s.ttftTailMs[i] as number) - w.ttftFree),
    sloTpot:
      w.sloTpot * positive((s.tpotTailMs[i] as number) - w.tpotFree) +
      w.others * (s.active[i] as number) * over * (1 + w.othersCurve * over),
    failure: (s.failing[i] as number) * (w.retry + latency),
  }
}

/** A random admissible row that is expected to keep the SLO: learning may cost money, not a promise. -1 = there is none. */
function explore(s: DecisionScratch, draw: number): number {
  let count = 0
  for (let i = 0; i < s.n; i++) if (safe(s, i)) count++
  let left = Math.floor(draw * count)
  for (let i = 0; i < s.n; i++) if (safe(s, i) && left-- === 0) return i
  return -1
}

function safe(s: DecisionScratch, i: number): boolean {
  const { ttftFree, tpotFree, othersFree } = s.weights
  if (s.reason[i] !== 0 || (s.ttftTailMs[i] as number) > ttftFree) return false
  return (s.tpotTailMs[i] as number) <= tpotFree && (s.tpotMs[i] as number) <= othersFree
}

/**
 * One of the rows that score at most `limit`. Of a prompt with a known beginning the later turns will follow the first,
 * so a first one goes to those that have the fewest streams.
 */
function tied(s: DecisionScratch, limit: number, draw: number, request: PlacementRequest): number {
  const { reason, score: scores, active, equals, n } = s
  const follows = request.prefixHashes.length > 0
  let fewest = Number.POSITIVE_INFINITY
  let count = 0
  for (let i = 0; i < n; i++) {
    if (reason[i] !== 0 || (scores[i] as number) > limit) continue
    if (follows) {
      const streams = active[i] as number
      if (!(streams <= fewest)) continue
      if (streams < fewest) count = 0
      fewest = streams
    }
    equals[count++] = i
  }
  return count > 0 ? (equals[Math.floor(draw * count)] as number) : s.chosen
}

/** The two best rows outside a failure domain, each in one of its own; of equal ones the first. */
function findAlternates(s: DecisionScratch, domain: number): void {
  const { reason, domain: domains, score: scores, n } = s
  let first = -1
  let second = -1
  let firstScore = Number.POSITIVE_INFINITY
  let secondScore = Number.POSITIVE_INFINITY
  let firstDomain = domain
  for (let i = 0; i < n; i++) {
    const total = scores[i] as number
    // The score before all else: most rows fail there.
    if ((second >= 0 && total >= secondScore) || reason[i] !== 0) continue
    const own = domains[i] as number
    if (own === domain) continue
    if (first < 0 || total < firstScore) {
      if (own !== firstDomain) {
        second = first
        secondScore = firstScore
      }
      first = i
      firstScore = total
      firstDomain = own
    } else if (own !== firstDomain) {
      second = i
      secondScore = total
    }
  }
  s.alternate1 = first
  s.alternate2 = second
}

/** Exactly the value, or 0 for a negative one, without a branch that nobody could predict. */
const positive = (value: number): number => (value + Math.abs(value)) * 0.5
