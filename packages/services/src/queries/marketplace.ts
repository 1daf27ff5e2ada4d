/** The marketplace: nodes that are admitted on the chain, with what gateways measure of them. */
import { AppError } from '@isochrone/domain'
import type { NodeLiveness } from '@isochrone/protocol'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ListedNodeRow } from '../ports/rows.ts'
import { pricesOfStored } from '../providers/terms.ts'
import { gpusForLease } from './gpus-for-lease.ts'
import { hardwareOf, isLive, isSimulated, measurementsOf, modelsOf } from './live-nodes.ts'
import type { Offer, OfferDetail, OfferFilter, OfferList } from './views/marketplace.ts'

type Deps = Pick<ControlPlaneDeps, 'store' | 'live' | 'clock'>

export async function marketplaceOffers(deps: Deps, filter: OfferFilter): Promise<OfferList> {
  const [rows, live] = await Promise.all([deps.store.providers.nodes(), deps.live.nodes()])
  const nowMs = deps.clock.nowMs()
  const all = rows.filter((row) => row.status === 'active').map((row) => offerOf(row, live.get(row.nodeId), nowMs))
  const offers = all.filter(
    (offer) =>
      (!filter.model || offer.models.some(({ model }) => model === filter.model)) &&
      (!filter.region || offer.region === filter.region) &&
      (!filter.liveOnly || offer.live),
  )
  return {
    offers: offers.toSorted(comparator(filter.sort)),
    models: distinct(all.flatMap((offer) => offer.models.map(({ model }) => model))),
    regions: distinct(all.map((offer) => offer.region)),
  }
}

/** `not_found` for a node that is unknown or was never admitted. */
export async function marketplaceOffer(deps: Deps, { id }: { id: string }): Promise<OfferDetail> {
  const row = await deps.store.providers.nodeById(id)
  if (!row || row.status !== 'active') {
    throw new AppError('not_found', { publicMessage: 'There is no such node on the marketplace.' })
  }
  const [live, forLease] = await Promise.all([deps.live.nodesById([row.nodeId]), gpusForLease(deps.store, [row])])
  const offer = offerOf(row, live.get(row.nodeId), deps.clock.nowMs())
  const rental = offer.live ? forLease.get(row.nodeId) : undefined
  return { ...offer, forLease: rental ? { gpus: rental.gpus, free: rental.free } : null }
}

function offerOf(row: ListedNodeRow, liveness: NodeLiveness | undefined, nowMs: number): Offer {
  const models = modelsOf(row, liveness)
  return {
    id: row.id,
    nodeId: row.nodeId,
    name: row.name,
    providerId: row.providerId,
    providerName: row.provider.name,
    ...hardwareOf(row, liveness),
    simulated: isSimulated(row, models),
    region: row.region,
    country: row.country,
    tier: row.tier,
    dataPolicy: row.dataPolicy,
    trust: row.trust,
    gpuClass: row.gpuClass,
    models,
    termsHash: row.termsHash,
    prices: pricesOfStored(row.terms),
    live: isLive(liveness, nowMs),
    measured: measurementsOf(liveness),
    createdAtMs: row.createdAt.getTime(),
  }
}

/** Live ones first, then as asked; what was not measured comes last, and names settle ties. */
function comparator(sort: OfferFilter['sort']): (a: Offer, b: Offer) => number {
  const keyOf = (offer: Offer): number => {
    if (sort === 'latency') return offer.measured?.ttftP50Ms ?? Number.MAX_VALUE
    if (sort === 'throughput') return -(offer.measured?.tokensPerSecond ?? 0)
    return Number(offer.prices.outMicroUsdPerMtok)
  }
  return (a, b) => Number(b.live) - Number(a.live) || keyOf(a) - keyOf(b) || a.name.localeCompare(b.name)
}

const distinct = (values: string[]): string[] => [...new Set(values)].toSorted()
