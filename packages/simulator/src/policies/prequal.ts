/**
 * Prequal: asynchronous probes of random replicas, and the hot-cold lexicographic rule on a pool of their answers: among the
 * cold (requests in flight at most the Q_RIF quantile) the one with the lowest latency, else the hot one with the fewest
 * requests in flight.
 *
 * Source: Wydrowski, Kleinberg, Rumble, Archer, NSDI 2024 (arXiv 2312.10172), section 4 and the baseline of section 5: 3 probes a
 * query, 1 removal a query, pool of 16, δ = 1, Q_RIF = 2^−0.25 ≈ 0.84, age limit 1 s; a random replica when fewer than 2 answers
 * are left. A probe costs its round trip here. In its favour: latencies include the round trip, and an answer's in-flight count
 * rises with each own use. Latency at that count: `parts/latency-at-load.ts`.
 */
import type { SimPolicy, SimReport } from '../sim-types.ts'
import { createFleetView, observed } from './parts/fleet-view.ts'
import { createLatencyAtLoad } from './parts/latency-at-load.ts'
import { pickUniform, take } from './parts/pick.ts'
import { createProbePool, reuseBudget, type Probe } from './parts/probe-pool.ts'
import { createTrafficMix } from './parts/traffic-mix.ts'

const probesAQuery = 3
const removalsAQuery = 1
const poolSize = 16
const ageMsMax = 1000
const hotQuantile = 2 ** -0.25
const answersMin = 2
/** Recent answers from which the distribution of requests in flight is read. */
const distributionSize = 128

export const prequal: SimPolicy = {
  name: 'prequal',
  source: 'Wydrowski et al., "Load is not what you should balance: Introducing Prequal", NSDI 2024, sections 4 and 5',
  rule: 'Of the last 16 probe answers the cold one (in flight up to the 0.84 quantile) with the lowest latency, else the one with the fewest in flight; 3 probes a query.',
  create(world) {
    const view = createFleetView(world)
    const mix = createTrafficMix()
    const latency = createLatencyAtLoad(world, mix)
    const pool = createProbePool(poolSize, ageMsMax)
    const recent: number[] = []

    const answered = (replica: number, report: SimReport | null, nowMs: number): void => {
      if (report === null || !view.isUp(replica)) return pool.drop(replica)
      const inFlight = report.activeStreams + report.queuedStreams
      recent.push(inFlight)
      if (recent.length > distributionSize) recent.shift()
      const usesLeft = reuseBudget(poolSize, world.replicas.length, probesAQuery, removalsAQuery, world.rng)
      pool.add({
        replica,
        inFlight,
        waitingTokens: report.enginePrefillTokens,
        answeredMs: nowMs,
        usesLeft,
      })
    }
    const probeSome = (candidates: readonly number[]): void => {
      const left = [...candidates]
      for (let sent = 0; sent < probesAQuery && left.length > 0; sent++) {
        const [replica] = left.splice(world.rng.below(left.length), 1)
        if (replica !== undefined) world.probe(replica, (report, nowMs) => answered(replica, report, nowMs))
      }
    }

    return observed(
      {
        choose(request, nowMs, tried) {
          const candidates = view.candidates(tried)
          probeSome(candidates)
          pool.prune(nowMs, view.isUp)
          const usable = pool.probes().filter((probe) => !tried.includes(probe.replica))
          if (usable.length < answersMin) return take(pickUniform(candidates, world.rng))
          const hotAbove = quantile(recent, hotQuantile)
          const latencyOf = (probe: Probe): number =>
            latency.estimate(probe.replica, probe.inFlight, probe.waitingTokens, request.tokensIn)
          const ranked = hotColdLexicographic(usable, hotAbove, latencyOf)
          const chosen = ranked[0]
          if (chosen !== undefined) pool.used(chosen.replica)
          const order = hotColdLexicographic(pool.probes(), hotAbove, latencyOf)
          for (let removed = 0; removed < removalsAQuery; removed++)
            pool.removeOne((a, b) => order.indexOf(a) > order.indexOf(b))
          return take(chosen?.replica)
        },
      },
      [view.hooks, mix.hooks, latency.hooks],
    )
  },
}

/** Best first: cold ones by latency, then hot ones by requests in flight. */
export function hotColdLexicographic(
  probes: readonly Probe[],
  hotAbove: number,
  latencyOf: (probe: Probe) => number,
): Probe[] {
  const isHot = (probe: Probe): boolean => probe.inFlight > hotAbove
  return probes.toSorted((a, b) => {
    if (isHot(a) !== isHot(b)) return isHot(a) ? 1 : -1
    return isHot(a) ? a.inFlight - b.inFlight : latencyOf(a) - latencyOf(b)
  })
}

/** The value below or at which a share `q` of the values lies; Infinity of nothing, so that nothing is hot. */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) return Infinity
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Infinity
}
