/** Nodes that could take a lease now, by what their terms and their gateways say: before anybody's wishes are looked at. */
import { offerOf } from '../jobs/job-fleet.ts'
import type { NodeLiveness, NodeState } from '@isochrone/protocol'
import type { ReplicaOffer } from '@isochrone/scheduler'
import type { FleetSource } from '../ports/job-store.ts'
import type { LeaseStore } from '../ports/lease-store.ts'
import type { ProvidersStore } from '../ports/control-plane-store.ts'
import { rentalOfTerms } from '../providers/terms.ts'

export interface RentalOffer {
  state: NodeState
  live: NodeLiveness
  served: NodeLiveness['models'][number]
  /** GPUs that it offers in all. */
  gpus: number
  perGpuHourMicroUsd: bigint
}

export interface ChooseDeps {
  leases: Pick<LeaseStore, 'takenGpus' | 'barredFromLeases'>
  providers: Pick<ProvidersStore, 'nodesByNodeId'>
  fleet: FleetSource
  nowMs: number
}

/** A gateway writes each second or two. */
const SILENT_MS_MAX = 6_000

/** Of active nodes that are linked, serve the model and have GPUs for lease. */
export function rentalOffers(
  { states, liveness }: { states: readonly NodeState[]; liveness: ReadonlyMap<string, NodeLiveness> },
  model: string,
  nowMs: number,
): RentalOffer[] {
  return states.flatMap((state): RentalOffer[] => {
    const live = state.active ? liveness.get(state.nodeId) : undefined
    if (!live || nowMs - live.seenAtMs > SILENT_MS_MAX || live.draining === true) return []
    const served = live.models.find((each) => each.model === model)
    const rental = served && rentalOfTerms({ values: state.terms, document: state.termsDocument })
    return served && rental ? [{ state, live, served, ...rental }] : []
  })
}

/** How busy, or how fast, a node's own engine is says nothing of one that is not started yet. */
export function replicaOfOffer({ state, live, served }: RentalOffer): ReplicaOffer {
  const { prior: _prior, ...offer } = offerOf(state, live, served)
  return offer
}

/** GPUs of each that no lease has, by node. */
export async function freeGpusOf(
  leases: ChooseDeps['leases'],
  offers: readonly RentalOffer[],
): Promise<ReadonlyMap<string, number>> {
  const taken = await leases.takenGpus(offers.map(({ state }) => state.nodeId))
  return new Map(offers.map(({ state, gpus }) => [state.nodeId, Math.max(0, gpus - (taken.get(state.nodeId) ?? 0))]))
}

export const countGpus = (count: number): string => `${count} ${count === 1 ? 'GPU' : 'GPUs'}`
