/** Names of the nodes that rows speak of. */
import type { ProvidersStore } from '../ports/control-plane-store.ts'
import type { NodeRef } from './views/node-ref.ts'

export async function nodeRefs(
  providers: ProvidersStore,
  nodeIds: readonly (string | null)[],
): Promise<Map<string, NodeRef>> {
  const known = [...new Set(nodeIds.filter((id) => id !== null))]
  if (known.length === 0) return new Map()
  const rows = await providers.nodesByNodeId(known)
  return new Map(
    rows.map((row) => [
      row.nodeId,
      { id: row.id, nodeId: row.nodeId, name: row.name, providerName: row.provider.name, simulated: row.simulated },
    ]),
  )
}
