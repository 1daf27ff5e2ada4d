/** A provider at the wizard, with a real database and no chain: what the vault holds and what the chain did is said by the test. */
import { createDb, createStore } from '@isochrone/db'
import { systemClock } from '@isochrone/domain'
import { startTestStack } from '@isochrone/local-stack'
import {
  addressOfKey,
  addressToBytes32,
  bytes32Of,
  randomBytes32,
  signReport,
  signStruct,
  type Hex,
  type NodeInventory,
} from '@isochrone/protocol'
import { createControlPlane, noteStakes, publishListings, STAKE_MIN_MICRO_USD } from '@isochrone/services'

export const orgId = 'org_lister'
export const userId = 'user_lister'
export const providerId = bytes32Of('provider of the lister')
const registry = `0x${'44'.repeat(20)}` as const
const zero = `0x${'00'.repeat(20)}` as const
export const machine = {
  nodeName: 'rack-1',
  region: 'eu-de',
  country: 'DE',
  tier: 'regional',
  dataPolicy: 'any',
  sharedHost: false,
} as const
export const prices = {
  inMicroUsdPerMtok: '100000',
  cachedMicroUsdPerMtok: '20000',
  outMicroUsdPerMtok: '400000',
  gpuHourMicroUsd: '2000000',
}
export const inventory: NodeInventory = {
  hardware: '2 × NVIDIA H200',
  cpuModel: 'EPYC',
  cpuCores: 64,
  memoryMib: 1024,
  gpus: [{ name: 'NVIDIA H200', count: 2, memoryMib: 143_771, uuids: ['GPU-11111111-a', 'GPU-11111111-b'] }],
  agentVersion: '0.1.0',
  os: 'Linux',
}

const build = { model: 'qwen3-32b', modelHash: bytes32Of('weights') }
/** What the wizard's step of models says, and what an agent reports that serves it. */
export const models = { engine: 'vLLM', models: [build] } as const
export const served = [{ ...build, contextTokensMax: 8_192, quantisation: 'fp8', simulated: false }]
export const engine = {
  name: 'vLLM',
  version: '0.11.0',
  concurrencyMax: 8,
  models: [
    { ...build, hashOf: 'owner', fileName: null, fileBytes: null, memoryMib: null, answer: { firstTokenMs: 120 } },
  ],
}

export type TestLister = Awaited<ReturnType<typeof startTestLister>>

export async function startTestLister() {
  const stack = await startTestStack({ postgres: true })
  const db = createDb(stack.databaseUrl)
  const store = createStore(db)
  const plane = createControlPlane({
    store,
    live: {
      nodes: async () => new Map(),
      nodesById: async () => new Map(),
      gateways: async () => [],
      receiptsBacklog: async () => 0,
    },
    stream: { add: async () => {} },
    leaseBudget: { hold: async () => true, lower: async () => {}, release: async () => {} },
    clock: systemClock,
    chain: {
      chainId: 31_337,
      rpcUrl: 'http://127.0.0.1:1',
      usdc: zero,
      channels: zero,
      registry,
      anchor: zero,
      vault: zero,
      operatorAddress: zero,
      managedOwnerAddress: zero,
      feeBps: 0,
    },
    gatewayUrls: ['http://127.0.0.1:1'],
    witnessUrls: ['http://127.0.0.1:2'],
  })
  const row = { orgId, name: 'Lister', ownerAddress: zero, payoutAddress: zero, salt: bytes32Of('s'), feeBps: 0 }
  await store.providers.insert({ id: providerId, ...row, payoutCustody: 'managed' })
  await store.chain.setProviderRegistered(providerId, '0xregistered', 0)

  async function listing() {
    const { id } = await plane.listings.create({ orgId, userId, key: crypto.randomUUID() })
    return id
  }
  const save = async (id: string, version: number, draft: object, confirmed = false) =>
    (await plane.listings.save({ orgId, id, version, draft, confirmed })).version

  async function join(token: string, nodeKey = randomBytes32(), uuids?: string[]) {
    const claim = { providerId, nodeKey: addressOfKey(nodeKey) }
    const proof = signStruct({ chainId: 31_337, verifyingContract: registry }, 'NodeKey', claim, nodeKey).signature
    const gpus = inventory.gpus.map((gpu) => ({ ...gpu, uuids: uuids ?? gpu.uuids }))
    const said = { token, nodeKey: claim.nodeKey, proof, inventory: { ...inventory, gpus } }
    const { witnessUrls } = await plane.providers.joinNode(said)
    return { nodeKey, nodeId: addressToBytes32(claim.nodeKey), witnessUrls }
  }

  /** The agent runs and says what it serves; two reports of one millisecond are one. */
  let reportedMs = 0
  async function report(
    nodeKey: Hex,
    said: { uuids?: readonly string[]; gpuName?: string; engine?: object; models?: object } = {},
  ) {
    reportedMs = Math.max(reportedMs + 1, Date.now())
    const gpus = inventory.gpus.map((gpu) => ({
      ...gpu,
      name: said.gpuName ?? gpu.name,
      uuids: said.uuids ?? gpu.uuids,
    }))
    const body = {
      kind: 'agent',
      nodeKey: addressOfKey(nodeKey),
      sentAtMs: reportedMs,
      inventory: { ...inventory, gpus },
      models: said.models ?? served,
      engine: said.engine ?? engine,
    }
    return plane.providers.agentReport({ body: signReport(body, nodeKey) })
  }

  /** What the vault holds in its newest confirmed block, as the worker reads it. */
  const vaultHolds = (microUsd: bigint) =>
    noteStakes({ payouts: store.payouts, chain: { stakeOf: async () => microUsd } })
  const checked = (nodeId: string, status: 'unverified' | 'failed') =>
    store.verification.finish({ nodeId, status, dueAt: new Date(), checkedAt: new Date() })
  const waiting = async () => (await store.chain.nodesToAdmit(20)).map((row) => row.nodeId)
  const stepOf = async (id: string, step: string) =>
    (await plane.listings.detail({ orgId, id })).checklist.find((item) => item.step === step)

  /** A listing that is submitted, with its node and no checks yet. */
  async function submitted(uuids: string[]) {
    const id = await listing()
    const version = await save(id, 1, { machine, models, prices }, true)
    const { token } = await plane.listings.command({ orgId, providerId, userId, id, version })
    const { nodeId, nodeKey } = await join(token, randomBytes32(), uuids)
    await report(nodeKey, { uuids })
    const joined = await plane.listings.detail({ orgId, id })
    const row = await plane.listings.submit({ orgId, providerId, id, version: joined.version })
    return { id, nodeId, nodeKey, token, version: row.version }
  }

  async function live(uuids: string[]) {
    await vaultHolds(STAKE_MIN_MICRO_USD)
    const { id, nodeId } = await submitted(uuids)
    await checked(nodeId, 'unverified')
    await publishListings({ store })
    await store.chain.activateNode(nodeId, '0xkey')
    await publishListings({ store })
    const { version, status } = await plane.listings.detail({ orgId, id })
    if (status !== 'live') throw new Error(`the listing is ${status}`)
    return { id, nodeId, version }
  }

  return {
    store,
    db,
    plane,
    listing,
    save,
    join,
    report,
    vaultHolds,
    checked,
    waiting,
    stepOf,
    submitted,
    live,
    async stop() {
      await db.$disconnect()
      await stack.stop()
    },
  }
}
