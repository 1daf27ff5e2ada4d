/**
 * The node of a lease: among those that offer enough GPUs at a price that was agreed to, and that the organisation's routing
 * policy allows, the one that `decide` places on.
 *
 * Price and nearness meet at the organisation's own price of time: a request inside a lease is taken to use it for a second, and
 * that second's price stands beside the round trip to it. Where nobody has said what a second is worth, 100 ms nearer are worth
 * 100 µUSD, the price of a second of a GPU at 0.36 USD an hour.
 */
import { formatUsd, prng } from '@isochrone/domain'
import type { NodeLiveness, NodeState } from '@isochrone/protocol'
import {
  createReplicaPool,
  decide,
  mergeRouting,
  parseRoutingPolicy,
  policyWithFeatures,
  type OfferPrices,
  type PlacementRecord,
  type PlacementRequest,
} from '@isochrone/scheduler'
import { isInside } from '../accounts/require-store-inside.ts'
import { offerOf } from '../jobs/job-fleet.ts'
import type { FleetSource } from '../ports/job-store.ts'
import type { LeaseStore } from '../ports/lease-store.ts'
import { rentalOfTerms } from '../providers/terms.ts'

export interface LeaseWish {
  /** Seeds the decision. */
  id: string
  orgId: string
  model: string
  gpus: number
  /** µUSD. */
  perGpuHourMaxMicroUsd: bigint
  /** This node and no other; null or absent: any. */
  nodeId?: string | null
  excludeNodeIds?: readonly string[]
}

export interface ChosenNode {
  state: NodeState
  live: NodeLiveness
  served: NodeLiveness['models'][number]
  /** GPUs that it offers in all. */
  gpus: number
  perGpuHourMicroUsd: bigint
  record: PlacementRecord
}

/** What stood in the way of the candidate that came closest; for people. */
export interface NoNode {
  reason: string
}

export interface ChooseDeps {
  leases: Pick<LeaseStore, 'takenGpus'>
  fleet: FleetSource
  nowMs: number
}

/** A gateway writes each second or two. */
const SILENT_MS_MAX = 6_000
/** A lease is no request: what is asked of placement is the policy, for a page of text. */
const TOKENS = { in: 256, out: 64 }

export async function chooseNode(deps: ChooseDeps, wish: LeaseWish): Promise<ChosenNode | NoNode> {
  const { states, liveness } = await deps.fleet.nodes()
  const offers = offersOf(states, liveness, wish, deps.nowMs)
  const [first] = offers
  if (!first) return { reason: whyNone(states, liveness, wish, deps.nowMs) }
  const taken = await deps.leases.takenGpus(offers.map(({ state }) => state.nodeId))
  const free = offers.filter(({ state, gpus }) => gpus - (taken.get(state.nodeId) ?? 0) >= wish.gpus)
  if (free.length === 0) {
    const most = Math.max(...offers.map(({ state, gpus }) => gpus - (taken.get(state.nodeId) ?? 0)))
    return {
      reason: wish.nodeId
        ? `This node has ${countGpus(most)} free now, and ${wish.gpus} are wanted.`
        : `No node has ${countGpus(wish.gpus)} free for ${wish.model} now; the most that one has is ${most}.`,
    }
  }
  const request = await requestOf(deps.fleet, wish, states)
  const mayMeasure = await gatewaysOf(deps.fleet, request.policy.regions)
  const pool = createReplicaPool({ prefixBlocksMax: 1, tuning: TUNING })
  for (const { state, live, served, perGpuHourMicroUsd } of free) {
    // How busy, or how fast, a node's own engine is says nothing of one that is not started yet.
    const { prior: _prior, ...offer } = offerOf(state, live, served)
    const slot = pool.upsert({ ...offer, prices: pricesOf(perGpuHourMicroUsd, wish.gpus) })
    pool.report(slot, { ...idle, atMs: deps.nowMs })
    pool.setRtt(slot, mayMeasure(live) ? (live.simulatedRttMs ?? live.rttMs) : null)
  }
  const decision = decide(pool, request, prng(Number.parseInt(wish.id.slice(-8), 16) >>> 0), deps.nowMs)
  const chosen = decision.kind === 'placed' ? pool.offerAt(decision.slot).nodeId : null
  const offer = free.find(({ state }) => state.nodeId === chosen)
  if (offer) return { ...offer, record: decision.record() }
  return { reason: 'Your routing policy allows none of the nodes that have enough GPUs free.' }
}

/** Nothing is learned of a lease by trying another node: it stays where it begins. */
const TUNING = { explorationShare: 0 }

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

const noCaps = { inPerMtok: null, outPerMtok: null, requestMicroUsd: null }
const idle = { activeStreams: 0, queuedStreams: 0, ownStreams: 0, draining: false }
const ascending = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)

const countGpus = (count: number): string => `${count} ${count === 1 ? 'GPU' : 'GPUs'}`

type Offer = Omit<ChosenNode, 'record'>

function offersOf(
  states: readonly NodeState[],
  liveness: ReadonlyMap<string, NodeLiveness>,
  wish: LeaseWish,
  nowMs: number,
): Offer[] {
  return states.flatMap((state): Offer[] => {
    if (!state.active || (wish.nodeId && state.nodeId !== wish.nodeId)) return []
    if (wish.excludeNodeIds?.includes(state.nodeId)) return []
    const live = liveness.get(state.nodeId)
    if (!live || nowMs - live.seenAtMs > SILENT_MS_MAX || live.draining === true) return []
    const served = live.models.find(({ model }) => model === wish.model)
    if (!served) return []
    const rental = rentalOfTerms({ values: state.terms, document: state.termsDocument })
    if (!rental || rental.perGpuHourMicroUsd > wish.perGpuHourMaxMicroUsd || rental.gpus < wish.gpus) return []
    return [{ state, live, served, ...rental }]
  })
}

/** The first thing that nobody meets. */
function whyNone(
  states: readonly NodeState[],
  liveness: ReadonlyMap<string, NodeLiveness>,
  wish: LeaseWish,
  nowMs: number,
): string {
  const any = { ...wish, gpus: 1, perGpuHourMaxMicroUsd: 1n << 60n }
  const serving = offersOf(states, liveness, any, nowMs)
  if (serving.length === 0) {
    return wish.nodeId
      ? `This node offers no GPUs for lease with ${wish.model} now.`
      : `No node that offers GPUs for lease serves ${wish.model} now.`
  }
  const large = offersOf(states, liveness, { ...any, gpus: wish.gpus }, nowMs)
  const [cheapest] = large.map(({ perGpuHourMicroUsd }) => perGpuHourMicroUsd).toSorted(ascending)
  if (cheapest !== undefined) {
    return `Nodes with enough GPUs ask at least ${formatUsd(cheapest)} for a GPU and hour; you allow ${formatUsd(wish.perGpuHourMaxMicroUsd)}.`
  }
  const most = Math.max(...serving.map(({ gpus }) => gpus))
  return wish.nodeId
    ? `This node offers ${countGpus(most)} for lease, and ${wish.gpus} are wanted.`
    : `No node offers ${countGpus(wish.gpus)} for lease; the most is ${most}.`
}

async function requestOf(fleet: FleetSource, wish: LeaseWish, states: readonly NodeState[]): Promise<PlacementRequest> {
  const organisation = parseRoutingPolicy(await fleet.routing(wish.orgId), 'organisation.routing').policy
  const merged = policyWithFeatures(mergeRouting({ organisation }), 0)
  const exclude = merged.exclude.map((id) => states.find((state) => state.id === id)?.nodeId ?? id)
  return {
    requestId: wish.id,
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
    policy: { ...merged, exclude, maxPrice: noCaps, admission: 'capacity' },
    excludeNodeIds: [],
  }
}
