/** GPUs that may be leased of nodes, and how many of them no lease has at this moment: the count from which leases take theirs. */
import { STAKE_MIN_MICRO_USD } from '../listings/stake.ts'
import type { ControlPlaneStore } from '../ports/control-plane-store.ts'
import { rentalOfTerms, type StoredTerms } from '../providers/terms.ts'
import type { GpusForLease } from './views/offers.ts'

interface NodeTerms {
  nodeId: string
  terms: StoredTerms
}
type Rentals = Map<string, GpusForLease & { perGpuHourMicroUsd: bigint }>

/** By node. Left out: those that offer none, and those that take no new leases: a failed check, a stake that is not full. */
export async function gpusForLease(
  { leases }: Pick<ControlPlaneStore, 'leases'>,
  nodes: readonly NodeTerms[],
): Promise<Rentals> {
  const offering = nodes.filter(({ terms }) => rentalOfTerms(terms) !== null)
  if (offering.length === 0) return new Map()
  const nodeIds = offering.map(({ nodeId }) => nodeId)
  return rentalsWith(await readLeased({ leases }, nodeIds), offering)
}

/** {@link gpusForLease} for nodes whose terms are read at the same time as what leases have of them: a page waits once. */
export async function gpusForLeaseByTerms(
  { leases, providers }: Pick<ControlPlaneStore, 'leases' | 'providers'>,
  nodes: readonly { nodeId: string; termsHash: string }[],
): Promise<Rentals> {
  if (nodes.length === 0) return new Map()
  const [terms, leased] = await Promise.all([
    providers.terms(nodes.map(({ termsHash }) => termsHash)),
    readLeased(
      { leases },
      nodes.map(({ nodeId }) => nodeId),
    ),
  ])
  return rentalsWith(
    leased,
    nodes.flatMap(({ nodeId, termsHash }) => {
      const stored = terms.get(termsHash)
      return stored ? [{ nodeId, terms: stored }] : []
    }),
  )
}

type Leased = Awaited<ReturnType<typeof readLeased>>

async function readLeased({ leases }: Pick<ControlPlaneStore, 'leases'>, nodeIds: readonly string[]) {
  const [taken, barred] = await Promise.all([
    leases.takenGpus(nodeIds),
    leases.barredFromLeases(nodeIds, STAKE_MIN_MICRO_USD),
  ])
  return { taken, barred }
}

function rentalsWith({ taken, barred }: Leased, nodes: readonly NodeTerms[]): Rentals {
  return new Map(
    nodes.flatMap(({ nodeId, terms }) => {
      const rental = rentalOfTerms(terms)
      if (!rental || barred.has(nodeId)) return []
      return [[nodeId, { ...rental, free: Math.max(0, rental.gpus - (taken.get(nodeId) ?? 0)) }] as const]
    }),
  )
}
