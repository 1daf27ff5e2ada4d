/** What a routing policy leaves of the market now, node by node, by the constraints of the engine that will place. */
import {
  constraintRejection,
  createReplicaPool,
  mergeRouting,
  parseRoutingPolicy,
  whyNoCapacity,
} from '@isochrone/scheduler'
import type { PlacementRequest, RoutingPolicy } from '@isochrone/scheduler'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ListedNodeRow } from '../ports/rows.ts'
import { withExcludedNodes } from './excluded-nodes.ts'
import { isLive, isSimulated, modelsOf } from './live-nodes.ts'
import { offerOfListed } from './offer-of-listed.ts'
import type { RoutingJson, RoutingPreview, RoutingPreviewNode } from './views/routing.ts'

/** What a cap on the whole request is held against: a page of text in, half a page out. */
const TOKENS = { in: 1_000, out: 500 }

/** Throws `invalid_input` that names the field. */
export async function routingPreview(
  deps: Pick<ControlPlaneDeps, 'store' | 'live' | 'clock'>,
  { routing }: { routing: RoutingJson },
): Promise<RoutingPreview> {
  const wish = parseRoutingPolicy(routing).policy
  const [all, live] = await Promise.all([deps.store.providers.nodes(), deps.live.nodes()])
  const policy = mergeRouting({ organisation: withExcludedNodes(wish, all) })
  const nowMs = deps.clock.nowMs()
  const rows = all.filter((row) => row.status === 'active')
  const nodes = rows.map((row): RoutingPreviewNode => {
    const liveness = live.get(row.nodeId)
    return {
      id: row.id,
      name: row.name,
      providerName: row.provider.name,
      simulated: isSimulated(row, modelsOf(row, liveness)),
      region: row.region,
      country: row.country,
      gpuClass: row.gpuClass,
      out:
        constraintRejection(offerOfListed(row), { ...typicalRequest, policy }) ??
        (isLive(liveness, nowMs) ? null : 'offline'),
    }
  })
  const eligible = nodes.filter(({ out }) => out === null).length
  const linked = rows.filter((row) => isLive(live.get(row.nodeId), nowMs))
  return {
    total: nodes.length,
    eligible,
    nodes: nodes.toSorted((a, b) => Number(a.out !== null) - Number(b.out !== null) || a.name.localeCompare(b.name)),
    changes: eligible > 0 ? [] : changesThatAdmit(linked, policy, nowMs),
  }
}

/** The engine's own answer to "why no capacity?", for idle nodes: only the policy is in question here. */
function changesThatAdmit(rows: readonly ListedNodeRow[], policy: RoutingPolicy, nowMs: number): string[] {
  const pool = createReplicaPool({ prefixBlocksMax: 1 })
  const idle = { atMs: nowMs, activeStreams: 0, queuedStreams: 0, ownStreams: 0, draining: false }
  for (const row of rows) pool.report(pool.upsert(offerOfListed(row)), idle)
  return whyNoCapacity(pool, { ...typicalRequest, policy }, nowMs).changes.map(({ sentence }) =>
    sentence.replace('for this request', `for ${TOKENS.in} tokens in and ${TOKENS.out} out`),
  )
}

const typicalRequest: Omit<PlacementRequest, 'policy'> = {
  requestId: '',
  modelHash: null,
  tokensIn: TOKENS.in,
  tokensOutMax: TOKENS.out,
  tokensOutExpected: TOKENS.out,
  bytesIn: 4 * TOKENS.in,
  prefixHashes: [],
  prefixBlockTokens: 16,
  excludeNodeIds: [],
}
