/**
 * The node of a lease: among those that offer enough GPUs at a price that was agreed to, and that the organisation's routing
 * policy allows, the one that `decide` places on. A lease with constraints goes to the cheapest that meets them all.
 */
import { formatUsd } from '@isochrone/domain'
import { STAKE_MIN_MICRO_USD } from '../listings/stake.ts'
import { chooseByConstraints } from './choose-by-constraints.ts'
import { countGpus, freeGpusOf, rentalOffers, type ChooseDeps, type RentalOffer } from './lease-offers.ts'
import { leaseRequest, organisationWish, placeLease } from './place-lease.ts'
import type { LeaseWish, ChosenNode, NoNode } from './lease-wish.ts'

const barredWords = {
  stake: 'takes requests and no leases until its provider’s stake is full.',
  checks: 'takes no new work: a check of it has failed.',
} as const

/** Throws `invalid_input` where the constraints contradict the organisation's policy. */
export async function chooseNode(deps: ChooseDeps, wish: LeaseWish): Promise<ChosenNode | NoNode> {
  const fleet = await deps.fleet.nodes()
  const offering = rentalOffers(fleet, wish.model, deps.nowMs).filter(
    ({ state: { nodeId } }) => (!wish.nodeId || nodeId === wish.nodeId) && !wish.excludeNodeIds?.includes(nodeId),
  )
  const { constraints = null } = wish
  const asked = constraints ? offering : offering.filter((offer) => isLargeAndCheap(offer, wish))
  if (asked.length === 0) return { reason: whyNone(offering, wish) }
  const barred = await deps.leases.barredFromLeases(
    asked.map(({ state }) => state.nodeId),
    STAKE_MIN_MICRO_USD,
  )
  const offers = asked.filter(({ state }) => !barred.has(state.nodeId))
  if (offers.length === 0) {
    const why = barredWords[[...barred.values()].includes('stake') ? 'stake' : 'checks']
    return { reason: `${wish.nodeId ? 'This node' : 'Every node that would do'} ${why}` }
  }
  const free = await freeGpusOf(deps.leases, offers)
  const organisation = await organisationWish(deps.fleet, wish.orgId, fleet.states)
  if (constraints) return chooseByConstraints(deps, { wish, constraints, organisation, offers, free })
  const enough = offers.filter(({ state }) => (free.get(state.nodeId) ?? 0) >= wish.gpus)
  if (enough.length === 0) {
    const most = Math.max(...free.values())
    return {
      reason: wish.nodeId
        ? `This node has ${countGpus(most)} free now, and ${wish.gpus} are wanted.`
        : `No node has ${countGpus(wish.gpus)} free for ${wish.model} now; the most that one has is ${most}.`,
    }
  }
  const request = leaseRequest(wish.id, { organisation })
  const chosen = await placeLease(deps, { offers: enough, request, gpus: wish.gpus })
  return chosen ?? { reason: 'Your routing policy allows none of the nodes that have enough GPUs free.' }
}

const isLargeAndCheap = ({ gpus, perGpuHourMicroUsd }: RentalOffer, wish: LeaseWish): boolean =>
  gpus >= wish.gpus && perGpuHourMicroUsd <= wish.perGpuHourMaxMicroUsd

const ascending = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)

/** The first thing that nobody meets. */
function whyNone(serving: readonly RentalOffer[], wish: LeaseWish): string {
  if (serving.length === 0) {
    return wish.nodeId
      ? `This node offers no GPUs for lease with ${wish.model} now.`
      : `No node that offers GPUs for lease serves ${wish.model} now.`
  }
  const large = serving.filter(({ gpus }) => gpus >= wish.gpus)
  const [cheapest] = large.map(({ perGpuHourMicroUsd }) => perGpuHourMicroUsd).toSorted(ascending)
  if (cheapest !== undefined) {
    return `Nodes with enough GPUs ask at least ${formatUsd(cheapest)} for a GPU and hour; you allow ${formatUsd(wish.perGpuHourMaxMicroUsd)}.`
  }
  const most = Math.max(...serving.map(({ gpus }) => gpus))
  return wish.nodeId
    ? `This node offers ${countGpus(most)} for lease, and ${wish.gpus} are wanted.`
    : `No node offers ${countGpus(wish.gpus)} for lease; the most is ${most}.`
}
