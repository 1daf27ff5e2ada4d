/**
 * Turns any prices of engine time into a certified lower bound: weak duality, request by request.
 *
 * However λ ≥ 0 was found, Σ over requests of min over replicas of (cost + λ·work) − Σ λ·capacity is at most the cost of
 * every assignment that keeps the capacities. So a bound needs no trust in a solver, its tolerances or its grouping.
 */
import type { SimReplica } from '../sim-types.ts'
import type { BoundProblem } from './bound-problem.ts'
import type { BoundWindows } from './bound-windows.ts'

export interface Certificate {
  usd: number
  /** Least cost of each request with the toll for engine time, USD, and the capacity's worth, USD: usd = Σ least − worth. */
  leastUsd: Float64Array
  worthUsd: number
  requestTokens: Float64Array
}

/**
 * @param lambda USD per ms of engine time, by stretch × replicas + replica
 * @param share of each replica's engine time that can be work
 */
export function certify(
  problem: BoundProblem,
  { kindOf, kinds, stretches }: BoundWindows,
  fleet: readonly SimReplica[],
  lambda: Float64Array,
  share: Float64Array,
): Certificate {
  const replicas = fleet.length
  // What a ms of declared work costs besides its price, by kind and replica.
  const toll = new Float64Array(kinds * replicas)
  let worthUsd = 0
  for (const [s, { lengthMs, kinds: inside }] of stretches.entries()) {
    for (let r = 0; r < replicas; r++) {
      const price = lambda[s * replicas + r] as number
      if (price === 0) continue
      worthUsd += price * lengthMs * (share[r] as number)
      const { speed } = fleet[r] as SimReplica
      for (const kind of inside) toll[kind * replicas + r] = (toll[kind * replicas + r] as number) + price * speed
    }
  }
  const leastUsd = new Float64Array(problem.count)
  const requestTokens = new Float64Array(problem.count)
  let usd = -worthUsd
  // Ten million pairs: prices and work by replica in plain arrays.
  const inUsd = Float64Array.from(fleet, ({ prices }) => prices.inPerMtok / 1e12)
  const cachedUsd = Float64Array.from(fleet, ({ prices }) => prices.cachedPerMtok / 1e12)
  const outUsd = Float64Array.from(fleet, ({ prices }) => prices.outPerMtok / 1e12)
  const workOf = fleet.map(({ gpuClass }) => problem.workMs[gpuClass])
  for (let i = 0; i < problem.count; i++) {
    const offset = (kindOf[i] as number) * replicas
    const tokensIn = problem.tokensIn[i] as number
    const tokensCached = problem.tokensCached[i] as number
    const tokensOut = problem.tokensOut[i] as number
    let least = Infinity
    for (let r = 0; r < replicas; r++) {
      const price =
        tokensIn * (inUsd[r] as number) + tokensCached * (cachedUsd[r] as number) + tokensOut * (outUsd[r] as number)
      const full = price + (toll[offset + r] as number) * ((workOf[r] as Float64Array)[i] as number)
      if (full < least) least = full
    }
    leastUsd[i] = least
    requestTokens[i] = tokensIn + tokensCached + tokensOut
    usd += least
  }
  return { usd, leastUsd, worthUsd, requestTokens }
}

/** Steps of the ratio search; it converges within four. */
const stepsMax = 20

/**
 * Least USD per 10⁶ tokens of whoever serves at least `share` of the requests, each set of requests being bounded by
 * the same certificate: a ratio of sums, minimised by Dinkelbach's method (1967).
 */
export function costPerMtokServing({ leastUsd, worthUsd, requestTokens }: Certificate, share: number): number {
  const drop = Math.floor(leastUsd.length * (1 - share) + 1e-6)
  const order = Array.from(leastUsd.keys())
  let ratio = Infinity
  for (let step = 0; step < stepsMax; step++) {
    const at = ratio
    if (at < Infinity) {
      const excess = leastUsd.map((usd, i) => usd - at * (requestTokens[i] as number))
      order.sort((a, b) => (excess[b] as number) - (excess[a] as number) || a - b)
    }
    let [usd, tokens] = [-worthUsd, 0]
    for (const i of at < Infinity ? order.slice(drop) : order) {
      usd += leastUsd[i] as number
      tokens += requestTokens[i] as number
    }
    if (tokens === 0 || usd / tokens >= at) break
    ratio = usd / tokens
  }
  return ratio === Infinity ? 0 : ratio * 1e6
}
