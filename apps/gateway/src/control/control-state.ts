/**
 * What this gateway knows of the world, in memory: API keys, organisations and nodes at one control version.
 *
 * Applying a state twice changes nothing, because each one is the whole new state of its subject. Reads are map look-ups:
 * no request waits for a database.
 */
import type {
  ApiKeyState,
  ControlSnapshot,
  ControlState,
  GatewayState,
  LeaseState,
  NodeState,
  OrganisationState,
} from '@isochrone/protocol'
import type { Place } from '@isochrone/services'

export interface ControlView {
  /** 0 before the first snapshot. */
  readonly version: number
  keyByHash(keyHash: string): ApiKeyState | undefined
  keyById(keyId: string): ApiKeyState | undefined
  /** Keys that have a budget of their own, revoked ones too: what was begun for them goes on. */
  keysWithBudget(): Iterable<ApiKeyState>
  organisation(orgId: string): OrganisationState | undefined
  organisations(): Iterable<OrganisationState>
  /** By the 32-byte name that receipts carry. */
  node(nodeId: string): NodeState | undefined
  /** By the id that people see, `node_…`. */
  nodeById(id: string): NodeState | undefined
  nodes(): Iterable<NodeState>
  /** Every gateway that ever introduced itself, this one included. */
  gateways(): Iterable<GatewayState>
  /** By `lease_…`; one that is over does not exist. */
  lease(leaseId: string): LeaseState | undefined
  leasesOf(orgId: string): LeaseState[]
  /** Where this gateway stands. */
  readonly place: Place
  /** Called after a node has changed, with its 32-byte name; null = any may have. */
  onNodeChange(listener: (nodeId: string | null) => void): void
}

export interface ControlStore extends ControlView {
  apply(version: number, state: ControlState): void
  replace(snapshot: ControlSnapshot): void
}

/** An empty store at version 0, of a gateway that stands at `place`; without one it is inside no residency. */
export function createControlStore(place: Place = { country: '', region: '' }): ControlStore {
  let version = 0
  let keys = new Map<string, ApiKeyState>()
  let hashOfKeyId = new Map<string, string>()
  const budgeted = new Map<string, ApiKeyState>()
  let organisations = new Map<string, OrganisationState>()
  let nodes = new Map<string, NodeState>()
  let nodesById = new Map<string, NodeState>()
  let gateways = new Map<string, GatewayState>()
  let leases = new Map<string, LeaseState>()
  const listeners: ((nodeId: string | null) => void)[] = []

  const put = (state: ControlState): void => {
    if (state.kind === 'organisation') organisations.set(state.orgId, state)
    else if (state.kind === 'gateway') gateways.set(state.lane, state)
    else if (state.kind === 'lease') {
      if (state.active) leases.set(state.leaseId, state)
      else leases.delete(state.leaseId)
    } else if (state.kind === 'node') {
      nodes.set(state.nodeId, state)
      nodesById.set(state.id, state)
    } else {
      // A key whose secret was replaced must not stay valid under its old hash.
      const oldHash = hashOfKeyId.get(state.keyId)
      if (oldHash !== undefined && oldHash !== state.keyHash) keys.delete(oldHash)
      hashOfKeyId.set(state.keyId, state.keyHash)
      keys.set(state.keyHash, state)
      if (state.budget) budgeted.set(state.keyId, state)
      else budgeted.delete(state.keyId)
    }
  }

  return {
    get version() {
      return version
    },
    keyByHash: (keyHash) => keys.get(keyHash),
    keyById: (keyId) => keys.get(hashOfKeyId.get(keyId) ?? ''),
    keysWithBudget: () => budgeted.values(),
    organisation: (orgId) => organisations.get(orgId),
    organisations: () => organisations.values(),
    node: (nodeId) => nodes.get(nodeId),
    nodeById: (id) => nodesById.get(id),
    nodes: () => nodes.values(),
    gateways: () => gateways.values(),
    lease: (leaseId) => leases.get(leaseId),
    leasesOf: (orgId) => [...leases.values()].filter((lease) => lease.orgId === orgId),
    place,
    onNodeChange: (listener) => void listeners.push(listener),
    apply(newVersion, state) {
      put(state)
      version = newVersion
      if (state.kind === 'node') for (const listener of listeners) listener(state.nodeId)
    },
    replace(snapshot) {
      keys = new Map()
      hashOfKeyId = new Map()
      budgeted.clear()
      organisations = new Map()
      nodes = new Map()
      nodesById = new Map()
      gateways = new Map()
      leases = new Map()
      for (const state of snapshot.states) put(state)
      version = snapshot.version
      for (const listener of listeners) listener(null)
    },
  }
}
