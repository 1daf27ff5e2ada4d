/** The fleet for the worker's placement: nodes and keys from Postgres, their load from Redis, each read at most so often. */
import type { Store } from '@isochrone/db'
import type { GatewayState, NodeState } from '@isochrone/protocol'
import { loadControlSnapshot, type FleetSource, type KeySource, type LiveState } from '@isochrone/services'

const CONTROL_AGE_MS_MAX = 1_000
const LIVENESS_AGE_MS_MAX = 200

export function fleetSource({ store, live }: { store: Store; live: LiveState }): FleetSource & KeySource {
  const control = cached(CONTROL_AGE_MS_MAX, async () => {
    const { states } = await loadControlSnapshot(store)
    const nodes: NodeState[] = []
    const gateways: GatewayState[] = []
    const routing = new Map<string, unknown>()
    const revoked = new Set<string>()
    for (const state of states) {
      if (state.kind === 'node') nodes.push(state)
      if (state.kind === 'gateway') gateways.push(state)
      if (state.kind === 'api-key' && !state.enabled) revoked.add(state.keyId)
      if (state.kind === 'organisation') routing.set(state.orgId, state.routing)
    }
    return { nodes, gateways, routing, revoked }
  })
  const liveness = cached(LIVENESS_AGE_MS_MAX, () => live.nodes())
  return {
    nodes: async () => ({ states: (await control()).nodes, liveness: await liveness() }),
    gateways: async () => (await control()).gateways,
    isRevoked: async (keyId) => (await control()).revoked.has(keyId),
    routing: async (orgId) => (await control()).routing.get(orgId) ?? {},
  }
}

/** One read at a time, its result good for `ageMsMax`; a failure is kept by nobody. */
function cached<T>(ageMsMax: number, read: () => Promise<T>): () => Promise<T> {
  let held: { atMs: number; value: Promise<T> } | undefined
  return () => {
    if (held && Date.now() - held.atMs < ageMsMax) return held.value
    const entry = { atMs: Date.now(), value: read() }
    held = entry
    entry.value.catch(() => {
      if (held === entry) held = undefined
    })
    return entry.value
  }
}
