/**
 * The problem that the bounds solve: which requests must be served, what each would cost and take on each replica, and
 * how much engine time there is between when they come and when they must be done.
 *
 * Everything is relaxed in the renter's favour: all replicas are up and without stragglers, errors, queues or network;
 * their true speeds and the future are known; a request may be split; where the trace has prefixes, every block that
 * any request that came earlier had, in the warm-up too, is cached on every replica, for ever.
 */
import { declaredEngine, gpuClasses, type GpuClass } from '../fleet/engine-time.ts'
import type { Market } from '../scenario/load-market.ts'
import type { SimReplica, SimRequest } from '../sim-types.ts'
import { longestMeanStepMs } from './longest-mean-step.ts'

export interface BoundInput {
  /** Requests to serve: for a run's bound those that it counts (after warm-up), best those that it finished. */
  requests: readonly SimRequest[]
  /** Requests before those, which need not be served here: a cache may hold their blocks. None by default. */
  earlier?: readonly SimRequest[]
  fleet: readonly SimReplica[]
  market: Market
}

/** What cost and work of a request depend on; the same for all replicas. */
export interface BoundProblem {
  count: number
  arriveMs: Float64Array
  /** When its first token must be out, and its last, if it keeps both SLOs. */
  firstDueMs: Float64Array
  dueMs: Float64Array
  /** Prompt tokens that no cache can hold, cached ones, and tokens out. */
  tokensIn: Float64Array
  tokensCached: Float64Array
  tokensOut: Float64Array
  /** Engine time at declared speed, ms, by class. */
  workMs: Record<GpuClass, Float64Array>
  /** Tokens in and out of all requests. */
  tokens: number
  fromMs: number
  /** Last arrival; and the last due time of all. */
  toMs: number
  lastDueMs: number
  /** Share of each replica's engine time that can be work, by index, while streams keep the TPOT SLO. */
  workShare: Float64Array
}

export function boundProblem({ requests, earlier = [], fleet, market }: BoundInput): BoundProblem {
  const count = requests.length
  const array = () => new Float64Array(count)
  const times = { arriveMs: array(), firstDueMs: array(), dueMs: array() }
  const columns = { ...times, tokensIn: array(), tokensCached: array(), tokensOut: array() }
  const workMs: BoundProblem['workMs'] = { H200: array(), B200: array(), B300: array() }
  const engines = gpuClasses.map((gpuClass) => ({ gpuClass, engine: declaredEngine(gpuClass) }))
  const seen = new Set(earlier.flatMap(({ prefixHashes }) => prefixHashes))
  const totals = { tokens: 0, fromMs: Infinity, toMs: 0, lastDueMs: 0, contextMax: 0 }
  for (const [i, request] of requests.entries()) {
    const { arriveMs, tokensIn, tokensOut } = request
    const cached = cachedTokens(request, seen, market.prefix.blockTokens)
    const firstDueMs = arriveMs + request.ttftSloMs
    const dueMs = firstDueMs + (tokensOut - 1) * request.tpotSloMs
    columns.arriveMs[i] = arriveMs
    columns.firstDueMs[i] = firstDueMs
    columns.dueMs[i] = dueMs
    columns.tokensIn[i] = tokensIn - cached
    columns.tokensCached[i] = cached
    columns.tokensOut[i] = tokensOut
    const contextTokens = tokensIn + tokensOut / 2
    for (const { gpuClass, engine } of engines) {
      const perTokenMs = engine.tpotPerStreamMs + engine.tpotPerStreamTokenMs * contextTokens
      workMs[gpuClass][i] = (tokensIn - cached) * engine.prefillMsPerToken + tokensOut * perTokenMs
    }
    totals.tokens += tokensIn + tokensOut
    totals.fromMs = Math.min(totals.fromMs, arriveMs)
    totals.toMs = Math.max(totals.toMs, arriveMs)
    totals.lastDueMs = Math.max(totals.lastDueMs, dueMs)
    totals.contextMax = Math.max(totals.contextMax, contextTokens)
  }
  const { contextMax, ...span } = totals
  return { count, ...columns, workMs, ...span, workShare: workShares(fleet, market, contextMax) }
}

function workShares(fleet: readonly SimReplica[], market: Market, contextTokensMax: number): Float64Array {
  return Float64Array.from(fleet, ({ declared, speed, concurrencyMax }) => {
    const stepMs = longestMeanStepMs({
      engine: declared,
      speed,
      tpotSloMs: market.slo.tpotMs,
      prefillChunkTokens: market.engine.prefillChunkTokens,
      concurrencyMax,
      contextTokensMax,
    })
    return Math.max(0, 1 - (speed * declared.tpotBaseMs) / stepMs)
  })
}

/** Prompt tokens that an infinite cache everywhere would hold; marks the prompt's blocks as seen. */
function cachedTokens({ prefixHashes, tokensIn }: SimRequest, seen: Set<number>, blockTokens: number): number {
  let blocks = 0
  while (blocks < prefixHashes.length && seen.has(prefixHashes[blocks] as number)) blocks++
  for (const hash of prefixHashes) seen.add(hash)
  return Math.min(blocks * blockTokens, tokensIn - 1)
}

/** µUSD that a request costs on a replica, as it is billed. */
export function costMicroUsd(problem: BoundProblem, request: number, { prices }: SimReplica): number {
  return (
    ((problem.tokensIn[request] as number) * prices.inPerMtok +
      (problem.tokensCached[request] as number) * prices.cachedPerMtok +
      (problem.tokensOut[request] as number) * prices.outPerMtok) /
    1e6
  )
}
