/**
 * What desks read of real rows: a lent key that lives an hour, a provider's own part of decisions and counts, the queue
 * of nodes whose checks want a person, and the decisions that a dry run makes again.
 */
import { apiErrorOf, type ApiCaller } from '@isochrone/api'
import { prng } from '@isochrone/domain'
import { addressOfKey, signStruct, type Hex } from '@isochrone/protocol'
import {
  createReplicaPool,
  decide,
  mergeRouting,
  packPlacement,
  parsePlacementRecord,
  parseRoutingPolicy,
  replayDecision,
  type ReplicaOffer,
} from '@isochrone/scheduler'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoPassword, seed } from './seed.ts'
import { startTestControlPlane, type TestControlPlane } from './seed/test-control-plane.ts'

let plane: TestControlPlane
let team: ApiCaller
let provider: ApiCaller
let admin: ApiCaller
let orgId = ''
let node: { id: string; nodeId: string; providerId: string; name: string }

const lane = `0x${'11'.repeat(32)}`
const none = { tokens: 0, bytes: 0, latency: 0, generation: 0, sloTtft: 0, sloTpot: 0, failure: 0 }
const candidate = (nodeId: string, tokens: number) => ({
  nodeId,
  score: tokens,
  terms: { ...none, tokens },
  ttftMs: 100,
  tpotMs: 10,
})

beforeAll(async () => {
  plane = await startTestControlPlane()
  await seed(plane.ctx)
  team = await plane.as(await plane.signIn('team@isochrone.test', demoPassword))
  provider = await plane.as(await plane.signIn('provider@isochrone.test', demoPassword))
  admin = await plane.as(await plane.signIn('admin@isochrone.test', demoPassword))
  orgId = (await team.session.me())?.activeOrganisation?.id ?? ''
  node = await plane.db.node.findFirstOrThrow({ orderBy: { createdAt: 'asc' } })
}, 300_000)
afterAll(() => plane?.stop())

async function addRequest(n: number, placement: object, receivedAt = new Date()): Promise<void> {
  const channel = await plane.db.channel.findUniqueOrThrow({ where: { orgId } })
  await plane.db.request.create({
    data: {
      id: `req_desk${n}`,
      orgId,
      channelId: channel.id,
      lane,
      path: '/v1/chat/completions',
      model: 'm',
      stream: false,
      status: 'succeeded',
      httpStatus: 200,
      idHash: `0x${n.toString(16).padStart(64, '0')}`,
      receivedAt,
      finishedAt: receivedAt,
      tokensIn: 1,
      tokensCached: 0,
      tokensOut: 1,
      priceMicroUsd: 1n,
      attempts: [],
      placement,
    },
  })
}

test('a lent key is listed while it lives, limited, and forgotten when the next is lent after its hour', async () => {
  const { apiKeys } = plane.controlPlane
  const first = await apiKeys.lend({ orgId, name: 'Playground of A' })
  expect((await team.keys.list()).map(({ id }) => id)).toContain(first.keyId)
  const [state] = await plane.store.control.apiKeys([first.keyId])
  expect(state).toMatchObject({ orgId, enabled: true, expiresAtMs: first.expiresAtMs, requestsPerMinuteMax: 30 })
  expect(JSON.stringify(state)).not.toContain(first.secret)
  expect(await plane.store.apiKeys.orgOfHash(state?.keyHash ?? '')).toBe(orgId)
  expect(await plane.store.apiKeys.orgOfHash('nobody')).toBeNull()

  await plane.db.apiKey.update({ where: { id: first.keyId }, data: { expiresAt: new Date(Date.now() - 1_000) } })
  expect((await team.keys.list()).map(({ id }) => id)).not.toContain(first.keyId)
  const second = await apiKeys.lend({ orgId, name: 'Playground of A' })
  expect(await plane.db.apiKey.count({ where: { id: first.keyId } })).toBe(0)
  expect(await plane.db.apiKeyLimits.count({ where: { keyId: first.keyId } })).toBe(0)
  await team.keys.revoke({ id: second.keyId })
  expect((await team.keys.list()).map(({ id }) => id)).not.toContain(second.keyId)
})

/** Of this web process nobody said where it is, which is inside no residency. */
test('the playground passes nothing on for an organisation with a residency, whoever has pasted its key', async () => {
  const { apiKeys } = plane.controlPlane
  const { secret } = await apiKeys.lend({ orgId, name: 'Playground of A' })
  const anyGateway = await apiKeys.relayGateways({ orgId, secret })
  expect(anyGateway).toHaveLength(1)
  const settings = await plane.db.orgSettings.findUniqueOrThrow({ where: { orgId } })
  await plane.db.orgSettings.update({ where: { orgId }, data: { routing: { regions: ['DE'] } } })
  for (const asked of [
    { orgId, secret: null },
    { orgId: 'org_of-another', secret },
  ]) {
    await expect(apiKeys.relayGateways(asked)).rejects.toThrow('forbidden')
  }
  expect(await apiKeys.relayGateways({ orgId: 'org_of-another', secret: null })).toEqual(anyGateway)
  await plane.db.orgSettings.update({ where: { orgId }, data: { routing: settings.routing ?? {} } })
})

test('a provider is told of its own nodes in recent decisions, and nothing of rival, request or tenant', async () => {
  const rival = `0x${'77'.repeat(32)}`
  const chosenRival = { choice: rival, explored: false, candidates: [candidate(rival, 10), candidate(node.nodeId, 30)] }
  await addRequest(1, chosenRival)
  await addRequest(2, { choice: node.nodeId, explored: false, candidates: [candidate(node.nodeId, 5)] })
  await addRequest(3, { choice: rival, rejected: [{ nodeId: node.nodeId, reason: 'outside_residency' }] })
  await addRequest(4, { choice: rival, candidates: [candidate(rival, 1)] })
  await addRequest(5, {})
  await addRequest(6, chosenRival, new Date(Date.now() - 2 * 86_400_000))
  const jobs = await provider.provider.jobs()
  expect(jobs.looked).toBe(5)
  expect(jobs.nodes).toEqual([
    {
      id: node.id,
      name: node.name,
      simulated: expect.any(Boolean),
      named: 3,
      won: 1,
      lost: [{ reason: 'price', count: 1, toOwn: 0, byUsd: 0.00002, byMs: null }],
      masked: [{ reason: 'outside_residency', count: 1 }],
    },
  ])
  expect(JSON.stringify(jobs.nodes)).not.toMatch(new RegExp(`${rival}|req_desk|${orgId}`))
})

test('SLO standing sums the newest version of each record, and leaves invalid ones out', async () => {
  const record = { nodeId: node.nodeId, lane, providerId: node.providerId, earnedMicroUsd: 1n, countsRoot: lane }
  const signed = { record: {}, laneSignature: '0x', status: 'final' as const }
  const counts = (ttftOver: number) => ({ ttftSamples: 100, ttftOver, tpotSamples: 50, tpotOver: 1 })
  const add = async (epoch: bigint, version: number, ttftOver: number, status: 'final' | 'invalid' = 'final') => {
    await plane.db.performanceRecord.create({
      data: { ...record, ...signed, status, epoch, version, attempts: 10, faults: 1 },
    })
    await plane.db.slaCounts.create({
      data: {
        nodeId: node.nodeId,
        lane,
        epoch,
        version,
        channelId: lane,
        termsHash: lane,
        leaf: lane,
        counts: counts(ttftOver),
        broken: ttftOver > 20 ? 2 : 0,
        creditMicroUsd: ttftOver > 20 ? 7n : null,
      },
    })
  }
  await add(1n, 1, 99)
  await add(1n, 2, 30)
  await add(2n, 1, 5)
  await add(3n, 1, 80, 'invalid')
  expect((await provider.provider.jobs()).slo).toEqual([
    {
      id: node.id,
      name: node.name,
      attempts: 20,
      faults: 2,
      ttft: { samples: 200, over: 35 },
      tpot: { samples: 100, over: 2 },
      breaches: 1,
      creditMicroUsd: 7n,
    },
  ])
})

test('the queue shows what wants a person, with its evidence, and a new check is asked for with a reason on record', async () => {
  const { verification } = plane.store
  const later = new Date(Date.now() + 3_600_000)
  await verification.makeDue(node.nodeId, later)
  await verification.finish({ nodeId: node.nodeId, status: 'verified', dueAt: later, checkedAt: new Date() })
  const check = (id: string, verdict: 'valid' | 'unverifiable', checkedAt: Date) => ({
    id,
    nodeId: node.nodeId,
    kind: 'region' as const,
    verdict,
    finding: 'the light says so',
    fix: null,
    inputs: { rttMs: 12.5 },
    simulated: false,
    checkedAt,
    validUntil: later,
  })
  await verification.insertChecks([check('check_1', 'valid', new Date(Date.now() - 60_000))])
  const ids = async (input: Parameters<ApiCaller['admin']['verification']>[0]) =>
    (await admin.admin.verification(input)).items.map(({ id }) => id)
  expect(await ids({})).not.toContain(node.id)
  await verification.insertChecks([check('check_2', 'unverifiable', new Date())])
  const [shown] = (await admin.admin.verification({ q: node.name.toUpperCase() })).items
  expect(shown).toMatchObject({ id: node.id, standing: 'verified', checks: [{ verdict: 'unverifiable' }] })
  expect(JSON.parse(shown?.checks[0]?.inputs ?? '')).toEqual({ rttMs: 12.5 })
  expect(await ids({ q: '%' })).toEqual([])
  expect(await ids({ show: 'failed' })).not.toContain(node.id)
  expect(await ids({ show: 'due' })).not.toContain(node.id)

  const refused = await admin.admin.recheckNode({ id: node.id, reason: '  ' }).catch(apiErrorOf)
  expect(refused).toMatchObject({ code: 'invalid_input', field: 'reason' })
  await admin.admin.recheckNode({ id: node.id, reason: 'its region looks wrong' })
  expect(await ids({ show: 'due' })).toContain(node.id)
  const unknown = await admin.admin.recheckNode({ id: 'node_nowhere', reason: 'x' }).catch(apiErrorOf)
  expect(unknown).toMatchObject({ code: 'not_found' })
  const { items } = await admin.admin.audit({ action: 'admin.recheckNode', subject: node.id })
  expect(items.map(({ outcome }) => outcome)).toEqual(['done', 'asked', 'invalid_input', 'asked'])
  expect(items[0]?.detail).toMatchObject({ reason: 'its region looks wrong' })
})

test('of a request, the checks of its node’s region last before it and first after it are found', async () => {
  const { offers, verification } = plane.store
  const at = (minutes: number) => new Date(Date.now() - 86_400_000 + minutes * 60_000)
  const rest = { kind: 'region' as const, verdict: 'valid' as const, fix: null, simulated: true, validUntil: at(0) }
  const check = (nodeId: string, minutes: number) => ({
    ...rest,
    id: `check_around_${nodeId.slice(-4)}_${minutes}`,
    nodeId,
    finding: `at ${minutes}`,
    inputs: { reports: [] },
    checkedAt: at(minutes),
  })
  const other = (await plane.db.node.findFirstOrThrow({ where: { nodeId: { not: node.nodeId } } })).nodeId
  await verification.insertChecks([...[1, 2, 8, 9].map((minutes) => check(node.nodeId, minutes)), check(other, 5)])
  const around = async (minutes: number) =>
    (await offers.regionChecksAround(node.nodeId, at(minutes))).map(({ finding }) => finding)
  expect(await around(5)).toEqual(['at 2', 'at 8'])
  expect(await around(2)).toEqual(['at 2', 'at 8'])
  expect((await around(0))[0]).toBe('at 1')
  expect(await offers.regionChecksAround('0x00', at(5))).toEqual([])
})

test('pages of the queue follow one another without a gap or a repetition', async () => {
  const nodes = await plane.db.node.findMany()
  const dueAt = new Date(Date.now() + 7_200_000)
  for (const { nodeId } of nodes) {
    await plane.store.verification.makeDue(nodeId, dueAt)
    await plane.store.verification.finish({ nodeId, status: 'failed', dueAt, checkedAt: new Date() })
  }
  const seen: string[] = []
  let cursor: string | undefined
  for (let turn = 0; turn <= nodes.length; turn++) {
    const page = await admin.admin.verification({ show: 'failed', limit: 1, cursor })
    seen.push(...page.items.map(({ id }) => id))
    if (page.nextCursor === null) break
    cursor = page.nextCursor
  }
  expect(seen.toSorted()).toEqual(nodes.map(({ id }) => id).toSorted())
})

test('a dry run reads the decisions of the organisation and of the last day alone', async () => {
  const { requests, unreadable } = await team.organisation.dryRunRouting({ routing: { sort: 'price' } })
  expect({ requests, unreadable }).toEqual({ requests: 0, unreadable: 5 })
  expect(await provider.organisation.dryRunRouting({ routing: {} })).toMatchObject({ requests: 0, unreadable: 0 })
})

test("a request's page has the rows of its decision, which a gateway stores by columns", async () => {
  const pool = createReplicaPool({ prefixBlocksMax: 1 })
  for (const id of ['a', 'b', 'c']) pool.upsert(offerOf(id))
  const { policy } = parseRoutingPolicy({})
  const request = {
    requestId: 'req_desk7',
    modelHash: null,
    tokensIn: 100,
    tokensOutMax: 400,
    tokensOutExpected: 200,
    bytesIn: 400,
    prefixHashes: [],
    prefixBlockTokens: 16,
    policy: mergeRouting({ organisation: policy, request: policy }),
    excludeNodeIds: [],
  }
  const record = decide(pool, request, prng(1), Date.now()).record()
  await addRequest(7, packPlacement(record) as object)
  const { placement } = await team.requests.detail({ id: 'req_desk7' })
  expect(placement).toMatchObject({ sampled: record.sampled.map(({ offer: { nodeId } }) => ({ offer: { nodeId } })) })
  expect(replayDecision(parsePlacementRecord(placement)).differences).toEqual([])
  const { requests } = await team.organisation.dryRunRouting({ routing: { sort: 'price' } })
  expect(requests).toBe(1)
})

const offerOf = (nodeId: string): ReplicaOffer => ({
  nodeId,
  providerId: `provider ${nodeId}`,
  modelHash: lane,
  failureDomain: nodeId,
  region: 'eu-de',
  country: 'DE',
  tier: 'cloud',
  gpuClass: 'H200',
  trust: 'challenged',
  dataPolicy: 'any',
  contextTokensMax: 131_072,
  prices: { inPerMtok: 100_000, cachedPerMtok: 20_000, outPerMtok: 400_000, inPerGb: 0, outPerGb: 0 },
  concurrencyMax: 64,
})

test('a host that is declared as shared is so from the moment that its node joins', async () => {
  const draft = {
    machine: {
      nodeName: 'declared',
      region: 'eu-de',
      country: 'DE',
      tier: 'cloud',
      dataPolicy: 'any',
      sharedHost: true,
    },
  } as const
  const made = await provider.listings.create({ key: crypto.randomUUID() })
  const saved = await provider.listings.save({ id: made.id, version: made.version, draft })
  const { token } = await provider.listings.command({ id: made.id, version: saved.version })
  const privateKey = `0x${'5a'.repeat(32)}` as const
  const nodeKey = addressOfKey(privateKey)
  const { chainId, registry } = plane.deps.chain
  const claim = { providerId: node.providerId as Hex, nodeKey }
  const { signature } = signStruct({ chainId, verifyingContract: registry }, 'NodeKey', claim, privateKey)
  const inventory = {
    hardware: 'one core',
    cpuModel: 'a CPU',
    cpuCores: 1,
    memoryMib: 1_024,
    gpus: [],
    agentVersion: '0.1.0',
    os: 'Linux',
  }
  const { nodeId } = await plane.controlPlane.providers.joinNode({ token, nodeKey, proof: signature, inventory })
  const joined = await plane.store.providers.node(nodeId)
  expect(joined?.terms.document).toMatchObject({ sharedHost: true, nodeName: 'declared' })
})
