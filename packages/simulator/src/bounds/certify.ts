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
  /** Least price of each request wherever and whenever it is served, USD: no toll, so never more than `leastUsd`. */
  plainUsd: Float64Array
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
  const plainUsd = new Float64Array(problem.count)
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
    let [least, plain] = [Infinity, Infinity]
    for (let r = 0; r < replicas; r++) {
      const price =
        tokensIn * (inUsd[r] as number) + tokensCached * (cachedUsd[r] as number) + tokensOut * (outUsd[r] as number)
      const full = price + (toll[offset + r] as number) * ((workOf[r] as Float64Array)[i] as number)
      if (full < least) least = full
      if (price < plain) plain = price
    }
    leastUsd[i] = least
    plainUsd[i] = plain
    requestTokens[i] = tokensIn + tokensCached + tokensOut
    usd += least
  }
  return { usd, leastUsd, worthUsd, plainUsd, requestTokens }
}

/** Steps of the ratio search; it converges within four. */
const stepsMax = 20

/**
 * Least USD per 10⁶ tokens of finished requests that anybody pays who serves at least `share` of them inside their SLOs:
 * a ratio of sums, minimised by Dinkelbach's method (1967).
 *
 * The others it may refuse, or finish late. A refused one adds nothing to either sum. A late one adds its tokens, and at
 * least its least plain price: however its tokens were divided between attempts, each of these also paid the prompt, so
 * the bill is at least the same mixture of the whole prices of the replicas that served it, hence at least the lowest of
 * them. It pays no toll here, as if engine time outside the SLO were free and took nothing from the others; so what is
 * left to the rest is the certificate of a smaller set of requests, with the same λ and capacity. Whichever is best for
 * the ratio is assumed of those that gain most by it: every policy's ratio is at least that of its own choice.
 */
export function costPerMtokServing(certificate: Certificate, share: number): number {
  const { leastUsd, plainUsd, worthUsd, requestTokens } = certificate
  const outside = Math.floor(leastUsd.length * (1 - share) + 1e-6)
  const order = Array.from(leastUsd.keys())
  let ratio = Infinity
  for (let step = 0; step < stepsMax; step++) {
    const at = ratio
    let [usd, tokens] = [-worthUsd, 0]
    if (at === Infinity) {
      for (const i of order) [usd, tokens] = [usd + (leastUsd[i] as number), tokens + (requestTokens[i] as number)]
    } else {
      const isLate = (i: number) => (plainUsd[i] as number) < at * (requestTokens[i] as number)
      // What the sums' excess over the ratio falls by when the request is late or refused, whichever is less.
      const gain = leastUsd.map((least, i) =>
        isLate(i) ? least - (plainUsd[i] as number) : least - at * (requestTokens[i] as number),
      )
      order.sort((a, b) => (gain[b] as number) - (gain[a] as number) || a - b)
      for (const [rank, i] of order.entries()) {
        const inside = rank >= outside
        if (!inside && !isLate(i)) continue
        usd += (inside ? leastUsd : plainUsd)[i] as number
        tokens += requestTokens[i] as number
      }
    }
    if (tokens === 0 || usd / tokens >= at) break
    ratio = usd / tokens
  }
  return ratio === Infinity ? 0 : ratio * 1e6
}
