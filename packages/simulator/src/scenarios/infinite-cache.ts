/**
 * The prefix hits of one cache without bound that sees every request in order of arrival: what no fleet of caches exceeds.
 *
 * Exact for a given trace: a block is a hit when any earlier request had the same prompt up to its end.
 */
import type { SimRequest } from '../sim-types.ts'

export interface PrefixHits {
  blocks: number
  /** Of all prompt tokens; the last token of a prompt is always computed. */
  tokens: number
  promptBlocks: number
  promptTokens: number
}

export function infiniteCacheHits(requests: readonly SimRequest[], blockTokens: number): PrefixHits {
  const seen = new Set<number>()
  const hits: PrefixHits = { blocks: 0, tokens: 0, promptBlocks: 0, promptTokens: 0 }
  for (const { prefixHashes, tokensIn } of requests) {
    const firstMiss = prefixHashes.findIndex((hash) => !seen.has(hash))
    const known = firstMiss < 0 ? prefixHashes.length : firstMiss
    for (const hash of prefixHashes) seen.add(hash)
    hits.blocks += known
    hits.tokens += Math.min(known * blockTokens, tokensIn - 1)
    hits.promptBlocks += prefixHashes.length
    hits.promptTokens += tokensIn
  }
  return hits
}
