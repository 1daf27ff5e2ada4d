/**
 * The figures of one run. Requests that arrived during warm-up are left out; every other one counts: unfinished, refused
 * and failed requests miss their SLO, and stand in the percentiles with the request timeout in place of what never came.
 */
import type { SimFleet, SimReplica, SimRequest } from '../sim-types.ts'
import { outcomeFinished, type Attempts } from './attempts.ts'
import { stateFailed, stateFinished, stateRefused, stateUnfinished } from './request-log.ts'
import type { SimSettings } from './settings.ts'
import type { SimulationResult } from './simulate.ts'

export interface RunFigures {
  arrived: number
  finished: number
  refused: number
  failed: number
  unfinished: number
  /** Share that finished with TTFT (from arrival at the gateway) and TPOT inside their SLOs. */
  sloAttainment: number
  /** Requests a second inside their SLOs. */
  goodputRps: number
  /** USD billed for all attempts per 10⁶ tokens (in and out) of finished requests; null when none finished. */
  costPerMtok: number | null
  ttftP50Ms: number
  ttftP95Ms: number
  ttftP99Ms: number
  tpotP50Ms: number
  tpotP99Ms: number
  /** Dispatched at least once and never got a first token. */
  lostBeforeFirstToken: number
  failovers: number
  continuations: number
  waits: number
  hedges: number
  /** Streams that the policy moved to another replica after their first token; they are continuations too. */
  moves: number
  /** Attempts that a node declined because of the prompts that waited there; no failovers. */
  declines: number
  /** Work done ÷ work that the fleet can do inside the SLO, as market.json defines utilisation. */
  utilisation: number
  /** Engine time of the busiest replica ÷ mean over the fleet. */
  maxOverMeanLoad: number
  /** Cached ÷ all prompt tokens of finished attempts. */
  prefixHitShare: number
}

export interface RunInput {
  fleet: SimFleet
  requests: readonly SimRequest[]
  settings: SimSettings
}

/** Measures a run. `fromMs` (default: end of warm-up) and `toMs` select requests by arrival. */
export function measureRun(
  { fleet, requests, settings }: RunInput,
  result: SimulationResult,
  fromMs = settings.warmUpMs,
  toMs = Infinity,
): RunFigures {
  const { log, attempts } = result
  const counts = new Uint32Array(stateUnfinished + 1)
  const ttfts: number[] = []
  const tpots: number[] = []
  let [inside, tokens, lost, failovers, continuations, waits, hedges, moves, declines] = [0, 0, 0, 0, 0, 0, 0, 0, 0]
  for (const request of requests) {
    const { index, arriveMs, tokensOut } = request
    if (arriveMs < fromMs || arriveMs >= toMs) continue
    const state = log.state[index] as number
    const firstMs = log.firstMs[index] as number
    const finished = state === stateFinished
    const ttftMs = firstMs > 0 ? firstMs - arriveMs : settings.requestTimeoutMs
    const tpotMs = finished ? tpotOf(firstMs, log.endMs[index] as number, tokensOut) : settings.requestTimeoutMs
    counts[state]!++
    ttfts.push(ttftMs)
    tpots.push(tpotMs)
    if (finished) tokens += request.tokensIn + tokensOut
    if (finished && ttftMs <= request.ttftSloMs && tpotMs <= request.tpotSloMs) inside++
    if (firstMs === 0 && (log.attempts[index] as number) > 0) lost++
    failovers += log.failovers[index] as number
    continuations += log.continuations[index] as number
    waits += log.waits[index] as number
    hedges += log.hedges[index] as number
    moves += log.moves[index] as number
    declines += log.declines[index] as number
  }
  const untilMs = Math.min(toMs, requests.at(-1)?.arriveMs ?? 0)
  const spanS = Math.max(0, untilMs - fromMs) / 1000
  const counted = (attempt: number) => {
    const { arriveMs } = requests[attempts.request[attempt] as number] as SimRequest
    return arriveMs >= fromMs && arriveMs < toMs
  }
  const work = workByReplica(fleet, attempts, counted)
  const ttft = Float64Array.from(ttfts).toSorted()
  const tpot = Float64Array.from(tpots).toSorted()
  return {
    arrived: ttfts.length,
    finished: counts[stateFinished] as number,
    refused: counts[stateRefused] as number,
    failed: counts[stateFailed] as number,
    unfinished: counts[stateUnfinished] as number,
    sloAttainment: share(inside, ttfts.length),
    goodputRps: share(inside, spanS),
    costPerMtok: tokens > 0 ? billedMicroUsd(fleet, attempts, counted) / tokens : null,
    ttftP50Ms: quantile(ttft, 0.5),
    ttftP95Ms: quantile(ttft, 0.95),
    ttftP99Ms: quantile(ttft, 0.99),
    tpotP50Ms: quantile(tpot, 0.5),
    tpotP99Ms: quantile(tpot, 0.99),
    lostBeforeFirstToken: lost,
    failovers,
    continuations,
    waits,
    hedges,
    moves,
    declines,
    utilisation: share(sum(work), capacityMs(fleet, settings.tpotSloMs) * spanS),
    maxOverMeanLoad: share(Math.max(0, ...work), sum(work) / Math.max(1, work.length)),
    prefixHitShare: prefixHitShare(attempts, counted),
  }
}

/** µUSD that providers bill: every attempt that delivered, for its prompt and for each token delivered. */
export function billedMicroUsd(fleet: SimFleet, attempts: Attempts, counted: (attempt: number) => boolean): number {
  let billed = 0
  for (let attempt = 0; attempt < attempts.count; attempt++) {
    const delivered = attempts.delivered[attempt] as number
    if (delivered === 0 || !counted(attempt)) continue
    const { prices } = fleet.replicas[attempts.replica[attempt] as number] as SimReplica
    const cached = attempts.cached[attempt] as number
    const uncached = (attempts.tokensIn[attempt] as number) - cached
    billed += uncached * prices.inPerMtok + cached * prices.cachedPerMtok + delivered * prices.outPerMtok
  }
  return billed / 1e6
}

/** Engine time (ms) that each replica spent on the counted attempts that delivered. */
export function workByReplica(
  fleet: SimFleet,
  attempts: Attempts,
  counted: (attempt: number) => boolean,
): Float64Array {
  const work = new Float64Array(fleet.replicas.length)
  for (let attempt = 0; attempt < attempts.count; attempt++) {
    const delivered = attempts.delivered[attempt] as number
    if (delivered === 0 || !counted(attempt)) continue
    const replica = attempts.replica[attempt] as number
    const { declared, speed } = fleet.replicas[replica] as SimReplica
    const tokensIn = attempts.tokensIn[attempt] as number
    const contextTokens = tokensIn + (attempts.tokensOut[attempt] as number) / 2
    const uncached = tokensIn - (attempts.cached[attempt] as number)
    const perTokenMs = declared.tpotPerStreamMs + declared.tpotPerStreamTokenMs * contextTokens
    work[replica]! += speed * (uncached * declared.prefillMsPerToken + delivered * perTokenMs)
  }
  return work
}

/** Milliseconds of work a second that the fleet can do at the TPOT SLO. */
function capacityMs(fleet: SimFleet, tpotSloMs: number): number {
  return sum(
    Float64Array.from(fleet.replicas, ({ declared, speed }) =>
      Math.max(0, 1000 * (1 - (speed * declared.tpotBaseMs) / tpotSloMs)),
    ),
  )
}

function prefixHitShare(attempts: Attempts, counted: (attempt: number) => boolean): number {
  let [cached, all] = [0, 0]
  for (let attempt = 0; attempt < attempts.count; attempt++) {
    if (attempts.outcome[attempt] !== outcomeFinished || !counted(attempt)) continue
    cached += attempts.cached[attempt] as number
    all += attempts.tokensIn[attempt] as number
  }
  return share(cached, all)
}

/** Time for each token after the first, gaps of continuations included; 0 where there is one token. */
function tpotOf(firstMs: number, endMs: number, tokensOut: number): number {
  return tokensOut > 1 ? (endMs - firstMs) / (tokensOut - 1) : 0
}

function quantile(sorted: Float64Array, q: number): number {
  return sorted.length === 0 ? 0 : (sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] as number)
}

function sum(values: Float64Array): number {
  let total = 0
  for (const value of values) total += value
  return total
}

function share(part: number, whole: number): number {
  return whole > 0 ? part / whole : 0
}
