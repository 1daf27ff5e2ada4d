/**
 * Another organisation's ids are not found: every procedure that takes an id is called by a stranger with the id of
 * something that is really there, and by its owner to see that it is.
 */
import {
  apiErrorOf,
  appRouter,
  createCaller,
  procedureAccess,
  type ApiCaller,
  type ProcedurePath,
} from '@isochrone/api'
import type { Viewer } from '@isochrone/services'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoPassword, seed } from './seed.ts'
import { listingCommand } from './seed/listing-command.ts'
import { startTestControlPlane, type TestControlPlane } from './seed/test-control-plane.ts'

let plane: TestControlPlane
let owner: ApiCaller
let ownerProvider: ApiCaller
let stranger: ApiCaller
/** By procedure: the id of something that belongs to the demo's team or provider, with what else the procedure wants. */
let foreign: Partial<Record<ProcedurePath, Record<string, unknown>>>

const DISPUTE = '7'
const RECEIPT = { lane: `0x${'11'.repeat(32)}`, seq: 1 }
const LEASE_RECEIPT = { lane: RECEIPT.lane, seq: 2 }
const LEASE_HASH = `0x${'66'.repeat(32)}`
const text = { mediaType: 'text/plain', text: 'because' }

beforeAll(async () => {
  plane = await startTestControlPlane()
  await seed(plane.ctx)
  owner = await plane.as(await plane.signIn('team@isochrone.test', demoPassword))
  ownerProvider = await plane.as(await plane.signIn('provider@isochrone.test', demoPassword))
  const org = { id: 'org_stranger', name: 'S', slug: 's', role: 'owner', providerId: `0x${'99'.repeat(32)}` } as const
  const viewer: Viewer = {
    userId: 'user_stranger',
    name: 'Stranger',
    email: 's@example.test',
    admin: false,
    organisations: [org],
    activeOrganisation: org,
  }
  stranger = createCaller({ controlPlane: plane.controlPlane, viewer })
  const keyId = (await owner.keys.list())[0]?.id
  const orgId = (await owner.session.me())?.activeOrganisation?.id ?? ''
  const { endpoint } = await owner.webhooks.create({
    url: 'https://example.test/hook',
    events: ['job.failed'],
    key: 'a-key-of-the-page',
  })
  await placeRows(orgId, endpoint.id)
  const { joinTokenId } = await listingCommand(ownerProvider, { nodeName: 'n' })
  const content = (async function* () {
    yield Buffer.from('{}')
  })()
  const file = await plane.controlPlane.batches.upload({ orgId, filename: 'in.jsonl', bytes: 2, content })
  const batch = await owner.batches.create({ fileId: file.id, endpoint: '/v1/embeddings', key: 'a-key-of-the-page' })
  const listing = await ownerProvider.listings.create({ key: 'a-key-of-the-page' })
  const at = { id: listing.id, version: listing.version }
  foreign = {
    'listings.detail': { id: listing.id },
    'listings.save': { ...at, draft: {} },
    'listings.command': at,
    'listings.submit': at,
    'listings.withdraw': at,
    'listings.retire': at,
    'leases.detail': { id: 'lease_theirs' },
    'leases.rent': { quoteId: 'lease_theirs' },
    'leases.extend': { id: 'lease_theirs', durationMinutes: 60, key: 'k' },
    'leases.stop': { id: 'lease_theirs' },
    'disputes.filingTerms': RECEIPT,
    'disputes.file': { ...RECEIPT, kind: 'overcharge', amountUsd: '1', evidence: text },
    'receipts.detail': LEASE_RECEIPT,
    'receipts.place': { hash: LEASE_HASH },
    'requests.detail': { id: 'req_theirs' },
    'jobs.detail': { id: 'job_theirs' },
    'jobs.cancel': { id: 'job_theirs' },
    'jobs.retry': { id: 'job_theirs' },
    'batches.detail': { id: batch.id },
    'batches.cancel': { id: batch.id },
    'batches.create': { fileId: file.id, endpoint: '/v1/embeddings', key: 'another-key' },
    'webhooks.remove': { id: endpoint.id },
    'webhooks.redeliver': { id: 'msg_theirs' },
    'keys.setBudget': { id: keyId, budget: null },
    'keys.revoke': { id: keyId },
    'provider.revokeJoinToken': { id: joinTokenId },
    'disputes.detail': { id: DISPUTE },
    'disputes.respond': { id: DISPUTE, answer: text },
    'disputes.appeal': { id: DISPUTE },
  }
}, 300_000)
afterAll(() => plane?.stop())

async function placeRows(orgId: string, endpointId: string): Promise<void> {
  const { db } = plane
  const now = new Date()
  const channel = await db.channel.findUniqueOrThrow({ where: { orgId } })
  const provider = await db.provider.findFirstOrThrow()
  await db.request.create({
    data: {
      id: 'req_theirs',
      orgId,
      channelId: channel.id,
      lane: `0x${'11'.repeat(32)}`,
      path: '/v1/chat/completions',
      model: 'm',
      stream: false,
      status: 'succeeded',
      httpStatus: 200,
      idHash: `0x${'33'.repeat(32)}`,
      receivedAt: now,
      finishedAt: now,
      tokensIn: 1,
      tokensCached: 0,
      tokensOut: 1,
      priceMicroUsd: 1n,
      attempts: [],
      placement: {},
    },
  })
  const node = await db.node.findFirstOrThrow()
  await db.receipt.create({
    data: {
      lane: RECEIPT.lane,
      seq: 1n,
      deliveryHash: `0x${'44'.repeat(32)}`,
      requestId: 'req_theirs',
      requestIdHash: `0x${'33'.repeat(32)}`,
      attempt: 0,
      nodeId: node.nodeId,
      channelId: channel.id,
      priceMicroUsd: 2n,
      fault: 0,
      startedAtMs: 1n,
      delivery: {},
      deliverySignature: '0x',
    },
  })
  const lease = {
    id: 'lease_theirs',
    orgId,
    createdBy: 'user',
    nodeId: node.nodeId,
    termsHash: node.termsHash,
    model: 'm',
    gpus: 1,
    durationMs: 3_600_000n,
    perGpuHourMicroUsd: 1n,
    maxPerGpuHourMicroUsd: 1n,
    reserveMicroUsd: 1n,
  }
  await db.leaseQuote.create({ data: { ...lease, placement: {}, expiresAt: new Date(now.getTime() + 3_600_000) } })
  const { reserveMicroUsd: reservedMicroUsd, ...rented } = lease
  const onNode = { channelId: channel.id, providerId: provider.id, idHash: `0x${'55'.repeat(32)}` }
  await db.lease.create({ data: { ...rented, ...onNode, reservedMicroUsd, status: 'running' } })
  await db.leaseReceipt.create({
    data: {
      lane: LEASE_RECEIPT.lane,
      seq: 2n,
      hash: LEASE_HASH,
      leaseId: 'lease_theirs',
      nodeId: node.nodeId,
      channelId: channel.id,
      fromMs: 0n,
      toMs: 1n,
      gpuMs: 1n,
      priceMicroUsd: 1n,
      receipt: {},
      laneSignature: '0x',
      nodeSignature: '0x',
      epoch: 3n,
    },
  })
  await db.job.create({
    data: {
      id: 'job_theirs',
      orgId,
      requestId: 'req_of_job',
      path: '/v1/chat/completions',
      model: 'm',
      body: {},
      status: 'failed',
    },
  })
  await db.webhookDelivery.create({
    data: {
      id: 'msg_theirs',
      endpointId,
      orgId,
      type: 'job.failed',
      jobId: 'job_theirs',
      payload: {},
      status: 'dead',
      nextAttemptAt: now,
      createdAt: now,
    },
  })
  await db.dispute.create({
    data: {
      id: BigInt(DISPUTE),
      state: 'filed',
      kind: 'overcharge',
      filer: channel.ownerAddress,
      subject: `0x${'22'.repeat(32)}`,
      channelId: channel.id,
      providerId: provider.id,
      lane: `0x${'11'.repeat(32)}`,
      epoch: 1n,
      amountMicroUsd: 1n,
      priceMicroUsd: 2n,
      bondMicroUsd: 3n,
      frozenMicroUsd: 0n,
      lockedMicroUsd: 0n,
      refundMicroUsd: 0n,
      appealBondMicroUsd: 0n,
      appealRefundMicroUsd: 0n,
      deadlineS: 4_000_000_000n,
      filedAtMs: 1n,
    },
  })
}

async function call(caller: ApiCaller, path: string, input: unknown): Promise<string> {
  const [namespace = '', verb = ''] = path.split('.')
  const groups = caller as unknown as Record<string, Record<string, (input: unknown) => Promise<unknown>>>
  return Promise.resolve(groups[namespace]?.[verb]?.(input)).then(
    () => 'ok',
    (error: unknown) => apiErrorOf(error).code,
  )
}

interface Schema {
  shape?: Record<string, unknown>
}

/** Nodes of the market and their records are anybody's to name; of another's endpoint there are no deliveries, see below. */
const noOwnersId = new Set<string>(['leases.quote', 'disputes.challengeRecord', 'webhooks.deliveries'])

/** Procedures of an organisation whose input names an id, whatever else it holds. */
function takesId(path: ProcedurePath): boolean {
  const access = procedureAccess[path]
  if (access === 'public' || access === 'user' || access === 'admin') return false
  const procedures = appRouter._def.procedures as unknown as Record<string, { _def: { inputs: Schema[] } }>
  const names = (procedures[path]?._def.inputs ?? []).flatMap(({ shape }) => Object.keys(shape ?? {}))
  return names.some((name) => name === 'id' || name.endsWith('Id')) && !noOwnersId.has(path)
}

test('every procedure that takes an id is asked for somebody else’s', () => {
  const paths = (Object.keys(procedureAccess) as ProcedurePath[]).filter(takesId)
  expect(paths.length).toBeGreaterThan(20)
  expect(paths.filter((path) => !foreign[path])).toEqual([])
})

test('what belongs to another organisation is not found, in every procedure that takes an id', async () => {
  const paths = Object.keys(foreign) as ProcedurePath[]
  const refused: Record<string, string> = {}
  for (const path of paths) refused[path] = await call(stranger, path, foreign[path])
  expect(refused).toEqual(Object.fromEntries(paths.map((path) => [path, 'not_found'])))
})

test('a file of another organisation is not found, and of another’s endpoint there are no deliveries', async () => {
  const id = String(foreign['batches.create']?.fileId)
  const { controlPlane } = plane
  await expect(controlPlane.batches.openFile({ orgId: 'org_stranger', id })).rejects.toMatchObject({
    code: 'not_found',
  })
  const endpointId = String(foreign['webhooks.remove']?.id)
  expect((await owner.webhooks.deliveries({ endpointId })).items).toHaveLength(1)
  expect((await stranger.webhooks.deliveries({ endpointId })).items).toEqual([])
})

/** A lease receipt has the next number of the lane whose first is public; what a stranger may not see is not there at all. */
test('of a lease receipt only its parties learn, by number, by hash and in the list of its epoch', async () => {
  const visitor = await plane.as(null)
  const epoch = { lane: LEASE_RECEIPT.lane, epoch: 3 }
  for (const who of [owner, ownerProvider]) {
    expect(await who.receipts.detail(LEASE_RECEIPT)).toMatchObject({ kind: 'lease', receipt: { hash: LEASE_HASH } })
    expect(await who.receipts.place({ hash: LEASE_HASH })).toEqual(LEASE_RECEIPT)
    expect((await who.epochs.leaseReceipts(epoch)).items.map(({ seq }) => seq)).toEqual([2])
  }
  for (const who of [stranger, visitor]) {
    expect(await call(who, 'receipts.detail', LEASE_RECEIPT)).toBe('not_found')
    expect(await call(who, 'receipts.place', { hash: LEASE_HASH })).toBe('not_found')
    expect((await who.epochs.leaseReceipts(epoch)).items).toEqual([])
  }
  for (const path of ['disputes.filingTerms', 'disputes.file'] as const) {
    expect(await call(stranger, path, { ...foreign[path], ...LEASE_RECEIPT })).toBe('not_found')
  }
})

test('to their owners they are there, untouched by the stranger', async () => {
  expect(await call(owner, 'requests.detail', foreign['requests.detail'])).toBe('ok')
  expect(await call(owner, 'jobs.detail', foreign['jobs.detail'])).toBe('ok')
  expect(await call(owner, 'batches.detail', foreign['batches.detail'])).toBe('ok')
  expect((await plane.db.batch.findFirstOrThrow()).status).toBe('validating')
  expect(await call(owner, 'leases.detail', foreign['leases.detail'])).toBe('ok')
  expect(await call(ownerProvider, 'listings.detail', foreign['listings.detail'])).toBe('ok')
  expect((await plane.db.lease.findUniqueOrThrow({ where: { id: 'lease_theirs' } })).status).toBe('running')
  expect(await owner.webhooks.list()).toHaveLength(1)
  expect((await owner.keys.list())[0]?.enabled).toBe(true)
  expect(await call(owner, 'disputes.detail', { id: DISPUTE })).toBe('ok')
  expect(await call(ownerProvider, 'disputes.detail', { id: DISPUTE })).toBe('ok')
  const tokens = await ownerProvider.provider.joinTokens()
  expect(tokens.map(({ status }) => status)).not.toContain('revoked')
})
