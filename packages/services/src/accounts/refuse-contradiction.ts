/**
 * Refuses a default policy that no node on offer could ever serve, whatever its load: a cap below every price inside the
 * policy's own constraints, constraints that exclude each other, everybody excluded.
 *
 * A region, a trust or a data policy that nobody on offer keeps by itself is a promise and no contradiction: it is saved,
 * and holds until such a node is listed. To refuse it would leave the organisation's prompts where it forbids them.
 */
import {
  contradictionOf,
  createReplicaPool,
  mergeRouting,
  promptTokensMax,
  type PlacementRequest,
  type RoutingPolicy,
  type RoutingWish,
} from '@isochrone/scheduler'
import { refusalOf } from '../jobs/hopeless-request.ts'
import type { ListedNodeRow } from '../ports/rows.ts'
import { offerOfListed } from '../queries/offer-of-listed.ts'

const promises = ['regions', 'minTrust', 'dataPolicy'] as const satisfies readonly (keyof RoutingPolicy)[]

/**
 * `wish` excludes by the ids that placement compares. Throws `invalid_input` that names the field, in the words in which a
 * request is refused. A market without nodes refuses nothing.
 */
export function refuseContradiction(wish: RoutingWish, rows: readonly ListedNodeRow[]): void {
  const pool = createReplicaPool({ prefixBlocksMax: 1 })
  for (const row of rows) if (row.status === 'active') pool.upsert(offerOfListed(row))
  const open = mergeRouting({})
  const asked = mergeRouting({ organisation: wish })
  const kept = promises.filter((name) => contradictionOf({ ...open, [name]: asked[name] }, pool) !== null)
  const policy = { ...asked, ...Object.fromEntries(kept.map((name) => [name, open[name]])) }
  const found = contradictionOf(policy, pool, { ...smallestRequest, policy })
  if (found === null) return
  // The default is of every model, and of no request yet.
  const reason = found.reason.replaceAll(' of this model', '').replace('this request', 'even the smallest request')
  throw refusalOf({ ...found, reason })
}

/** What a cap on the whole request must leave room for: less than this nobody can ask. */
const smallestRequest: Omit<PlacementRequest, 'policy'> = {
  requestId: '',
  modelHash: null,
  tokensIn: 1,
  tokensInMax: promptTokensMax(1),
  tokensOutMax: 1,
  tokensOutExpected: 1,
  bytesIn: 1,
  prefixHashes: [],
  prefixBlockTokens: 16,
  excludeNodeIds: [],
}
