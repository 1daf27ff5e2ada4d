/** Nodes that offer GPUs for lease, as plain states and reports, for tests of which one a lease goes to. */
import { bytes32Of, type NodeInventory, type NodeLiveness, type NodeState } from '@isochrone/protocol'
import type { ChooseDeps } from '../leases/lease-offers.ts'
import { makeTerms, noPromises } from '../providers/terms.ts'

export const RENTAL_NOW_MS = 1_700_000_000_000
export const RENTAL_GATEWAY = 'http://127.0.0.1:1'
export const RENTAL_MODEL = 'm'

export interface RentalTraits {
  country?: string
  gpuClass?: string
  trust?: NodeState['trust']
  dataPolicy?: NodeState['dataPolicy']
  gpus?: number
  /** Of each GPU; null: the agent detected none. */
  gpuMemoryMib?: number | null
  rttMs?: number | null
  /** GPUs that leases have. */
  taken?: number
  barred?: 'checks' | 'stake'
}

export type RentalNode = ReturnType<typeof rentalNode>

/** Eight H200 in Germany, claimed, free. */
export function rentalNode(name: string, usdPerGpuHour: number, traits: RentalTraits = {}) {
  const { country = 'DE', gpus = 8, rttMs = 5, gpuMemoryMib = 143_771, taken = 0, barred } = traits
  const { gpuClass = 'H200', trust = 'claimed', dataPolicy = 'any' } = traits
  const document = {
    version: 3,
    nodeName: name,
    region: 'local',
    country,
    simulated: false,
    sharedHost: false,
    tier: 'regional',
    dataPolicy,
    gpus,
  } as const
  const terms = makeTerms({
    providerId: bytes32Of('provider'),
    prices,
    promises: noPromises,
    document,
    perGpuHourMicroUsd: BigInt(Math.round(usdPerGpuHour * 1e6)),
  })
  const nodeId = bytes32Of(name)
  const names = { kind: 'node', nodeId, id: `node_${name}`, name } as const
  const provider = { providerId: bytes32Of('provider'), providerName: 'p', providerOrgId: 'org_p', active: true }
  const place = { region: 'local', failureDomain: name, country, tier: 'regional' } as const
  const state: NodeState = {
    ...names,
    ...provider,
    ...place,
    termsHash: terms.hash,
    terms: terms.values,
    termsDocument: { ...document },
    prices: tokenPrices,
    simulated: false,
    gpuClass,
    trust,
    dataPolicy,
  }
  return { state, live: livenessOf(nodeId, rttMs), inventory: inventoryOf(gpus, gpuMemoryMib), taken, barred }
}

/** What choosing is given of such a market; `routing` is the organisation's, its gateway stands in `gatewayCountry`. */
export function rentalMarket(
  nodes: readonly RentalNode[],
  { routing = {}, gatewayCountry = 'DE' }: { routing?: unknown; gatewayCountry?: string } = {},
): ChooseDeps {
  const barred = nodes.flatMap(({ state, barred: why }) => (why ? [[state.nodeId, why] as const] : []))
  return {
    leases: {
      takenGpus: async () => new Map(nodes.map(({ state, taken }) => [state.nodeId, taken])),
      barredFromLeases: async () => new Map(barred),
    },
    providers: {
      nodesByNodeId: async (nodeIds) =>
        nodes
          .filter(({ state }) => nodeIds.includes(state.nodeId))
          .map(({ state, inventory }) => ({ nodeId: state.nodeId, inventory })) as never,
    },
    fleet: {
      nodes: async () => ({
        states: nodes.map(({ state }) => state),
        liveness: new Map(nodes.map(({ state, live }) => [state.nodeId, live])),
      }),
      routing: async () => routing,
      gateways: async () => [{ url: RENTAL_GATEWAY, country: gatewayCountry, region: 'x' }],
    },
    nowMs: RENTAL_NOW_MS,
  }
}

const prices = {
  inMicroUsdPerMtok: 1n,
  cachedMicroUsdPerMtok: 1n,
  outMicroUsdPerMtok: 1n,
  inMicroUsdPerGb: 0n,
  outMicroUsdPerGb: 0n,
}
const tokenPrices = {
  inMicroUsdPerMtok: '1',
  cachedMicroUsdPerMtok: '1',
  outMicroUsdPerMtok: '1',
  inMicroUsdPerGb: '0',
  outMicroUsdPerGb: '0',
}

function livenessOf(nodeId: string, rttMs: number | null): NodeLiveness {
  const build = { modelHash: bytes32Of('m'), contextTokensMax: 8_192, quantisation: 'fp8', simulated: false }
  return {
    nodeId,
    lane: bytes32Of('lane'),
    gatewayUrl: RENTAL_GATEWAY,
    seenAtMs: RENTAL_NOW_MS,
    linkedSinceMs: 0,
    hardware: 'H200',
    models: [{ model: RENTAL_MODEL, ...build }],
    concurrencyMax: 8,
    activeStreams: 0,
    queuedStreams: 0,
    rttMs,
    simulatedRttMs: null,
    ttftP50Ms: null,
    ttftP95Ms: null,
    tokensPerSecond: null,
    estimate: null,
  }
}

function inventoryOf(count: number, memoryMib: number | null): NodeInventory {
  const gpus = memoryMib === null ? [] : [{ name: 'NVIDIA H200', count, memoryMib, uuids: [] }]
  const machine = { cpuModel: 'x', cpuCores: 8, memoryMib: 2_000_000, agentVersion: '1', os: 'Linux' }
  return { hardware: `${count} × NVIDIA H200`, ...machine, gpus }
}
