/**
 * LiteLLM `latency-based-routing`: a random one of the deployments whose mean latency over the last 10 calls is within the
 * buffer of the lowest; one not called yet counts as 0 and so is tried soon.
 *
 * Source: docs.litellm.ai/docs/routing, "Latency-Based" (2026-10-03): streaming calls are ranked by time to first token;
 * ttl 1 h and 10 latencies by default; lowest_latency_buffer 0 by default, and 0.5 as the document advises against
 * overloading the fastest, which is taken here. In its favour: TTFT is recorded when it happens, undivided by the tokens
 * of the answer, and the last ten are kept. Limits and cooldowns as in `parts/litellm-limits.ts`.
 */
import type { SimPolicy } from '../sim-types.ts'
import { createFleetView, observed } from './parts/fleet-view.ts'
import { createLitellmLimits } from './parts/litellm-limits.ts'
import { pickUniform, take } from './parts/pick.ts'
import { createTrafficMix } from './parts/traffic-mix.ts'

const latenciesKept = 10
const lowestLatencyBuffer = 0.5
const ttlMs = 3_600_000

export const litellmLatency: SimPolicy = {
  name: 'litellm-latency',
  source: 'docs.litellm.ai/docs/routing, "Latency-Based", "Max Parallel Requests", "Cooldowns" (2026-10-03)',
  rule: 'Random among replicas whose mean TTFT of 10 calls is within 50 % of the lowest, under rpm, tpm and parallel limits from the declared curve; 5 s cooldown after a 429 or more than 3 failures a minute.',
  create(world) {
    const view = createFleetView(world)
    const mix = createTrafficMix()
    const limits = createLitellmLimits(world, view, mix)
    const latencies: number[][] = world.replicas.map(() => [])
    let lastSuccessMs = -Infinity
    const mean = (replica: number): number => {
      const kept = latencies[replica] ?? []
      return kept.length === 0 ? 0 : kept.reduce((sum, value) => sum + value, 0) / kept.length
    }
    return observed(
      {
        choose(request, nowMs, tried) {
          if (nowMs - lastSuccessMs > ttlMs) for (const kept of latencies) kept.splice(0)
          const candidates = view.candidates(tried)
          const available = limits.available(candidates, request, nowMs)
          if (available.length === 0) return limits.instead(candidates, request, nowMs)
          const means = available.map(mean)
          const limitMs = Math.min(...means) * (1 + lowestLatencyBuffer)
          return take(
            pickUniform(
              available.filter((_, position) => (means[position] ?? Infinity) <= limitMs),
              world.rng,
            ),
          )
        },
        onFirstToken(replica, _, ttftMs, nowMs) {
          lastSuccessMs = nowMs
          const kept = latencies[replica]
          kept?.push(ttftMs)
          if (kept !== undefined && kept.length > latenciesKept) kept.shift()
        },
      },
      [view.hooks, mix.hooks, limits.hooks],
    )
  },
}
