/**
 * NVIDIA Dynamo's KV router: the lowest of prefill blocks that would wait there (this prompt's uncached ones included) plus
 * KV blocks that would be active there.
 *
 * Source: NVIDIA Dynamo documentation, "Routing Concepts" and "Router Configuration" (docs/components/router, 2026):
 * router-kv-overlap-score-credit 1, prefill-load-scale 1, router-temperature 0 (the lowest cost, no softmax), no queue
 * threshold, output blocks untracked. The router tracks its own active sequences (the default; sharing them among routers
 * is an option, and with heartbeats would make them rush). Blocks of 16 tokens, the default; the choice does not depend on it. Which blocks a worker holds comes from the
 * router's own dispatches (the documented mode without KV events), since nodes of a market publish none.
 */
import type { SimPolicy } from '../sim-types.ts'
import { createFleetView, observed } from './parts/fleet-view.ts'
import { createHeldBlocks } from './parts/held-blocks.ts'
import { pickLowest, take } from './parts/pick.ts'

const blockTokens = 16

export const dynamo: SimPolicy = {
  name: 'dynamo',
  source: 'NVIDIA Dynamo documentation, "Routing Concepts" and "Configuration and Tuning" of the KV router (2026)',
  rule: 'The lowest prefill blocks waiting there, the uncached ones of this prompt included, plus active KV blocks; temperature 0.',
  create(world) {
    const view = createFleetView(world)
    const held = createHeldBlocks(world)
    return observed(
      {
        choose(request, _, tried) {
          const cost = (replica: number): number =>
            dynamoCost({
              promptTokens: request.tokensIn,
              cachedTokens: held.matched(replica, request.prefixHashes) * world.prefixBlockTokens,
              waitingTokens: view.ownPrefillTokens(replica),
              activeTokens: view.ownPromptTokens(replica),
            })
          return take(pickLowest(view.candidates(tried), cost, world.rng))
        },
      },
      [view.hooks, held.hooks],
    )
  },
}

export interface DynamoLoad {
  promptTokens: number
  cachedTokens: number
  /** Prompt tokens of other requests that wait for prefill there. */
  waitingTokens: number
  /** KV tokens of the requests active there. */
  activeTokens: number
}

/** The documented linear score, in blocks. */
export function dynamoCost(load: DynamoLoad): number {
  const prefill = Math.max(0, load.waitingTokens + load.promptTokens - load.cachedTokens)
  return (prefill + load.activeTokens + load.promptTokens) / blockTokens
}
