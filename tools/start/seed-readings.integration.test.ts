/** What pages show of requests, receipts, epochs, earnings and nodes, from rows that ingestion really wrote. */
import type { ApiCaller } from '@isochrone/api'
import { isDataError } from '@isochrone/db'
import { newId } from '@isochrone/domain'
import {
  bytes32ToAddress,
  decodeStruct,
  recoverStructSigner,
  redisKeys,
  type Hex,
  type NodeLiveness,
  type ReceiptStreamEntry,
} from '@isochrone/protocol'
import { createOfferUpkeep, ingestReceiptEntries } from '@isochrone/services'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoPassword, seed } from './seed.ts'
import { startTestControlPlane, type TestControlPlane } from './seed/test-control-plane.ts'
import { publisherOf, testLane } from './seed/test-receipts.ts'

const REQUESTS = 7
let plane: TestControlPlane
let team: ApiCaller
let provider: ApiCaller
let publish: ReturnType<typeof publisherOf>
let entryId = 0

beforeAll(async () => {
  plane = await startTestControlPlane()
  await seed(plane.ctx)
  team = await plane.as(await plane.signIn('team@isochrone.test', demoPassword))
  provider = await plane.as(await plane.signIn('provider@isochrone.test', demoPassword))
  publish = publisherOf(plane)
  await plane.db.node.updateMany({ data: { status: 'active' } })
  const now = Date.now()
  // Two in the same millisecond: the page border must not lose either.
  for (let i = 0; i < REQUESTS; i++) await ingest(await finished(now - 1_000 * Math.floor(i / 2)))
})
afterAll(() => plane?.stop())

async function ingest(entry: ReceiptStreamEntry): Promise<void> {
  const json = JSON.stringify(entry)
  const deps = { store: plane.store, clock: plane.deps.clock, isDataError }
  const { stored } = await ingestReceiptEntries(deps, [{ id: `${++entryId}-0`, json }])
  expect(stored).toBe(1)
}

const finished = async (receivedAtMs: number) => publish.finish(await aRequest(receivedAtMs))

async function aRequest(receivedAtMs: number) {
  const [row] = await plane.store.providers.nodes()
  const { activeOrganisation: org } = (await team.session.me()) ?? {}
  const channel = await team.balance.walletStatus()
  const key = plane.ctx.nodes.find((node) => row?.nodeId.endsWith(node.address.slice(2).toLowerCase()))
  if (!row || !org || !channel || !key) throw new Error('the seed is incomplete')
  const node = { nodeId: row.nodeId, termsHash: row.termsHash, terms: row.terms, privateKey: key.privateKey }
  return { requestId: newId('req'), orgId: org.id, channelId: channel.channelId, node, receivedAtMs }
}

/** As a gateway reports it now. */
function livenessOf(nodeId: string, { simulated = false } = {}): NodeLiveness {
  return {
    nodeId,
    lane: testLane,
    gatewayUrl: 'http://127.0.0.1:4001',
    seenAtMs: Date.now(),
    linkedSinceMs: Date.now() - 5_000,
    hardware: 'a CPU',
    models: [{ model: 'demo', modelHash: testLane, contextTokensMax: 512, quantisation: 'f32', simulated }],
    concurrencyMax: 8,
    activeStreams: 1,
    queuedStreams: 0,
    rttMs: 9,
    simulatedRttMs: 8,
    ttftP50Ms: 14,
    ttftP95Ms: 30,
    tokensPerSecond: 300,
    estimate: null,
  }
}

test('pages of requests hold every request once, newest first, for its own organisation alone', async () => {
  const seen: { id: string; receivedAtMs: number }[] = []
  let cursor: string | undefined
  for (let page = 0; page < REQUESTS; page++) {
    const { items, nextCursor } = await team.requests.list({ limit: 3, cursor })
    seen.push(...items)
    if (nextCursor === null) break
    cursor = nextCursor
  }
  expect(new Set(seen.map(({ id }) => id)).size).toBe(REQUESTS)
  expect(seen.map(({ receivedAtMs }) => receivedAtMs)).toEqual(
    seen.map(({ receivedAtMs }) => receivedAtMs).toSorted((a, b) => b - a),
  )
  expect((await provider.requests.list({})).items).toEqual([])
  await expect(provider.requests.detail({ id: seen[0]?.id ?? '' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(team.requests.list({ cursor: "1'; --" })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
})

test('a receipt is checked, then included once its epoch closes, then followed to settlement', async () => {
  const [newest] = (await team.requests.list({ limit: 1 })).items
  const id = newest?.id ?? ''
  const verdicts = async () =>
    Object.fromEntries(
      (await team.requests.detail({ id })).receipts.flatMap(({ checks }) =>
        checks.map(({ name, verdict }) => [name, verdict]),
      ),
    )
  const signed = { delivery_signature: 'valid', work_signature: 'valid', work_matches: 'valid', price: 'valid' }
  expect(await verdicts()).toEqual({ ...signed, inclusion: 'unverifiable', work_inclusion: 'unverifiable' })
  expect(newest?.settlement).toBe('open')

  await ingest(publish.close(41))
  expect(await verdicts()).toEqual({ ...signed, inclusion: 'valid', work_inclusion: 'valid' })
  const epoch = await team.epochs.detail({ lane: testLane, epoch: 41 })
  expect(epoch).toMatchObject({ count: 2 * REQUESTS, status: 'closed' })
  // What the page's browser is given to check: the lane's own words and its signature over them.
  const { chainId, anchor: verifyingContract } = plane.deps.chain
  const value = decodeStruct('EpochAnchor', epoch.anchor)
  const signature = epoch.anchorSignature as Hex
  expect(value).toMatchObject({ lane: testLane, epoch: 41, root: epoch.root, count: epoch.count })
  expect(recoverStructSigner({ chainId, verifyingContract }, 'EpochAnchor', { value, signature })).toBe(
    bytes32ToAddress(testLane),
  )

  const txs = { anchoredTx: '0xa', claimedTx: '0xb', settledTx: '0xc' }
  await plane.db.epoch.updateMany({ data: { status: 'settled', ...txs } })
  const detail = await team.requests.detail({ id })
  expect(detail).toMatchObject({ settlement: 'settled', receipts: [{ settlement: 'settled', ...txs, epoch: 41 }] })
})

test('a row that was changed in the database fails its checks', async () => {
  const [request] = (await team.requests.list({ limit: 1 })).items
  const row = await plane.db.receipt.findFirstOrThrow({ where: { requestId: request?.id ?? '' } })
  const delivery = { ...(row.delivery as Record<string, string | number>), price: '1' }
  await plane.db.receipt.update({ where: { deliveryHash: row.deliveryHash }, data: { delivery } })
  const [receipt] = (await team.requests.detail({ id: request?.id ?? '' })).receipts
  const bad = receipt?.checks.filter(({ verdict }) => verdict !== 'valid').map(({ name }) => name)
  expect(bad).toEqual(['delivery_signature', 'price', 'inclusion'])
})

test("the payer's spending and the provider's earnings are the same sum", async () => {
  const balance = await team.balance.get()
  const overview = await provider.provider.overview()
  const earnings = await provider.provider.earnings()
  expect(balance.channel?.signedMicroUsd).toBeGreaterThan(0n)
  expect(overview.earnedMicroUsd).toBe(balance.channel?.signedMicroUsd)
  expect(overview).toMatchObject({ nodesTotal: 5, attemptsLastDay: REQUESTS, tokensOutLastDay: REQUESTS * 64 })
  expect(earnings.epochs).toMatchObject([{ epoch: 41, receipts: REQUESTS, earnedMicroUsd: overview.earnedMicroUsd }])
})

test('the marketplace shows who is live now, with what gateways measured, and who is not', async () => {
  const [row] = await plane.store.providers.nodes()
  const liveness = livenessOf(row?.nodeId ?? '')
  await plane.redis.hset(redisKeys.nodes, row?.nodeId ?? '', JSON.stringify(liveness), 'garbage', '{')
  const visitor = await plane.as(null)
  const { offers, models } = await visitor.marketplace.offers({})
  expect(offers).toHaveLength(5)
  expect(offers[0]).toMatchObject({ nodeId: row?.nodeId, live: true, measured: { ttftP50Ms: 14, simulatedRttMs: 8 } })
  expect(offers.filter(({ simulated }) => simulated)).toHaveLength(2)
  expect(models).toEqual(['demo'])
  expect((await visitor.marketplace.offers({ liveOnly: true, model: 'demo' })).offers).toHaveLength(1)
  await plane.redis.hset(redisKeys.nodes, row?.nodeId ?? '', JSON.stringify({ ...liveness, seenAtMs: 1 }))
  expect((await visitor.marketplace.offer({ id: row?.id ?? '' })).live).toBe(false)
})

test('the marketplace is searched by what receipts say, page by page, and every page is asked for by its own key', async () => {
  const keep = createOfferUpkeep({ offers: plane.store.offerUpkeep, live: plane.deps.live, clock: plane.deps.clock })
  await keep.list()
  await keep.measure()
  // Twice is once.
  await keep.list()
  await keep.measure()
  const visitor = await plane.as(null)
  const all = await visitor.marketplace.search({})
  expect(all).toMatchObject({ total: 5, nextCursor: null })
  // What the row holds for searching and paging is nobody's business.
  const internal = ['words', 'sortOffline', 'sortValue', 'total', 'liveTotal', 'measuredAt', 'listedAt']
  expect(Object.keys(all.items[0] ?? {}).filter((key) => internal.includes(key))).toEqual([])
  const prices = all.items.map(({ outMicroUsdPerMtok }) => outMicroUsdPerMtok)
  expect(prices).toEqual(prices.toSorted((a, b) => Number(a - b)))
  const measured = all.items.filter(({ samples }) => samples > 0)
  const receipts = await plane.db.receipt.findMany()
  expect(measured.reduce((sum, { samples }) => sum + samples, 0)).toBe(receipts.length)

  for (const sort of ['price', 'throughput', 'latency', 'gpu_hour', 'newest'] as const) {
    for (const reversed of [false, true]) {
      const whole = (await visitor.marketplace.search({ sort, reversed })).items.map(({ id }) => id)
      const walked: string[] = []
      let cursor: string | undefined
      do {
        const page = await visitor.marketplace.search({ sort, reversed, limit: 2, cursor })
        walked.push(...page.items.map(({ id }) => id))
        cursor = page.nextCursor ?? undefined
      } while (cursor)
      expect(walked).toEqual(whole)
      expect(new Set(walked).size).toBe(5)
    }
  }

  expect((await visitor.marketplace.search({ q: 'H200 eu-west' })).items.map(({ name }) => name)).toEqual([
    'borealis-h200',
  ])
  expect((await visitor.marketplace.search({ residency: 'EU' })).total).toBe(3)
  expect((await visitor.marketplace.search({ gpusMin: 8, realOnly: true })).items).toEqual([])
  expect((await visitor.marketplace.search({ q: "'; drop table offer; --" })).items).toEqual([])
  await expect(visitor.marketplace.search({ cursor: 'bm90IG91cnM' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  expect(await visitor.marketplace.facets()).toMatchObject({
    regions: expect.arrayContaining([expect.objectContaining({ offers: 2 })]),
  })
  expect((await visitor.marketplace.places({})).reduce((sum, { offers }) => sum + offers, 0)).toBe(5)

  const busy = measured[0]
  const history = await visitor.marketplace.history({ id: busy?.id ?? '' })
  const hours = history.hours.reduce((sum, hour) => sum + hour.attempts, 0)
  expect(hours).toBe(busy?.samples)
  expect(history.standing.reduce((sum, { receipts: count }) => sum + count, 0)).toBe(busy?.samples)
  const earned = receipts
    .filter(({ nodeId }) => nodeId === busy?.nodeId)
    .reduce((sum, row) => sum + row.priceMicroUsd, 0n)
  expect(history.hours.reduce((sum, hour) => sum + hour.priceMicroUsd, 0n)).toBe(earned)
  expect(history).toMatchObject({ verdicts: expect.any(Array), earlierVerdicts: [] })
  expect(await visitor.marketplace.provider({ id: busy?.providerId ?? '' })).toMatchObject({
    offers: 5,
    attempts: receipts.length,
  })
  await expect(visitor.marketplace.provider({ id: 'nobody' })).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('offers are sorted and bounded by round trips from the witness that a visitor names, as long as they are fresh', async () => {
  const visitor = await plane.as(null)
  const nodes = (await plane.store.providers.nodes()).map(({ nodeId }) => nodeId).toSorted()
  const [near = '', far = '', stale = ''] = nodes
  const witness = (name: string, rttUs: number) => ({
    witness: `0x${Buffer.from(name).toString('hex').padStart(40, '0').slice(0, 40)}`,
    name,
    url: `https://${name}.example`,
    isPlaceSimulated: false,
    rttUs,
    simulated: false,
  })
  const now = new Date()
  const { verification } = plane.store
  await verification.setRtts(
    near,
    [witness('fra-1', 90_000), witness('sin-1', 200_000)],
    new Date(now.getTime() - 60_000),
  )
  // A newer one takes the place of the earlier one.
  await verification.setRtts(near, [witness('fra-1', 4_500)], now)
  await verification.setRtts(far, [witness('fra-1', 31_000)], now)
  await verification.setRtts(stale, [witness('fra-1', 1_000)], new Date(now.getTime() - 24 * 3_600_000 - 1))

  const { items, total } = await visitor.marketplace.search({ from: 'fra-1', sort: 'rtt' })
  expect(total).toBe(5)
  // Live ones come first, whatever is sorted by: nobody is live here.
  expect(items.slice(0, 2).map(({ nodeId, witnessRtt }) => [nodeId, witnessRtt])).toEqual([
    [near, { witness: 'fra-1', rttMs: 4.5, simulated: false, measuredAtMs: now.getTime() }],
    [far, { witness: 'fra-1', rttMs: 31, simulated: false, measuredAtMs: now.getTime() }],
  ])
  expect(items.slice(2).map(({ witnessRtt }) => witnessRtt)).toEqual([null, null, null])
  const found = async (query: object) => (await visitor.marketplace.search(query)).items.map(({ nodeId }) => nodeId)
  expect(await found({ from: 'fra-1', rttMsMax: 31 })).toHaveLength(2)
  expect(await found({ from: 'fra-1', rttMsMax: 30.999 })).toEqual([near])
  expect(await found({ from: 'sin-1', rttMsMax: 500 })).toEqual([near])
  expect(await found({ from: 'nowhere', rttMsMax: 60_000 })).toEqual([])
  expect(
    (await visitor.marketplace.places({ from: 'fra-1', rttMsMax: 31 })).reduce((sum, { offers }) => sum + offers, 0),
  ).toBe(2)
  const first = await visitor.marketplace.search({ from: 'fra-1', sort: 'rtt', limit: 1 })
  expect(await found({ from: 'fra-1', sort: 'rtt', limit: 1, cursor: first.nextCursor ?? '' })).toEqual([far])
  const reversed = await found({ from: 'fra-1', sort: 'rtt', reversed: true })
  expect(reversed.slice(0, 2)).toEqual([far, near])
  // Without a witness there is nothing to sort or bound by.
  for (const query of [{ sort: 'rtt' }, { rttMsMax: 10 }] as const) {
    await expect(visitor.marketplace.search(query)).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  }
  expect((await visitor.marketplace.search({})).items.every(({ witnessRtt }) => witnessRtt === null)).toBe(true)
  const since = new Date(now.getTime() - 24 * 3_600_000)
  expect(await plane.store.offers.witnesses(since, 10)).toEqual([
    { name: 'fra-1', url: 'https://fra-1.example', simulated: false, nodes: 2 },
    { name: 'sin-1', url: 'https://sin-1.example', simulated: false, nodes: 1 },
  ])
})

test("a team's usage is the sum of its requests, and no other team's", async () => {
  const { by, points } = await team.requests.usage({ days: 7 })
  const rows = await plane.db.request.findMany()
  expect(by).toBe('day')
  expect(points.reduce((sum, point) => sum + point.requests, 0)).toBe(rows.length)
  expect(points.reduce((sum, point) => sum + point.priceMicroUsd, 0n)).toBe(
    rows.reduce((sum, row) => sum + row.priceMicroUsd, 0n),
  )
  expect((await provider.requests.usage({ days: 1 })).points).toEqual([])
})

test('a node is shown as simulated while it serves a simulated engine, and as real once it serves a real one', async () => {
  const keep = createOfferUpkeep({ offers: plane.store.offerUpkeep, live: plane.deps.live, clock: plane.deps.clock })
  const visitor = await plane.as(null)
  const real = (await visitor.marketplace.search({ realOnly: true })).items[0]
  const simulatedAfter = async (simulated: boolean) => {
    const liveness = livenessOf(real?.nodeId ?? '', { simulated })
    await plane.redis.hset(redisKeys.nodes, liveness.nodeId, JSON.stringify(liveness))
    await keep.list()
    return (await visitor.marketplace.search({})).items.find(({ id }) => id === real?.id)?.simulated
  }
  expect([await simulatedAfter(false), await simulatedAfter(true), await simulatedAfter(false)]).toEqual([
    false,
    true,
    false,
  ])
  await plane.redis.hdel(redisKeys.nodes, real?.nodeId ?? '')
})

test('what nodes say of themselves, however large, keeps nobody off the market; one that is revoked leaves it', async () => {
  const keep = createOfferUpkeep({ offers: plane.store.offerUpkeep, live: plane.deps.live, clock: plane.deps.clock })
  const [liar, revoked] = await plane.store.providers.nodes()
  const gpus = [{ name: 'H200', count: Number.MAX_SAFE_INTEGER, memoryMib: Number.MAX_SAFE_INTEGER, uuids: [] }]
  const inventory = { ...(liar?.inventory as object), gpus, memoryMib: Number.MAX_SAFE_INTEGER }
  await plane.db.node.update({ where: { nodeId: liar?.nodeId ?? '' }, data: { inventory, models: 'none' } })
  await plane.db.node.update({ where: { nodeId: revoked?.nodeId ?? '' }, data: { status: 'revoked' } })
  await keep.list()
  const visitor = await plane.as(null)
  const { items } = await visitor.marketplace.search({ sort: 'gpus' })
  expect(items.map(({ id }) => id)).not.toContain(revoked?.id)
  expect(items).toHaveLength(4)
  expect(items[0]).toMatchObject({ id: liar?.id, gpuCount: 1_000_000 })
})

test('a declined attempt tells its customer why, and its provider how many there were', async () => {
  const decline = async (promptsAhead: number): Promise<string> => {
    const at = await aRequest(Date.now())
    const entry = publish.finish({ ...at, attempt: 1 })
    const { nodeId } = at.node
    const first = { attempt: 0, nodeId, outcome: 'rejected', ttftMs: null, durationMs: 2, message: null } as const
    entry.receipts.unshift(publish.declined(at))
    entry.request.attempts.unshift({ ...first, declined: { promptsAhead, aheadMax: 9_000 } })
    await ingest(entry)
    return at.requestId
  }
  const id = await decline(12_500)
  for (const waited of [40_000, 11_000]) await decline(waited)
  // One that the node merely had no place for is none of them.
  const full = await aRequest(Date.now())
  const entry = publish.finish({ ...full, attempt: 1 })
  entry.receipts.unshift(publish.declined(full))
  await ingest(entry)

  const { attempts } = await team.requests.detail({ id })
  expect(attempts).toMatchObject([{ attempt: 0, declined: { promptsAhead: 12_500, aheadMax: 9_000 } }, { attempt: 1 }])
  expect(attempts[1]).not.toHaveProperty('declined')
  const { declines } = await provider.provider.jobs()
  const sent = REQUESTS + 8
  expect(declines).toMatchObject([{ attempts: sent, declined: 3, promptsAhead: 12_500, aheadMax: 9_000 }])
  expect(await provider.provider.overview()).toMatchObject({ attemptsLastDay: sent, declinesLastDay: 3 })
  const nodes = await provider.provider.nodes()
  expect(nodes.map(({ declinesLastDay }) => declinesLastDay).toSorted((a, b) => b - a)).toEqual([3, 0, 0, 0, 0])
})
