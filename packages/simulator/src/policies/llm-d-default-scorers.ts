/**
 * llm-d's endpoint picker with the default plugins of its chart: 2 · queue score + 2 · KV-cache score + 3 · prefix score,
 * the highest wins, ties at random.
 *
 * Source: llm-d router (llm-d/llm-d-router, config/charts/routerlib default-plugins.yaml; scorer READMEs; docs/architecture,
 * 2026): queue score = (max − q) ÷ (max − min) over the candidates, 1 when all are equal; KV score = 1 − utilisation; prefix
 * score = matched ÷ total blocks by the approximate producer. Metrics are scraped every 50 ms (refresh-metrics-interval
 * default), here with probes that take their round trip. Between two scrapes all requests see the same best endpoint, which
 * over the round trips of a market hurts; `llm-d.ts` has the composition that llm-d recommends instead.
 */
import type { SimPolicy } from '../sim-types.ts'
import { createFleetView, observed } from './parts/fleet-view.ts'
import { createHeldBlocks } from './parts/held-blocks.ts'
import { pickLowest, take } from './parts/pick.ts'
import { createScraper } from './parts/scraper.ts'

const weights = { queue: 2, kvCache: 2, prefix: 3 }
const scrapeMs = 50

export interface EndpointMetrics {
  queued: number
  /** 0 to 1; null when unknown. */
  kvUtilisation: number | null
  /** 0 to 1. */
  prefixMatch: number
}

export const llmDDefaultScorers: SimPolicy = {
  name: 'llm-d-default-scorers',
  source: 'llm-d router chart, default-plugins.yaml, and the READMEs of its scorers (llm-d/llm-d-router, 2026)',
  rule: 'The highest 2 · queue score + 2 · free KV share + 3 · share of the prompt in its prefix cache; metrics scraped every 50 ms.',
  create(world) {
    const view = createFleetView(world)
    const held = createHeldBlocks(world)
    const scraper = createScraper(world, view, scrapeMs)
    return observed(
      {
        choose(request, nowMs, tried) {
          scraper.tick(nowMs)
          const candidates = view.candidates(tried)
          const scores = llmDScores(
            candidates.map((replica) => {
              const report = scraper.latest(replica)
              const kvTokens = world.replicas[replica]?.kvTokens ?? 0
              return {
                queued: report?.queuedStreams ?? 0,
                kvUtilisation: report === null || kvTokens <= 0 ? null : Math.min(1, report.kvTokensUsed / kvTokens),
                prefixMatch:
                  request.prefixHashes.length === 0
                    ? 0
                    : held.matched(replica, request.prefixHashes) / request.prefixHashes.length,
              }
            }),
          )
          return take(pickLowest(candidates, (replica) => -(scores[candidates.indexOf(replica)] ?? 0), world.rng))
        },
      },
      [view.hooks, held.hooks],
    )
  },
}

/** Weighted sum of the three scores for each endpoint; higher is better. An unknown KV utilisation scores nothing. */
export function llmDScores(endpoints: readonly EndpointMetrics[]): number[] {
  const most = Math.max(...endpoints.map((endpoint) => endpoint.queued))
  const least = Math.min(...endpoints.map((endpoint) => endpoint.queued))
  return endpoints.map(({ queued, kvUtilisation, prefixMatch }) => {
    const queue = most === least ? 1 : (most - queued) / (most - least)
    const kvCache = kvUtilisation === null ? 0 : 1 - kvUtilisation
    return weights.queue * queue + weights.kvCache * kvCache + weights.prefix * prefixMatch
  })
}
