/** Which models the network knows: what nodes on the market serve, each build by its name and its hash. */
import { modelsInTerms, servedModel } from '@isochrone/protocol'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { KnownModel } from '../queries/views/listings.ts'

/** More than a person looks through. */
const SHOWN_MAX = 50

/** @param except a node that is not counted: the one that is being listed */
export async function knownModels(
  { store, live }: Pick<ControlPlaneDeps, 'store' | 'live'>,
  except: string | null,
): Promise<KnownModel[]> {
  const [rows, liveness] = await Promise.all([store.providers.nodes(), live.nodes()])
  const known = new Map<string, KnownModel>()
  for (const row of rows) {
    if (row.status !== 'active' || row.nodeId === except) continue
    const served = liveness.get(row.nodeId)?.models ?? servedModel.array().safeParse(row.models).data ?? []
    for (const { model, modelHash, simulated } of modelsInTerms(row.terms.document, served)) {
      const key = `${model} ${modelHash}`
      const one = known.get(key) ?? { model, modelHash, nodes: 0, simulated }
      known.set(key, { ...one, nodes: one.nodes + 1 })
    }
  }
  return [...known.values()]
    .toSorted((a, b) => b.nodes - a.nodes || a.model.localeCompare(b.model) || (a.modelHash < b.modelHash ? -1 : 1))
    .slice(0, SHOWN_MAX)
}
