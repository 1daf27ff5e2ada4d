/** What can be asked for now: models that linked nodes serve, most nodes first, and the organisation's running leases. */
import type { LeaseSummary, Offer } from '@isochrone/services'

export interface PlaygroundModel {
  /** As a request names it. */
  id: string
  /** For people, with what stands behind it. */
  label: string
}

export function playgroundModels(
  offers: readonly Pick<Offer, 'live' | 'models'>[],
  leases: readonly Pick<LeaseSummary, 'id' | 'status' | 'model'>[],
): PlaygroundModel[] {
  const counts = new Map<string, { nodes: number; simulated: number }>()
  for (const { models } of offers.filter(({ live }) => live)) {
    for (const { model, simulated } of models) {
      const count = counts.get(model) ?? { nodes: 0, simulated: 0 }
      counts.set(model, { nodes: count.nodes + 1, simulated: count.simulated + Number(simulated) })
    }
  }
  const shared = [...counts]
    .toSorted(([a, one], [b, other]) => real(other) - real(one) || other.nodes - one.nodes || a.localeCompare(b))
    .map(([id, { nodes, simulated }]) => ({
      id,
      label: `${id} (${nodes} ${nodes === 1 ? 'node' : 'nodes'}${simulated === nodes ? ', simulated' : ''})`,
    }))
  const leased = leases
    .filter(({ status }) => status === 'running')
    .map(({ id, model }) => ({ id, label: `${model} on your lease ${id}` }))
  return [...leased, ...shared]
}

const real = ({ nodes, simulated }: { nodes: number; simulated: number }): number => nodes - simulated
