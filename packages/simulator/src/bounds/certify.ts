/**
 * Turns any prices of engine time into a certified lower bound: weak duality, request by request.
 *
 * However λ ≥ 0 was found, Σ over requests of min over replicas of (cost + λ·work) − Σ λ·capacity is at most the cost of
 * every assignment that keeps the capacities. So a bound needs no trust in a solver, its tolerances or its grouping.
 */
import type { SimReplica } from '../sim-types.ts'
import type { BoundProblem } from './bound-problem.ts'
import type { BoundWindows } from './bound-windows.ts'
import { leastInPieces, type PiecesDemand } from './pieces.ts'

export interface Certificate {
  usd: number
  /** Least cost of each request with the toll for engine time, USD, and the capacity's worth, USD: usd = Σ least − worth. */
  leastUsd: Float64Array
  worthUsd: number
  /** Least price of each request wherever and whenever it is served, USD: no toll, so never more than `leastUsd`. */
  plainUsd: Float64Array
  requestTokens: Float64Array
}

/** What requests take of replicas' time, and how much of it there is. */
export interface EngineDemand {
  /** Time that stretch s of replica r has for it, ms, at s × replicas + r. */
  capacityMs: Float64Array
  /** Ms of each request, by replica, to be multiplied by the replica's `factor`. */
  wholeMs: readonly Float64Array[]
  factor: Float64Array
  /** Where only its prompt is due inside a stretch: ms of its prompt, to be multiplied by the same; nothing where absent. */
  promptMs?: readonly Float64Array[]
  /** What it takes less that is served in pieces, each of which pays the whole prompt; absent: that is left out. */
  pieces?: PiecesDemand
}

/**
 * @param lambda USD per ms of engine time, by stretch × replicas + replica
 * @param share of each replica's engine time that can be work
 */
export function certify(
  problem: BoundProblem,
  windows: BoundWindows,
  fleet: readonly SimReplica[],
  lambda: Float64Array,
  share: Float64Array,
): Certificate {
  return certifyDemand(problem, windows, fleet, lambda, {
    capacityMs: capacityOf(windows, share),
    wholeMs: fleet.map(({ gpuClass }) => problem.workMs[gpuClass]),
    factor: Float64Array.from(fleet, ({ speed }) => speed),
  })
}

/** The same share of each replica's time in every stretch, ms, at stretch × replicas + replica. */
export function capacityOf({ stretches }: BoundWindows, share: Float64Array): Float64Array {
  return Float64Array.from(stretches.flatMap(({ lengthMs }) => Array.from(share, (part) => lengthMs * part)))
}

/** Certifies any λ ≥ 0 for any demand that whoever serves the requests makes of replicas' time at least. */
export function certifyDemand(
  problem: BoundProblem,
  windows: BoundWindows,
  fleet: readonly SimReplica[],
  lambda: Float64Array,
  demand: EngineDemand,
): Certificate {
  const replicas = fleet.length
  const { whole, prompt, worthUsd } = tolls(windows, replicas, lambda, demand)
  const { wholeMs, promptMs, pieces } = demand
  const leastUsd = new Float64Array(problem.count)
  const plainUsd = new Float64Array(problem.count)
  const requestTokens = new Float64Array(problem.count)
  let usd = -worthUsd
  // Ten million pairs: prices and work by replica in plain arrays.
  const inUsd = Float64Array.from(fleet, ({ prices }) => prices.inPerMtok / 1e12)
  const cachedUsd = Float64Array.from(fleet, ({ prices }) => prices.cachedPerMtok / 1e12)
  const outUsd = Float64Array.from(fleet, ({ prices }) => prices.outPerMtok / 1e12)
  const inPieces = pieces && leastInPieces(pieces, Math.min(...inUsd))
  for (let i = 0; i < problem.count; i++) {
    const offset = (windows.kindOf[i] as number) * replicas
    const tokensIn = problem.tokensIn[i] as number
    const tokensCached = problem.tokensCached[i] as number
    const tokensOut = problem.tokensOut[i] as number
    let [least, plain] = [Infinity, Infinity]
    inPieces?.begin(i, tokensOut)
    for (let r = 0; r < replicas; r++) {
      const promptUsd = tokensIn * (inUsd[r] as number) + tokensCached * (cachedUsd[r] as number)
      const price = promptUsd + tokensOut * (outUsd[r] as number)
      const toll = whole[offset + r] as number
      const promptToll = promptMs ? (prompt[offset + r] as number) * ((promptMs[r] as Float64Array)[i] as number) : 0
      const full = price + toll * ((wholeMs[r] as Float64Array)[i] as number) + promptToll
      if (full < least) least = full
      if (price < plain) plain = price
      inPieces?.add(r, full, toll, promptUsd, promptToll)
    }
    if (inPieces) least = Math.min(least, inPieces.usd())
    leastUsd[i] = least
    plainUsd[i] = plain
    requestTokens[i] = tokensIn + tokensCached + tokensOut
    usd += least
  }
  return { usd, leastUsd, worthUsd, plainUsd, requestTokens }
}

/** What a ms of a request costs besides its price, by kind × replicas + replica: of the whole, or of its prompt alone. */
function tolls(
  { kinds, stretches }: BoundWindows,
  replicas: number,
  lambda: Float64Array,
  { capacityMs, factor }: EngineDemand,
) {
  const whole = new Float64Array(kinds * replicas)
  const prompt = new Float64Array(kinds * replicas)
  let worthUsd = 0
  for (const [s, stretch] of stretches.entries()) {
    for (let r = 0; r < replicas; r++) {
      const price = lambda[s * replicas + r] as number
      if (price === 0) continue
      worthUsd += price * (capacityMs[s * replicas + r] as number)
      const toll = price * (factor[r] as number)
      for (const kind of stretch.kinds) whole[kind * replicas + r] = (whole[kind * replicas + r] as number) + toll
      for (const kind of stretch.promptKinds)
        prompt[kind * replicas + r] = (prompt[kind * replicas + r] as number) + toll
    }
  }
  return { whole, prompt, worthUsd }
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
