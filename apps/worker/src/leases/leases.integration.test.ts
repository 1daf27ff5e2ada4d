/**
 * A lease from its quote to its payment on the real stack: gateway and agents as processes, the whole worker, Postgres, Redis
 * and the chain. A node is killed under it; what both sides signed is what it cost, and what the chain paid.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, openSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nodeKeyOf, verifyLeaf } from '@isochrone/contracts-client'
import { systemClock } from '@isochrone/domain'
import { chainVariables, freePort, startTestStack, type TestStack } from '@isochrone/local-stack'
import {
  addressOfKey,
  addressToBytes32,
  bytes32ToAddress,
  decodeStruct,
  leafOfHash,
  leaseHoldField,
  leasePriceMicroUsd,
  leaseReadingOf,
  recoverStructSigner,
  redisKeys,
  signStruct,
  structHash,
  type Hex,
  type LeaseReceipt,
} from '@isochrone/protocol'
import {
  agentNodeFlags,
  childEnv,
  createLogger,
  createShutdown,
  developmentKeys,
  gatewayNodeFlags,
  mallocEnv,
  type Shutdown,
} from '@isochrone/runtime'
import {
  createControlPlane,
  makeTerms,
  noPromises,
  redisControlStream,
  redisLeaseBudget,
  redisLiveState,
  STAKE_MIN_MICRO_USD,
  type ControlPlane,
  type LeaseConstraints,
} from '@isochrone/services'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startWorker } from '../start-worker.ts'
import { eventually, ORG, startTestMarket, type TestMarket } from '../testing/test-market.ts'

const fromRoot = (path: string) => fileURLToPath(new URL(`../../../../${path}`, import.meta.url))
const KEY = 'iso_lease_test'
const OTHER_KEY = 'iso_lease_other'
const NODES = [0, 1] as const
const inGermany: LeaseConstraints = {
  gpuClasses: ['CPU'],
  gpuMemoryGibMin: null,
  regions: ['DE'],
  dataPolicy: 'any',
  minTrust: 'claimed',
}
const nodeKeys = NODES.map((index) => developmentKeys[index + 5] as Hex)
const nodeIds = nodeKeys.map((key) => addressToBytes32(addressOfKey(key)))
const LIMIT_MS = 150_000

let stack: TestStack
let market: TestMarket
let redis: Redis
let shutdown: Shutdown
let controlPlane: ControlPlane
let url: string
const agents: ChildProcess[] = []
const children: ChildProcess[] = []

const nodeFlagsOf = { gateway: gatewayNodeFlags, agent: agentNodeFlags }

function start(
  app: keyof typeof nodeFlagsOf,
  args: readonly string[],
  env: Record<string, string>,
  log: string,
): ChildProcess {
  const nodeFlags = ['--disable-warning=ExperimentalWarning', ...nodeFlagsOf[app]]
  const child = spawn(process.execPath, [...nodeFlags, fromRoot(`apps/${app}/src/main.ts`), ...args], {
    env: childEnv(env),
    stdio: ['ignore', openSync(join(stack.dir, `${log}.log`), 'a'), 'inherit'],
  })
  children.push(child)
  return child
}

beforeAll(async () => {
  stack = await startTestStack({ postgres: true, redis: true, chain: true })
  const port = await freePort()
  url = `http://127.0.0.1:${port}`
  market = await startTestMarket(stack, { gatewayUrl: url })
  redis = new Redis(stack.redisUrl)
  redis.on('error', () => {})
  await offerNodes()
  for (const [id, orgId, secret] of [
    ['key_a', ORG, KEY],
    ['key_b', 'org_other', OTHER_KEY],
  ] as const) {
    if (orgId !== ORG) await market.db.organization.create({ data: { id: orgId, name: 'Other', slug: 'other' } })
    await market.db.apiKey.create({ data: { id, referenceId: orgId, key: hash('sha256', secret, 'base64url') } })
  }
  await market.fund(5_000_000n)
  start(
    'gateway',
    [],
    {
      ...mallocEnv({ hugePages: true }),
      DATABASE_URL: stack.databaseUrl,
      REDIS_URL: stack.redisUrl,
      CHAIN_RPC_URL: stack.chainRpcUrl,
      DEPLOYMENT_FILE: market.env.DEPLOYMENT_FILE,
      ...chainVariables(stack.chainProfile),
      DATA_DIR: join(stack.dir, 'gateway'),
      GATEWAY_PORT: String(port),
      GATEWAY_PUBLIC_URL: url,
      GATEWAY_KEY: developmentKeys[1],
      EPOCH_MS: '3600000',
    },
    'gateway',
  )
  for (const index of NODES) agents.push(startAgent(index))
  const logger = createLogger('worker', 'silent')
  shutdown = createShutdown({ logger, handleSignals: false })
  await startWorker({ env: { ...market.env, LEASE_METER_MS: 1_000, LEASE_GONE_MS: 3_000 }, logger, shutdown })
  const address = `0x${'11'.repeat(20)}` as const
  controlPlane = createControlPlane({
    store: market.store,
    live: redisLiveState(redis),
    stream: redisControlStream(redis),
    clock: systemClock,
    leaseBudget: redisLeaseBudget(redis),
    chain: {
      chainId: market.deployment.chainId,
      rpcUrl: stack.chainRpcUrl,
      usdc: address,
      channels: address,
      registry: address,
      anchor: address,
      vault: address,
      operatorAddress: address,
      managedOwnerAddress: address,
      feeBps: 500,
    },
    gatewayUrls: [url],
  })
  // Nobody leases from a provider without stake: the worker puts it into the vault, and reads it there.
  await market.db.provider.update({ where: { id: market.providerId }, data: { payoutCustody: 'managed' } })
  await controlPlane.providers.requestStake({
    providerId: market.providerId,
    userId: 'user',
    microUsd: STAKE_MIN_MICRO_USD,
  })
  await eventually(async () => (await redis.hlen(redisKeys.nodes)) === NODES.length, LIMIT_MS)
  await eventually(async () => (await redis.hget(redisKeys.budget(market.channelId), 'limit')) === '5000000', LIMIT_MS)
  await eventually(async () => (await controlPlane.leases.offers({ orgId: ORG })).length === NODES.length, LIMIT_MS)
}, 300_000)
afterAll(async () => {
  await shutdown?.run('test over')
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  redis?.disconnect()
  await market?.db.$disconnect()
  await stack?.stop()
})

/** Two nodes, each with two places for leases at $3.60 an hour: a micro-dollar for each millisecond. */
async function offerNodes(): Promise<void> {
  const { providerId, deployment, db, store } = market
  const terms = makeTerms({
    providerId,
    prices: {
      inMicroUsdPerMtok: 1_000_000n,
      cachedMicroUsdPerMtok: 500_000n,
      outMicroUsdPerMtok: 3_000_000n,
      inMicroUsdPerGb: 0n,
      outMicroUsdPerGb: 0n,
    },
    promises: noPromises,
    document: {
      version: 3,
      nodeName: 'leased',
      region: 'local',
      country: 'DE',
      simulated: false,
      sharedHost: true,
      tier: 'regional',
      dataPolicy: 'any',
      gpus: 2,
    },
    perGpuHourMicroUsd: 3_600_000n,
  })
  await store.providers.insertTerms({ ...terms, providerId })
  const registry = { chainId: deployment.chainId, verifyingContract: deployment.addresses.registry }
  for (const index of NODES) {
    const key = nodeKeys[index] as Hex
    const claim = { providerId, nodeKey: addressOfKey(key) }
    const place = { region: 'local', country: 'DE', failureDomain: `rack-${index}` }
    await db.node.create({
      data: {
        nodeId: nodeIds[index] as string,
        id: `node_leased_${index}`,
        name: `leased-${index}`,
        providerId,
        termsHash: terms.hash,
        ...place,
        keyProof: signStruct(registry, 'NodeKey', claim, key).signature,
      },
    })
  }
}

function startAgent(index: number): ChildProcess {
  const dir = join(stack.dir, `agent-${index}`)
  mkdirSync(dir, { recursive: true })
  writeFileSync(join(dir, 'node.key'), `${nodeKeys[index]}\n`, { mode: 0o600 })
  const engine = ['--engine', 'llama', '--context', '1024', '--capacity', '2', '--models-dir', `${stack.dir}/models`]
  return start('agent', ['run', '--data-dir', dir, '--gateway', url, ...engine], {}, `agent-${index}`)
}

async function ask(model: string, key = KEY): Promise<{ status: number; node: string | null; body: Answer }> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'hello' }], max_tokens: 4 }),
  })
  return {
    status: response.status,
    node: response.headers.get('x-isochrone-node'),
    body: (await response.json()) as Answer,
  }
}

interface Answer {
  usage?: { prompt_tokens: number; completion_tokens: number }
  isochrone?: { priceMicroUsd: string }
  error?: { code: string }
}

const leaseIs = (leaseId: string, status: string) =>
  eventually(async () => {
    const lease = await controlPlane.leases.detail({ orgId: ORG, leaseId })
    return lease.status === status && lease
  }, LIMIT_MS)

/** Money: reserved = billed + released, billed = Σ receipts of both sides = what the chain paid, to the micro-dollar. */
test('a lease is rented, served, moved off a dead node, stopped, and paid by what both sides signed', async () => {
  const [model = ''] = (await controlPlane.leases.offers({ orgId: ORG }))[0]?.models ?? []
  const quote = await controlPlane.leases.quoteByConstraints({
    orgId: ORG,
    userId: 'user',
    model,
    gpus: 2,
    durationMs: 600_000,
    maxPerGpuHourMicroUsd: 3_600_000n,
    constraints: inGermany,
  })
  expect(quote.among).toEqual({ nodes: 2, nextPerGpuHourMicroUsd: null })
  expect(quote.timeMicroUsd).toBe(1_200_000n)
  const { id } = await controlPlane.leases.rent({ orgId: ORG, quoteId: quote.id })
  const running = await leaseIs(id, 'running')
  const first = NODES.find((index) => running.node?.nodeId === nodeIds[index]) ?? 0

  // Its name answers to the organisation that rents, on its node, for nothing by the token.
  const answered = await eventually(async () => {
    const answer = await ask(id)
    return answer.status === 200 && answer
  })
  expect(answered.node).toBe(`node_leased_${first}`)
  expect(answered.body.usage?.completion_tokens).toBeGreaterThan(0)
  expect(answered.body.isochrone?.priceMicroUsd).toBe('0')
  const stranger = await ask(id, OTHER_KEY)
  expect([stranger.status, stranger.body.error?.code]).toEqual([404, 'model_not_found'])
  await eventually(
    async () => (await controlPlane.leases.detail({ orgId: ORG, leaseId: id })).receipts.length > 0,
    LIMIT_MS,
  )

  agents[first]?.kill('SIGKILL')
  const moved = await eventually(async () => {
    const lease = await controlPlane.leases.detail({ orgId: ORG, leaseId: id })
    return lease.status === 'running' && lease.moves === 1 && lease
  }, LIMIT_MS)
  expect(moved.node?.nodeId).toBe(nodeIds[1 - first])
  expect(moved.creditMs).toBeGreaterThan(0)
  // Two GPUs at a micro-dollar a millisecond, rounded up once.
  expect(moved.creditMicroUsd).toBe(BigInt(moved.creditMs) * 2n)
  expect(moved.endsAtMs).toBe((running.endsAtMs ?? 0) + moved.creditMs)
  const again = await eventually(async () => {
    const answer = await ask(id)
    return answer.status === 200 && answer
  })
  expect(again.node).toBe(`node_leased_${1 - first}`)

  await controlPlane.leases.stop({ orgId: ORG, leaseId: id })
  const stopped = await leaseIs(id, 'stopped')
  const ordered = stopped.receipts.toReversed()
  for (const [index, receipt] of ordered.entries()) {
    expect(receipt.priceMicroUsd).toBe(BigInt(receipt.toMs - receipt.fromMs) * 2n)
    if (index > 0) expect(receipt.fromMs).toBeGreaterThanOrEqual(ordered[index - 1]?.toMs ?? 0)
  }
  const sum = ordered.reduce((total, { priceMicroUsd }) => total + priceMicroUsd, 0n)
  expect(new Set(ordered.map(({ node }) => node?.nodeId)).size).toBe(2)
  expect(stopped.billedMicroUsd).toBe(sum)
  expect(stopped.reservedMicroUsd).toBe(stopped.billedMicroUsd + (stopped.releasedMicroUsd ?? 0n))
  expect([...(await market.store.leases.takenGpus(nodeIds)).values()]).toEqual([0, 0])
  await eventually(async () => {
    const budget = await redis.hgetall(redisKeys.budget(market.channelId))
    return budget[leaseHoldField(id)] === undefined && budget[`spent:${market.lane.lane}`] === sum.toString()
  })
  expect((await ask(id)).status).toBe(404)

  await verifiedAndPaid(sum)
}, 300_000)

/** Renters: whoever takes a machine away takes nobody's lease away, and cannot sell what is no longer there. */
test('a node that its provider takes off the market: its lease moves, nobody rents it again, its key retires on the chain', async () => {
  for (const index of NODES) {
    if (agents[index]?.exitCode !== null || agents[index]?.signalCode !== null) agents[index] = startAgent(index)
  }
  const live = async () => (await controlPlane.leases.offers({ orgId: ORG })).filter((offer) => offer.live).length
  await eventually(async () => (await live()) === NODES.length, LIMIT_MS)
  const [model = ''] = (await controlPlane.leases.offers({ orgId: ORG }))[0]?.models ?? []
  const wish = { orgId: ORG, userId: 'user', model, gpus: 1, durationMs: 300_000, maxPerGpuHourMicroUsd: 3_600_000n }
  const { id } = await controlPlane.leases.rent({
    orgId: ORG,
    quoteId: (await controlPlane.leases.quoteByConstraints({ ...wish, constraints: inGermany })).id,
  })
  const running = await leaseIs(id, 'running')
  const left = NODES.find((index) => running.node?.nodeId === nodeIds[index]) ?? 0
  const nodeId = nodeIds[left] as string
  const listing = {
    id: 'list_leaves',
    orgId: 'org_provider',
    status: 'live',
    draft: {},
    nodeId,
    createdBy: 'user',
  } as const
  await market.db.listing.create({ data: listing })
  await controlPlane.listings.retire({ orgId: 'org_provider', id: listing.id, version: 1 })

  const moved = await eventually(async () => {
    const lease = await controlPlane.leases.detail({ orgId: ORG, leaseId: id })
    return lease.status === 'running' && lease.moves === 1 && lease
  }, LIMIT_MS)
  expect(moved.node?.nodeId).toBe(nodeIds[1 - left])
  expect(moved.creditMs).toBeGreaterThan(0)
  await expect(controlPlane.leases.quote({ ...wish, nodeId: `node_leased_${left}` })).rejects.toMatchObject({
    code: 'capacity_unavailable',
  })
  expect((await controlPlane.leases.offers({ orgId: ORG })).map((offer) => offer.id)).toEqual([
    `node_leased_${1 - left}`,
  ])
  const key = await eventually(async () => {
    const held = await nodeKeyOf(market.writer, bytes32ToAddress(nodeId))
    return held !== null && held.retiresAtS > 0 && held
  }, LIMIT_MS)
  expect(key.providerId).toBe(market.providerId)
  await controlPlane.leases.stop({ orgId: ORG, leaseId: id })
  await leaseIs(id, 'stopped')
}, 300_000)

/** The epoch is closed, anyone can check it, and the chain pays what it says. */
async function verifiedAndPaid(sum: bigint): Promise<void> {
  const closing = await fetch(`${url}/internal/v1/close-epoch`, {
    method: 'POST',
    headers: { authorization: `Bearer ${market.env.INTERNAL_TOKEN}` },
  })
  const { epochs } = (await closing.json()) as { epochs: number[] }
  const voucher = await eventually(async () => {
    const [row] = await market.db.voucher.findMany({ where: { lane: market.lane.lane } })
    return row !== undefined && row.paidMicroUsd !== null && row
  }, LIMIT_MS)
  expect(voucher).toMatchObject({ cumulativeMicroUsd: sum, earnedMicroUsd: sum, paidMicroUsd: sum })
  expect((await market.db.epoch.findMany({ where: { lane: market.lane.lane } }))[0]?.sumMicroUsd).toBe(sum)
  const file = await fetch(`${url}/v1/epochs/${epochs[0]}/file`)
  const path = join(stack.dir, 'epoch.gz')
  writeFileSync(path, new Uint8Array(await file.arrayBuffer()))
  const flags = ['--rpc', stack.chainRpcUrl, '--deployment', market.env.DEPLOYMENT_FILE, '--json']
  const verifier = spawn(process.execPath, [fromRoot('tools/verify-epoch/main.ts'), path, ...flags], {
    env: childEnv({}),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let report = ''
  verifier.stdout.on('data', (chunk: Buffer) => (report += chunk.toString()))
  const [code] = (await once(verifier, 'close')) as [number]
  expect(JSON.parse(report)).toMatchObject({ mismatches: [] })
  expect(code).toBe(0)
  await provenToItsParties()
}

/** What the page of its last receipt shows: both signatures recover, and the contract takes the proof. Nobody else has it. */
async function provenToItsParties(): Promise<void> {
  const { seq } = await market.db.leaseReceipt.findFirstOrThrow({ orderBy: { seq: 'desc' } })
  const { lane } = market.lane
  const page = (orgId: string) =>
    controlPlane.receipts.detail({ lane, seq: Number(seq), reader: { orgId, providerId: null, staff: false } })
  const found = await page(ORG)
  if (found.kind !== 'lease') throw new Error('the number is a lease receipt’s')
  const { fields, laneSignature, nodeSignature, inclusion, epoch, terms, priceMicroUsd } = found.receipt
  const { chainId, addresses } = market.deployment
  const value = decodeStruct('LeaseReceipt', fields)
  const signerOf = (of: LeaseReceipt, signature: string) =>
    recoverStructSigner({ chainId, verifyingContract: addresses.channels }, 'LeaseReceipt', {
      value: of,
      signature: signature as Hex,
    })
  expect(signerOf(value, laneSignature)).toBe(bytes32ToAddress(lane))
  expect(signerOf(leaseReadingOf(value), nodeSignature)).toBe(bytes32ToAddress(value.nodeId))
  expect(leasePriceMicroUsd(value, decodeStruct('Terms', terms?.values))).toBe(priceMicroUsd)
  const leaf = leafOfHash('LeaseReceipt', structHash('LeaseReceipt', value))
  const proof = inclusion?.proof as Hex[]
  expect(await verifyLeaf(market.writer, { lane, epoch: epoch ?? 0, leaf, proof })).toBe(true)
  await expect(page('org_other')).rejects.toMatchObject({ code: 'not_found' })
}
