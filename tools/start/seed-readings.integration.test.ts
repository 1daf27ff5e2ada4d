/** What pages show of requests, receipts, epochs, earnings and nodes, from rows that ingestion really wrote. */
import type { ApiCaller } from '@isochrone/api'
import { isDataError } from '@isochrone/db'
import { newId } from '@isochrone/domain'
import { redisKeys, type NodeLiveness, type ReceiptStreamEntry } from '@isochrone/protocol'
import { ingestReceiptEntries } from '@isochrone/services'
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

async function finished(receivedAtMs: number) {
  const [row] = await plane.store.providers.nodes()
  const { activeOrganisation: org } = (await team.session.me()) ?? {}
  const channel = await team.balance.walletStatus()
  const key = plane.ctx.nodes.find((node) => row?.nodeId.endsWith(node.address.slice(2).toLowerCase()))
  if (!row || !org || !channel || !key) throw new Error('the seed is incomplete')
  const node = { nodeId: row.nodeId, termsHash: row.termsHash, terms: row.terms, privateKey: key.privateKey }
  return publish.finish({ requestId: newId('req'), orgId: org.id, channelId: channel.channelId, node, receivedAtMs })
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
  expect(epoch).toMatchObject({ count: 2 * REQUESTS, status: 'closed', checks: [{ verdict: 'valid' }] })

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
  const liveness: NodeLiveness = {
    nodeId: row?.nodeId ?? '',
    lane: testLane,
    gatewayUrl: 'http://127.0.0.1:4001',
    seenAtMs: Date.now(),
    linkedSinceMs: Date.now() - 5_000,
    hardware: 'a CPU',
    models: [{ model: 'demo', modelHash: testLane, contextTokensMax: 512, quantisation: 'f32', simulated: false }],
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
