/** Ingestion into the real Postgres: exactly once, whatever is repeated, reordered or broken. */
import { systemClock } from '@isochrone/domain'
import { createDb, createStore, isDataError, type Db } from '@isochrone/db'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { addressOfKey, addressToBytes32, randomBytes32, type Hex } from '@isochrone/protocol'
import { ingestReceiptEntries } from '@isochrone/services'
import { testLane, type TestRequest } from '@isochrone/services/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'

let stack: TestStack
let db: Db
const nodeKey = randomBytes32()

beforeAll(async () => {
  stack = await startTestStack({ postgres: true })
  db = createDb(stack.databaseUrl)
})
afterAll(async () => {
  await db?.$disconnect()
  await stack?.stop()
})

const ingest = (entries: readonly unknown[]) =>
  ingestReceiptEntries(
    { store: createStore(db), clock: systemClock, isDataError },
    entries.map((entry, index) => ({ id: `${index}-0`, json: JSON.stringify(entry) })),
  )

let counter = 0
function request(channelId: Hex, priceMicroUsd: bigint, extra: Partial<TestRequest> = {}): TestRequest {
  const requestId = `req_${String(++counter).padStart(32, '0')}`
  return { requestId, orgId: 'org_a', channelId, providerId: randomBytes32(), nodeKey, priceMicroUsd, ...extra }
}

test('an entry that comes twice, in any order and in any batch, is stored once', async () => {
  const lane = testLane()
  const channel = randomBytes32()
  const entries = Array.from({ length: 20 }, (_, index) => lane.finish(request(channel, BigInt(index))))
  const close = lane.close()
  await ingest([close, ...entries.slice(10)])
  await ingest([...entries.toReversed(), close, entries[3], entries[3]])
  const rows = await db.receipt.findMany({ where: { lane: lane.lane } })
  expect(rows).toHaveLength(20)
  expect(rows.reduce((sum, row) => sum + row.priceMicroUsd, 0n)).toBe(190n)
  expect(rows.every((row) => row.epoch === 1n)).toBe(true)
  expect(await db.request.count({ where: { lane: lane.lane } })).toBe(20)
  expect(await db.epoch.count({ where: { lane: lane.lane } })).toBe(1)
})

/** What a budget counts: each receipt once, on the day that its request came in, whatever is repeated or recovered. */
test('what was billed through a key is summed by day and lane, exactly once', async () => {
  const lane = testLane()
  const channel = randomBytes32()
  const [monday, tuesday] = [Date.parse('2026-11-23T23:59:59.999Z'), Date.parse('2026-11-24T00:00:00Z')]
  const entryAt = (receivedAtMs: number, price: bigint, keyId: string | null = 'key_sum') => {
    const entry = lane.finish(request(channel, price))
    return { ...entry, request: { ...entry.request, keyId, receivedAtMs } }
  }
  const cut = { ...entryAt(monday, 30n), type: 'receipt-recovered' }
  const entries = [entryAt(monday, 1n), entryAt(monday, 2n), entryAt(tuesday, 4n), entryAt(monday, 0n), cut]
  const others = [entryAt(monday, 64n, 'key_other'), entryAt(monday, 128n, null)]
  await ingest([...entries, ...others, entries[0]])
  await Promise.all([ingest(entries.toReversed()), ingest([entries[2], cut])])
  const { apiKeys } = createStore(db)
  const spent = (fromMs: number, toMs: number | null) => apiKeys.spentByLane([{ keyId: 'key_sum', fromMs, toMs }])
  expect(await spent(monday, tuesday)).toEqual([{ keyId: 'key_sum', lane: lane.lane, microUsd: 33n }])
  expect(await spent(tuesday, null)).toMatchObject([{ microUsd: 4n }])
  expect(await spent(0, null)).toMatchObject([{ microUsd: 37n }])
  expect(await db.apiKeySpend.count({ where: { lane: lane.lane } })).toBe(3)
})

test('a broken entry is rejected with a reason and holds up nobody else', async () => {
  const lane = testLane()
  const good = lane.finish(request(randomBytes32(), 5n))
  const lying = lane.finish(request(randomBytes32(), 6n))
  lying.request.priceMicroUsd = '7'
  const result = await ingest([{ type: 'nonsense' }, good, lying])
  expect(result.stored).toBe(1)
  expect(result.rejected.map(({ id }) => id)).toEqual(['0-0', '2-0'])
  expect(result.rejected[1]?.reason).toContain('7 µUSD')
  expect(await db.receipt.count({ where: { lane: lane.lane } })).toBe(1)
})

test('two receipts of one lane under one number: the first stays, the second is rejected', async () => {
  const laneKey = randomBytes32()
  const first = testLane({ laneKey })
  const second = testLane({ laneKey })
  const honest = request(randomBytes32(), 5n)
  expect((await ingest([first.finish(honest)])).stored).toBe(1)
  const other = testLane({ laneKey }).finish(request(randomBytes32(), 2n))
  const { stored, rejected } = await ingest([second.finish(request(randomBytes32(), 9n)), other])
  expect(stored).toBe(0)
  expect(rejected.map(({ reason }) => reason).join()).toContain('signed')
  const rows = await db.receipt.findMany({ where: { lane: first.lane } })
  expect(rows.map((row) => row.requestId)).toEqual([honest.requestId])
})

test('a performance record is stored once with its counts, and the signature of its node may come later', async () => {
  const lane = testLane()
  await db.organization.create({ data: { id: 'org_p', name: 'P', slug: 'p' } })
  const provider = {
    id: 'provider',
    orgId: 'org_p',
    name: 'P',
    ownerAddress: '',
    payoutAddress: '',
    salt: '',
    feeBps: 0,
  }
  await db.provider.create({ data: provider })
  await db.terms.create({ data: { hash: 'terms', providerId: 'provider', document: {} } })
  const nodeId = addressToBytes32(addressOfKey(nodeKey))
  const place = { region: 'local', country: 'DE', failureDomain: 'one' }
  const node = { nodeId, id: 'node_1', name: 'one', providerId: 'provider', termsHash: 'terms', ...place }
  await db.node.create({ data: node })
  const [first, second] = [randomBytes32(), randomBytes32()]
  for (const [channel, price] of [
    [first, 3n],
    [second, 4n],
    [first, 5n],
  ] as const)
    lane.finish(request(channel, price))
  lane.close()
  const unsigned = lane.performance({ nodeSigns: false })
  expect((await ingest([...unsigned, ...unsigned])).stored).toBe(2)
  await ingest(lane.performance())
  const [row, ...others] = await db.performanceRecord.findMany({
    where: { lane: lane.lane },
    include: { counts: true },
  })
  expect(others).toEqual([])
  expect(row).toMatchObject({ providerId: 'provider', earnedMicroUsd: 12n, attempts: 3, status: 'signed' })
  expect(row?.nodeSignature).toMatch(/^0x/)
  expect(row?.counts.map(({ channelId }) => channelId).toSorted()).toEqual([first, second].toSorted())
})

test('a record that its counts contradict, or of a node that nobody knows, is kept aside with the reason', async () => {
  const lane = testLane()
  lane.finish(request(randomBytes32(), 3n))
  const stranger = randomBytes32()
  lane.finish({ ...request(randomBytes32(), 3n), nodeKey: stranger })
  lane.close()
  const [known, unknown] = lane.performance()
  const dearer = { ...known, record: { ...known?.record, earned: '9' } }
  const { stored, rejected } = await ingest([dearer, unknown, known])
  expect(stored).toBe(1)
  expect(rejected.map(({ reason }) => reason).join()).toMatch(/its counts 3.*nobody knows node/s)
})

test('what an engine may say and jsonb refuses is stored, with its receipt', async () => {
  const lane = testLane()
  const jobId = 'job_nul'
  const queued = request(randomBytes32(), 5n, { jobId, answer: { text: 'a\0b\ud800' } })
  await db.job.create({
    data: { id: jobId, orgId: 'org_a', requestId: queued.requestId, path: '/v1/completions', model: 'tiny', body: {} },
  })
  expect(await ingest([lane.finish(queued)])).toEqual({ stored: 1, rejected: [] })
  const job = await db.job.findUniqueOrThrow({ where: { id: jobId } })
  expect(job).toMatchObject({ status: 'succeeded', answer: { text: 'a\u{FFFD}b\u{FFFD}' }, httpStatus: 200 })
})

test('a job that was cancelled stays cancelled, and its receipt is stored all the same', async () => {
  const lane = testLane()
  const queued = request(randomBytes32(), 5n, { jobId: 'job_cancelled', answer: { ok: true } })
  const { requestId } = queued
  await db.job.create({
    data: { id: 'job_cancelled', orgId: 'o', requestId, path: '/', model: 'tiny', body: {}, status: 'cancelled' },
  })
  expect((await ingest([lane.finish(queued)])).stored).toBe(1)
  expect((await db.job.findUniqueOrThrow({ where: { id: 'job_cancelled' } })).status).toBe('cancelled')
})

test('a request told of twice keeps its success and costs the sum of its receipts', async () => {
  const lane = testLane()
  const channel = randomBytes32()
  const failed = request(channel, 3n, { status: 'failed' })
  const succeeded = { ...failed, status: 'succeeded' as const, priceMicroUsd: 4n }
  const recovered = { ...lane.finish({ ...failed, priceMicroUsd: 2n }), type: 'receipt-recovered' }
  await ingest([recovered])
  await ingest([lane.finish(failed)])
  await ingest([lane.finish(succeeded)])
  const row = await db.request.findUniqueOrThrow({ where: { id: failed.requestId }, include: { receipts: true } })
  expect(row.status).toBe('succeeded')
  expect(row.receipts).toHaveLength(3)
  expect(row.priceMicroUsd).toBe(9n)
})

/** The team sees one refund, however often the journal is read. */
test('a recount is stored once, the first as it was told, and taken off what the lane has signed', async () => {
  const lane = testLane()
  const channelId = randomBytes32()
  const nodeId = addressToBytes32(addressOfKey(nodeKey))
  const finished = lane.finish(request(channelId, 40n))
  const entry = {
    type: 'metering-recounted',
    lane: lane.lane,
    seq: 1,
    requestId: finished.request.requestId,
    attempt: 0,
    orgId: 'org_a',
    channelId,
    providerId: randomBytes32(),
    nodeId,
    model: 'demo',
    billed: { tokensIn: 20, tokensCached: 0, tokensOut: 10 },
    recounted: { tokensIn: 20, tokensCached: 0, tokensOut: 3 },
    countedIn: null,
    countedOut: 3,
    priceMicroUsd: '40',
    refundMicroUsd: '14',
    countedAtMs: 1_700_000_000_000,
  }
  const late = { ...entry, refundMicroUsd: '0', countedAtMs: 1_700_000_060_000 }
  expect((await ingest([entry, entry, finished])).rejected).toEqual([])
  await ingest([late, entry])
  const rows = await db.meteringRecount.findMany({ where: { lane: lane.lane } })
  expect(rows).toMatchObject([{ seq: 1n, billedOut: 10, recountedOut: 3, refundMicroUsd: 14n }])
  expect(await createStore(db).requests.signedByChannel([channelId])).toEqual([
    { channelId, lane: lane.lane, microUsd: 26n },
  ])
  const { recounts } = createStore(db)
  expect(await recounts.recountOf(lane.lane, 1n)).toMatchObject({ refundMicroUsd: 14n })
  expect(await recounts.recountOf(lane.lane, 2n)).toBeNull()
  // What the epoch's page says of its vouchers, in whichever epoch the receipt is.
  expect(await recounts.correctedIn(lane.lane, 1n, 1n)).toEqual({ count: 1, refundMicroUsd: 14n })
  expect(await recounts.correctedIn(lane.lane, 2n, 9n)).toEqual({ count: 0, refundMicroUsd: 0n })
  const wrong = [
    { ...entry, seq: 2, refundMicroUsd: '41' },
    { ...entry, seq: 2, recounted: { ...entry.recounted, tokensOut: 11 } },
  ]
  const { rejected } = await ingest(wrong)
  expect(rejected.map(({ reason }) => reason)).toEqual([
    expect.stringContaining('is refunded 41'),
    expect.stringContaining('recounted upwards'),
  ])
})
