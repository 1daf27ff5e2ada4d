/**
 * The cheapest node that meets all constraints of a lease; of equally cheap ones the one that `decide` places on, which weighs
 * nearness by the organisation's price of time and draws among equals.
 */
import { AppError, isAppError } from '@isochrone/domain'
import type { PlacementRequest, RoutingWish } from '@isochrone/scheduler'
import { gpuMemoryMibOf, routingWishOf, type LeaseConstraints } from './lease-constraints.ts'
import { leaseObstacles } from './lease-obstacles.ts'
import type { ChooseDeps, RentalOffer } from './lease-offers.ts'
import { leaseRequest, placeLease } from './place-lease.ts'
import { whyNoneMeets } from './why-none-meets.ts'
import type { ChosenNode, LeaseWish, NoNode } from './lease-wish.ts'

export interface ConstrainedChoice {
  wish: LeaseWish
  constraints: LeaseConstraints
  organisation: RoutingWish
  /** None of them barred. */
  offers: readonly RentalOffer[]
  /** GPUs that no lease has, by node. */
  free: ReadonlyMap<string, number>
}

export async function chooseByConstraints(deps: ChooseDeps, choice: ConstrainedChoice): Promise<ChosenNode | NoNode> {
  const { wish, constraints, organisation, offers, free } = choice
  const request = requestOf(wish.id, organisation, constraints)
  const memories = constraints.gpuMemoryGibMin === null ? new Map() : await memoriesOf(deps, offers)
  const looked = offers.map((offer) => {
    const { nodeId } = offer.state
    const has = { free: free.get(nodeId) ?? 0, gpuMemoryMib: memories.get(nodeId) ?? null }
    return { offer, obstacles: leaseObstacles(offer, has, { wish, constraints, policy: request.policy }) }
  })
  const fitting = looked.filter(({ obstacles }) => obstacles.length === 0).map(({ offer }) => offer)
  const prices = [...new Set(fitting.map(({ perGpuHourMicroUsd }) => perGpuHourMicroUsd))].toSorted(ascending)
  for (const [index, price] of prices.entries()) {
    const cheapest = fitting.filter(({ perGpuHourMicroUsd }) => perGpuHourMicroUsd === price)
    const chosen = await placeLease(deps, { offers: cheapest, request, gpus: wish.gpus })
    if (chosen) {
      return { ...chosen, among: { nodes: fitting.length, nextPerGpuHourMicroUsd: prices[index + 1] ?? null } }
    }
  }
  return { reason: whyNoneMeets(looked, organisation) }
}

/** In the words of the form: what contradicts the organisation is a constraint there. */
function requestOf(id: string, organisation: RoutingWish, constraints: LeaseConstraints): PlacementRequest {
  const lease = routingWishOf(constraints)
  try {
    return leaseRequest(id, { organisation, lease })
  } catch (error) {
    if (!isAppError(error) || !error.field?.startsWith('routing.')) throw error
    throw new AppError('invalid_input', {
      field: error.field.replace('routing.', 'constraints.'),
      publicMessage: error.publicMessage.replace('routing.', ''),
      cause: error,
    })
  }
}

async function memoriesOf(
  { providers }: Pick<ChooseDeps, 'providers'>,
  offers: readonly RentalOffer[],
): Promise<Map<string, number | null>> {
  const rows = await providers.nodesByNodeId(offers.map(({ state }) => state.nodeId))
  return new Map(rows.map(({ nodeId, inventory }) => [nodeId, gpuMemoryMibOf(inventory)]))
}

const ascending = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0)
