/** A listing's way to the market: what each step guarantees, on a real database. */
import { createDb, createStore } from '@isochrone/db'
import { systemClock } from '@isochrone/domain'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import {
  addressOfKey,
  addressToBytes32,
  bytes32Of,
  randomBytes32,
  signReport,
  signStruct,
  type NodeInventory,
} from '@isochrone/protocol'
import { createControlPlane, publishListings, type ControlPlane } from '@isochrone/services'
import { afterAll, beforeAll, expect, test } from 'vitest'

const orgId = 'org_lister'
const userId = 'user_lister'
const providerId = bytes32Of('provider of the lister')
const registry = `0x${'44'.repeat(20)}` as const
const zero = `0x${'00'.repeat(20)}` as const
const machine = {
  nodeName: 'rack-1',
  region: 'eu-de',
  country: 'DE',
  tier: 'regional',
  dataPolicy: 'any',
  sharedHost: false,
} as const
const prices = {
  inMicroUsdPerMtok: '100000',
  cachedMicroUsdPerMtok: '20000',
  outMicroUsdPerMtok: '400000',
  gpuHourMicroUsd: '2000000',
}
const inventory: NodeInventory = {
  hardware: '2 × NVIDIA H200',
  cpuModel: 'EPYC',
  cpuCores: 64,
  memoryMib: 1024,
  gpus: [{ name: 'NVIDIA H200', count: 2, memoryMib: 143_771, uuids: ['GPU-11111111-a', 'GPU-11111111-b'] }],
  agentVersion: '0.1.0',
  os: 'Linux',
}

let stack: TestStack
let store: ReturnType<typeof createStore>
let plane: ControlPlane
let closeDb: () => Promise<void>

beforeAll(async () => {
  stack = await startTestStack({ postgres: true })
  const db = createDb(stack.databaseUrl)
  closeDb = () => db.$disconnect()
  store = createStore(db)
  plane = createControlPlane({
    store,
    live: {
      nodes: async () => new Map(),
      nodesById: async () => new Map(),
      gateways: async () => [],
      receiptsBacklog: async () => 0,
    },
    stream: { add: async () => {} },
    leaseBudget: { hold: async () => true, release: async () => {} },
    clock: systemClock,
    chain: {
      chainId: 31_337,
      rpcUrl: 'http://127.0.0.1:1',
      usdc: zero,
      channels: zero,
      registry,
      anchor: zero,
      operatorAddress: zero,
      managedOwnerAddress: zero,
      feeBps: 0,
    },
    gatewayUrls: ['http://127.0.0.1:1'],
    witnessUrls: ['http://127.0.0.1:2'],
  })
  const row = { orgId, name: 'Lister', ownerAddress: zero, payoutAddress: zero, salt: bytes32Of('s'), feeBps: 0 }
  await store.providers.insert({ id: providerId, ...row })
})
afterAll(async () => {
  await closeDb?.()
  await stack?.stop()
})

async function listing() {
  const { id } = await plane.listings.create({ orgId, userId })
  return id
}
const save = async (id: string, version: number, draft: object, confirmed = false) =>
  (await plane.listings.save({ orgId, id, version, draft, confirmed })).version

async function join(token: string, nodeKey = randomBytes32()) {
  const claim = { providerId, nodeKey: addressOfKey(nodeKey) }
  const proof = signStruct({ chainId: 31_337, verifyingContract: registry }, 'NodeKey', claim, nodeKey).signature
  await plane.providers.joinNode({ token, nodeKey: claim.nodeKey, proof, inventory })
  return { nodeKey, nodeId: addressToBytes32(claim.nodeKey) }
}

/** Money: a node is sold by the prices that its owner submitted, and by nothing before that. */
test('a node reaches the chain only after it was submitted and checked, with the prices of its listing', async () => {
  const id = await listing()
  let version = await save(id, 1, { machine })
  const { token } = await plane.listings.command({ orgId, providerId, userId, id, version })
  const { nodeKey, nodeId } = await join(token)
  expect(await store.chain.nodesToAdmit(10)).toEqual([])

  const models = [
    { model: 'm', modelHash: bytes32Of('m'), contextTokensMax: 10, quantisation: 'F16', simulated: false },
  ]
  const report = { kind: 'agent', nodeKey: addressOfKey(nodeKey), sentAtMs: Date.now(), inventory, models }
  const answer = await plane.providers.agentReport({ body: signReport(report, nodeKey) })
  expect(answer).toEqual({ status: 'joining', witnessUrls: ['http://127.0.0.1:2'] })
  const forged = signReport(report, randomBytes32())
  await expect(plane.providers.agentReport({ body: forged })).rejects.toMatchObject({ code: 'unauthenticated' })

  const joined = await plane.listings.detail({ orgId, id })
  expect(joined).toMatchObject({ status: 'joined', node: { gpuClass: 'H200', models: [{ model: 'm' }] } })
  await expect(plane.listings.submit({ orgId, providerId, id, version: joined.version })).rejects.toMatchObject({
    publicMessage: 'The step “prices” is not done yet.',
  })
  version = await save(id, joined.version, { prices })
  await plane.listings.submit({ orgId, providerId, id, version })
  const node = await store.providers.node(nodeId)
  expect(node?.terms).toMatchObject({ values: { perGpuHour: 2_000_000, inPerMtok: 100_000 }, document: { gpus: 2 } })

  await publishListings({ store })
  expect((await store.providers.node(nodeId))?.status).toBe('joining')
  const checked = { nodeId, status: 'unverified', dueAt: new Date(), checkedAt: new Date() } as const
  await store.verification.finish(checked)
  await publishListings({ store })
  await store.chain.activateNode(nodeId, '0xkey')
  expect(await publishListings({ store })).toBe(1)
  expect(await plane.listings.detail({ orgId, id })).toMatchObject({ status: 'live', node: { status: 'active' } })
})

test('a failed check sends the listing back with the fix, and its node never reaches the chain', async () => {
  const id = await listing()
  const { token } = await plane.listings.command({
    orgId,
    providerId,
    userId,
    id,
    version: await save(id, 1, { machine, prices }, true),
  })
  const { nodeId } = await join(token)
  const { version } = await plane.listings.detail({ orgId, id })
  await plane.listings.submit({ orgId, providerId, id, version })
  await store.verification.finish({ nodeId, status: 'failed', dueAt: new Date(), checkedAt: new Date() })
  expect(await publishListings({ store })).toBe(1)
  expect(await plane.listings.detail({ orgId, id })).toMatchObject({ status: 'joined' })
  expect((await store.chain.nodesToAdmit(10)).map((row) => row.nodeId)).not.toContain(nodeId)
})

test('of two tabs the second is told, and loses nothing that the first saved', async () => {
  const id = await listing()
  await save(id, 1, { machine })
  await expect(save(id, 1, { machine: { ...machine, region: 'us-east' } })).rejects.toMatchObject({
    code: 'state_conflict',
    publicMessage: expect.stringContaining('Another tab has changed this listing'),
  })
  expect((await plane.listings.detail({ orgId, id })).draft.machine?.region).toBe('eu-de')
})

test('a price with a slip of magnitude is asked about, then respected', async () => {
  const id = await listing()
  const slip = { prices: { ...prices, outMicroUsdPerMtok: '40000000' } }
  await expect(save(id, 1, slip)).rejects.toMatchObject({ code: 'invalid_input', field: 'outMicroUsdPerMtok' })
  await save(id, 1, slip, true)
  expect((await plane.listings.detail({ orgId, id })).draft.prices?.outMicroUsdPerMtok).toBe('40000000')
})

test('a new command ends the one before, and a withdrawn listing takes no node', async () => {
  const id = await listing()
  const version = await save(id, 1, { machine })
  const first = await plane.listings.command({ orgId, providerId, userId, id, version })
  const second = await plane.listings.command({ orgId, providerId, userId, id, version: version + 1 })
  await expect(join(first.token)).rejects.toMatchObject({ code: 'unauthenticated' })
  await plane.listings.withdraw({ orgId, id, version: version + 2 })
  await expect(join(second.token)).rejects.toMatchObject({ code: 'unauthenticated' })
})

test('another organisation’s listing is not there', async () => {
  const id = await listing()
  const other = { orgId: 'org_other', id, version: 1 }
  await expect(plane.listings.detail(other)).rejects.toMatchObject({ code: 'not_found' })
  await expect(plane.listings.save({ ...other, draft: {}, confirmed: false })).rejects.toMatchObject({
    code: 'not_found',
  })
  await expect(plane.listings.withdraw(other)).rejects.toMatchObject({ code: 'not_found' })
})

test('stake is asked for once at a time', async () => {
  await plane.providers.requestStake({ providerId, userId, microUsd: 5_000_000n })
  await expect(plane.providers.requestStake({ providerId, userId, microUsd: 5_000_000n })).rejects.toMatchObject({
    code: 'state_conflict',
  })
})
