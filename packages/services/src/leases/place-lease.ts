/**
 * Where a lease goes, of nodes that would all do: as `decide` places a request, so that the decision can be explained and replayed.
 *
 * Price and nearness meet at the organisation's own price of time: a request inside a lease is taken to use it for a second, and
 * that second's price stands beside the round trip to it. Where nobody has said what a second is worth, 100 ms nearer are worth
 * 100 µUSD, the price of a second of a GPU at 0.36 USD an hour.
 */
import { prng } from '@isochrone/domain'
import type { NodeLiveness, NodeState } from '@isochrone/protocol'
import {
  createReplicaPool,
  decide,
  mergeRouting,
  parseRoutingPolicy,
  type OfferPrices,
  type PlacementRecord,
  type PlacementRequest,
  type RoutingWish,
} from '@isochrone/scheduler'
import { isInside } from '../accounts/require-store-inside.ts'
import type { FleetSource } from '../ports/job-store.ts'
import { withExcludedNodes } from '../queries/excluded-nodes.ts'
import { replicaOfOffer, type ChooseDeps, type RentalOffer } from './lease-offers.ts'

/** A lease is no request: what is asked of placement is the policy, for a page of text. */
const TOKENS = { in: 256, out: 64 }
/** Nothing is learned of a lease by trying another node: it stays where it begins. */
const TUNING = { explorationShare: 0 }
const noCaps = { inPerMtok: null, outPerMtok: null, requestMicroUsd: null }
const idle = { activeStreams: 0, queuedStreams: 0, ownStreams: 0, draining: false }

/** Null where the request's policy allows none of them. */
export async function placeLease<T extends RentalOffer>(
  { fleet, nowMs }: Pick<ChooseDeps, 'fleet' | 'nowMs'>,
  { offers, request, gpus }: { offers: readonly T[]; request: PlacementRequest; gpus: number },
): Promise<(T & { record: PlacementRecord }) | null> {
  const mayMeasure = await gatewaysOf(fleet, request.policy.regions)
  const pool = createReplicaPool({ prefixBlocksMax: 1, tuning: TUNING })
  for (const offer of offers) {
    const { live, perGpuHourMicroUsd } = offer
    const slot = pool.upsert({ ...replicaOfOffer(offer), prices: pricesOf(perGpuHourMicroUsd, gpus) })
    pool.report(slot, { ...idle, atMs: nowMs })
    pool.setRtt(slot, mayMeasure(live) ? (live.simulatedRttMs ?? live.rttMs) : null)
  }
  const decision = decide(pool, request, prng(Number.parseInt(request.requestId.slice(-8), 16) >>> 0), nowMs)
  const chosen = decision.kind === 'placed' ? pool.offerAt(decision.slot).nodeId : null
  const offer = offers.find(({ state }) => state.nodeId === chosen)
  return offer ? { ...offer, record: decision.record() } : null
}

/** What an organisation asks of placement, with its excluded nodes by their keys. */
export async function organisationWish(
  fleet: FleetSource,
  orgId: string,
  states: readonly NodeState[],
): Promise<RoutingWish> {
  return withExcludedNodes(parseRoutingPolicy(await fleet.routing(orgId), 'organisation.routing').policy, states)
}

/** A lease's wish as placement reads it. Throws `invalid_input` where it contradicts the organisation's own. */
export function leaseRequest(
  id: string,
  { organisation, lease }: { organisation: RoutingWish; lease?: RoutingWish },
): PlacementRequest {
  const policy = mergeRouting({ organisation, request: lease })
  return {
    requestId: id,
    modelHash: null,
    tokensIn: TOKENS.in,
    tokensInMax: TOKENS.in,
    tokensInMin: 1,
    tokensOutMax: TOKENS.out,
    tokensOutExpected: TOKENS.out,
    bytesIn: TOKENS.in * 4,
    prefixHashes: [],
    prefixBlockTokens: 1,
    // Caps on the price of tokens say nothing here: inside a lease they cost nothing.
    policy: { ...policy, maxPrice: noCaps, admission: 'capacity' },
    excludeNodeIds: [],
  }
}

/** The price of a second of the lease, as that of the answer whose tokens it makes. */
function pricesOf(perGpuHourMicroUsd: bigint, gpus: number): OfferPrices {
  const perSecondMicroUsd = (Number(perGpuHourMicroUsd) * gpus) / 3_600
  const outPerMtok = Math.round((perSecondMicroUsd * 1e6) / TOKENS.out)
  return { inPerMtok: 0, cachedPerMtok: 0, outPerMtok, inPerGb: 0, outPerGb: 0 }
}

/** Whose round trips count: only of a gateway that may serve the organisation; of others nothing is known. */
async function gatewaysOf(
  fleet: FleetSource,
  regions: readonly string[] | null,
): Promise<(live: Pick<NodeLiveness, 'gatewayUrl'>) => boolean> {
  if (regions === null) return () => true
  const inside = new Set((await fleet.gateways()).filter((each) => isInside(regions, each)).map(({ url }) => url))
  return ({ gatewayUrl }) => inside.has(gatewayUrl)
}
