/**
 * LLMGateway's smart routing: a weighted sum of ratios against the best provider (price 0.6, uptime 0.5, throughput 0.05,
 * latency 0.025, divided by their sum), a penalty below 95 % uptime, 1 % exploration, and a preferred provider that is
 * kept for an hour while its uptime is at least 85 % and none is better by more than 0.15.
 *
 * Source: docs.llmgateway.io/features/routing (theopenco/llmgateway, apps/docs, 2026). The penalty ((95 − u) ÷ 19)²
 * reproduces the documented values 0.07, 0.62, 1.73 and 5.61 at 90, 80, 70 and 50 %. Defaults where nothing was measured:
 * uptime 100 %, 1000 ms, 50 tokens/s. The documented provider rate limit, beyond which routing falls back to another
 * provider, is set from the declared curve; in its favour not as requests in a fixed minute, which would let the whole
 * minute's quota arrive in seconds, but as the streams inside the TPOT SLO that it amounts to (`parts/slo-limits.ts`).
 */
import type { SimPolicy } from '../sim-types.ts'
import { meanRequestPriceMicroUsd } from './parts/declared-capacity.ts'
import { createFleetView, observed } from './parts/fleet-view.ts'
import { createMinuteMetrics } from './parts/minute-metrics.ts'
import { pickLowest, pickUniform, take } from './parts/pick.ts'
import { createSloLimits } from './parts/slo-limits.ts'
import { createTrafficMix } from './parts/traffic-mix.ts'

const weights = { price: 0.6, uptime: 0.5, throughput: 0.05, latency: 0.025 }
const weightSum = weights.price + weights.uptime + weights.throughput + weights.latency
const defaults = { uptime: 100, latencyMs: 1000, tokensPerSecond: 50 }
const explorationRate = 0.01
const preferred = { ttlMs: 3_600_000, uptimeThreshold: 85, scoreMargin: 0.15 }
/** Their routing reads metrics through a cache as well; scores are worked out anew this often. */
const scoresValidMs = 1000

export interface ProviderMetrics {
  priceMicroUsd: number
  uptime: number
  latencyMs: number
  tokensPerSecond: number
}

export const llmgateway: SimPolicy = {
  name: 'llmgateway',
  source: 'docs.llmgateway.io/features/routing, "Weighted Scoring System" (2026)',
  rule: 'The lowest weighted score (price 0.6, uptime 0.5, throughput 0.05, latency 0.025, as ratios to the best), kept for an hour unless another is 0.15 better; 1 % exploration; rate limit from the declared curve.',
  create(world) {
    const view = createFleetView(world)
    const mix = createTrafficMix()
    const limits = createSloLimits(world, view, mix)
    const history = world.replicas.map(() => createMinuteMetrics())
    let scores: readonly number[] = []
    let uptimes: readonly number[] = []
    let scoredMs = -Infinity
    let sticky: { replica: number; sinceMs: number } | null = null

    const rescore = (nowMs: number): void => {
      if (nowMs - scoredMs < scoresValidMs) return
      scoredMs = nowMs
      const metrics = world.replicas.map((replica, index): ProviderMetrics => {
        const seen = history[index]?.read(nowMs)
        return {
          priceMicroUsd: meanRequestPriceMicroUsd(replica, mix),
          uptime: seen?.uptime ?? defaults.uptime,
          latencyMs: seen?.ttftMs ?? defaults.latencyMs,
          tokensPerSecond: seen?.tokensPerSecond ?? defaults.tokensPerSecond,
        }
      })
      scores = llmgatewayScores(metrics)
      uptimes = metrics.map((metric) => metric.uptime)
    }
    const score = (replica: number): number => scores[replica] ?? Infinity

    return observed(
      {
        choose(request, nowMs, tried) {
          rescore(nowMs)
          const candidates = view.candidates(tried)
          const below = limits.below(candidates, request, nowMs)
          if (below.length === 0) return take(limits.leastFull(candidates, request))
          if (world.rng.unit() < explorationRate) return take(pickUniform(below, world.rng))
          const best = pickLowest(below, score, world.rng)
          if (best === undefined) return take(best)
          if (sticky !== null && nowMs - sticky.sinceMs > preferred.ttlMs) sticky = null
          if (sticky !== null && (uptimes[sticky.replica] ?? 0) < preferred.uptimeThreshold) sticky = null
          if (sticky !== null && score(sticky.replica) - score(best) > preferred.scoreMargin) sticky = null
          // Over its limit or tried already, the preferred one is passed over for this request but stays preferred.
          if (sticky !== null) return take(below.includes(sticky.replica) ? sticky.replica : best)
          sticky = { replica: best, sinceMs: nowMs }
          return take(best)
        },
        onFirstToken: (replica, _, ttftMs, nowMs) => history[replica]?.ttft(ttftMs, nowMs),
        onEnd(replica, _, outcome, nowMs) {
          // A 429 is an upstream error and counts against uptime: "Impact on Provider Health".
          history[replica]?.ended(outcome.kind !== 'finished', nowMs)
          if (outcome.kind === 'finished' && outcome.durationMs > 0)
            history[replica]?.throughput((outcome.tokensOut * 1000) / outcome.durationMs, nowMs)
        },
      },
      [view.hooks, mix.hooks, limits.hooks],
    )
  },
}

/** The documented score of each provider: 0 is the best in everything, lower wins. */
export function llmgatewayScores(metrics: readonly ProviderMetrics[]): number[] {
  const cheapest = Math.min(...metrics.map((metric) => metric.priceMicroUsd))
  const upmost = Math.max(...metrics.map((metric) => metric.uptime))
  const quickest = Math.min(...metrics.map((metric) => metric.latencyMs))
  const fastest = Math.max(...metrics.map((metric) => metric.tokensPerSecond))
  return metrics.map(
    (metric) =>
      (weights.price * (metric.priceMicroUsd / cheapest - 1) +
        weights.uptime * (upmost / Math.max(1, metric.uptime) - 1) +
        weights.throughput * (fastest / Math.max(0.1, metric.tokensPerSecond) - 1) +
        weights.latency * (metric.latencyMs / quickest - 1)) /
        weightSum +
      uptimePenalty(metric.uptime),
  )
}

/** Nothing from 95 %, then the square of what is missing. */
export function uptimePenalty(uptime: number): number {
  return uptime >= 95 ? 0 : ((95 - uptime) / 19) ** 2
}
