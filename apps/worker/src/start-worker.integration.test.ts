/** The whole worker on real Postgres, Redis and chain: what is signed is paid, once, to the micro-dollar. */
import { solvency } from '@isochrone/contracts-client'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { redisKeys } from '@isochrone/protocol'
import { createLogger, createShutdown, type Shutdown } from '@isochrone/runtime'
import { settlementStatus } from '@isochrone/services'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startWorker } from './start-worker.ts'
import { eventually, ORG, startTestMarket, type TestMarket } from './testing/test-market.ts'

let stack: TestStack
let market: TestMarket
let redis: Redis
let shutdown: Shutdown

const publish = async (...entries: unknown[]) => {
  for (const entry of entries) await redis.xadd(redisKeys.receipts, '*', 'entry', JSON.stringify(entry))
}
/** The lane closes its epoch, with the performance records of its nodes. */
const closing = () => [market.lane.close(), ...market.lane.performance()]
const status = () => market.store.snapshot((tx) => settlementStatus(tx.settlement, { orgId: ORG }))

async function start(): Promise<void> {
  const logger = createLogger('worker', 'silent')
  shutdown = createShutdown({ logger, handleSignals: false })
  await startWorker({ env: market.env, logger, shutdown })
}

beforeAll(async () => {
  stack = await startTestStack({ postgres: true, redis: true, chain: true })
  market = await startTestMarket(stack)
  redis = new Redis(stack.redisUrl)
  redis.on('error', () => {})
  await start()
})
afterAll(async () => {
  await shutdown?.run('test over')
  redis?.disconnect()
  await market?.db.$disconnect()
  await stack?.stop()
})

test('a provider, its terms and its node reach the chain, and gateways learn that the node is active', async () => {
  const node = await eventually(async () => {
    const row = await market.db.node.findUniqueOrThrow({ where: { nodeId: market.nodeId } })
    return row.status === 'active' && row
  })
  expect(node.keyTx).toMatch(/^0x/)
  const provider = await market.db.provider.findUniqueOrThrow({ where: { id: market.providerId } })
  expect(provider).toMatchObject({ feeBps: 500 })
  const events = await eventually(async () => {
    const found = await redis.xrange(redisKeys.control, '-', '+')
    return found.length > 0 && found
  })
  expect(events[0]?.[0]).toBe('1-0')
  expect(JSON.parse(events[0]?.[1][1] ?? '')).toMatchObject({ version: 1, state: { kind: 'node', active: true } })
})

test('a top-up is deposited, may be spent, and gateways read the limit', async () => {
  await market.fund(50_000_000n)
  await market.fund(25_000_000n)
  await eventually(async () => (await redis.hget(redisKeys.budget(market.channelId), 'limit')) === '75000000')
  const channel = await market.db.channel.findUniqueOrThrow({ where: { id: market.channelId } })
  expect(channel).toMatchObject({ depositedMicroUsd: 75_000_000n, ceilingMicroUsd: 75_000_000n })
  expect(channel.openedTx).toMatch(/^0x/)
  const orders = await eventually(async () => {
    const rows = await market.db.fundingOrder.findMany()
    return rows.every((row) => row.status === 'final') && rows
  })
  expect(orders).toHaveLength(2)
})

test("payer's debit = Σ receipts = provider's credit + fee, over epochs, repeats and a zero-priced receipt", async () => {
  const first = [333_333n, 0n, 1n, 19n].map((price) => market.request(price))
  await publish(...first, ...closing(), first[0])
  const second = [7n, 1_000_003n].map((price) => market.request(price))
  await publish(...closing(), ...second.toReversed())
  const zero = market.request(0n)
  await publish(zero, ...closing())

  const settled = await eventually(async () => {
    const now = await status()
    return now.exact && now.epochs.length === 3 && now
  }, 300_000)
  expect(settled.selected).toMatchObject({ requests: 7, receipts: 7, openReceipts: 0, microUsd: 1_333_363n })
  expect(settled.receiptsMicroUsd).toBe(1_333_363n)
  expect(settled.debitMicroUsd).toBe(1_333_363n)
  expect(settled.creditMicroUsd + settled.feeMicroUsd).toBe(1_333_363n)
  expect(settled.feeMicroUsd).toBe((1_333_363n * 500n) / 10_000n)
  expect(settled.payer).toMatchObject({ debitMicroUsd: 1_333_363n })
  const [epoch] = settled.epochs
  for (const tx of [epoch?.anchoredTx, epoch?.claimedTx, epoch?.settledTx]) expect(tx).toMatch(/^0x[0-9a-f]{64}$/)
  const { held, owed } = await solvency(market.writer)
  expect(held).toBe(owed)
  expect(await redis.xlen(redisKeys.receipts)).toBe(0)
}, 240_000)

test('a Redis and a Postgres that die come back, and nothing is lost or counted twice', async () => {
  const entries = Array.from({ length: 50 }, (_, index) => market.request(BigInt(index)))
  await publish(...entries.slice(0, 25))
  await stack.crash('redis')
  await eventually(async () => redis.status === 'ready')
  await publish(...entries.slice(20))
  await stack.crash('postgres')
  await publish(...closing())
  const settled = await eventually(async () => {
    const now = await status().catch(() => null)
    return now?.exact && now.selected.requests === 57 && now.selected.openReceipts === 0 && now
  }, 300_000)
  expect(settled.receiptsMicroUsd).toBe(1_333_363n + 1_225n)
  expect(settled.debitMicroUsd).toBe(settled.receiptsMicroUsd)
}, 240_000)

test('the limit and what was signed come back to a Redis that lost everything', async () => {
  await redis.flushall()
  await eventually(async () => {
    await redis.xlen(redisKeys.receipts)
    const fields = await redis.hgetall(redisKeys.budget(market.channelId))
    return fields.limit === '75000000' && fields[`spent:${market.lane.lane}`] === '1334588'
  }, 300_000)
  await publish(market.request(5n), ...closing())
  const settled = await eventually(async () => {
    const now = await status()
    return now.exact && now.selected.requests === 58 && now.selected.openReceipts === 0 && now
  }, 300_000)
  expect(settled.receiptsMicroUsd).toBe(1_334_593n)
}, 240_000)
