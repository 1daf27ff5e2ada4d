/**
 * C3: replicas ranked by Ψ = R̄ − 1/μ̄ + q̂³/μ̄, with q̂ = 1 + clients · outstanding + reported queue; the best one whose rate limit
 * allows it. When none does, the request waits at the gateway (backpressure).
 *
 * Source: Suresh, Canini, Schmid, Feldmann, "C3: Cutting Tail Latency in Cloud Data Stores via Adaptive Replica Selection",
 * NSDI 2015, sections 3.1 and 3.2. R̄, 1/μ̄ and the reported queue are smoothed, 0.9 on the old value;
 * service time is the response time less the round trip ÷ the requests that the engine ran together with it. The cubic
 * penalty keeps queues short where service is fast. Clients = the four gateways. Rate control: `parts/cubic-rate.ts`. In its
 * favour: the wait ends after half of the request's TTFT SLO, then the best rank gets it.
 */
import type { SimPolicy } from '../sim-types.ts'
import { declaredTpotMs, declaredTtftMs, requestsPerSecondInsideSlo } from './parts/declared-capacity.ts'
import { createCubicRate, intervalMs } from './parts/cubic-rate.ts'
import { createFleetView, observed } from './parts/fleet-view.ts'
import { pickLowest, take } from './parts/pick.ts'
import { createTrafficMix } from './parts/traffic-mix.ts'

const clients = 4
const smoothing = 0.9
const waitMs = 20
const tpotSloMsAtStart = 50

export const c3: SimPolicy = {
  name: 'c3',
  source: 'Suresh et al., "C3: Cutting Tail Latency in Cloud Data Stores via Adaptive Replica Selection", NSDI 2015',
  rule: 'The lowest response time plus cubed queue estimate × service time among replicas whose cubic rate limit allows it; else wait at the gateway.',
  create(world) {
    const view = createFleetView(world)
    const mix = createTrafficMix()
    const servers = world.replicas.map((replica, index) => {
      const serviceMs = 1000 / requestsPerSecondInsideSlo(replica, mix, tpotSloMsAtStart)
      const engineMs =
        declaredTtftMs(replica, mix.tokensIn(), 0) + mix.tokensOut() * declaredTpotMs(replica, 1, mix.contextTokens())
      return {
        responseMs: (world.rttMs[index] ?? 0) + engineMs,
        serviceMs,
        queue: 0,
        limit: createCubicRate((2 * intervalMs) / serviceMs),
      }
    })
    const rank = (index: number): number => {
      const server = servers[index]
      if (server === undefined) return Infinity
      const queue = 1 + clients * view.ownStreams(index) + server.queue
      return c3Score(server.responseMs, server.serviceMs, queue)
    }
    return observed(
      {
        choose(request, nowMs, tried) {
          const candidates = view.candidates(tried)
          const allowed = candidates.filter((index) => servers[index]?.limit.allows(nowMs) === true)
          if (allowed.length > 0) return take(pickLowest(allowed, rank, world.rng))
          const waitedEnough = nowMs - request.arriveMs >= request.ttftSloMs / 2
          if (candidates.length > 0 && !waitedEnough) return { kind: 'wait', afterMs: waitMs }
          return take(pickLowest(candidates, rank, world.rng))
        },
        onDispatch: (index, _, nowMs) => servers[index]?.limit.sent(nowMs),
        onFirstToken: (index, _, __, nowMs) => servers[index]?.limit.answered(nowMs),
        onReport(index, report) {
          const server = servers[index]
          if (server !== undefined)
            server.queue = smoothing * server.queue + (1 - smoothing) * (report.activeStreams + report.queuedStreams)
        },
        onEnd(index, _, outcome) {
          const server = servers[index]
          if (server === undefined || outcome.kind !== 'finished') return
          const inEngineMs = Math.max(0, outcome.durationMs - (world.rttMs[index] ?? 0))
          server.responseMs = smoothing * server.responseMs + (1 - smoothing) * outcome.durationMs
          server.serviceMs =
            smoothing * server.serviceMs + (1 - smoothing) * (inEngineMs / Math.max(1, outcome.concurrency))
        },
      },
      [view.hooks, mix.hooks],
    )
  },
}

/** Ψ: response time less service time, plus the cubed queue estimate times service time; lower is better. */
export function c3Score(responseMs: number, serviceMs: number, queueEstimate: number): number {
  return responseMs - serviceMs + queueEstimate ** 3 * serviceMs
}
