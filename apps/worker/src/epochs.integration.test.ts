/** A worker that dies between any two steps of settlement: the next one goes on, and nothing is paid twice. */
import { mintTestUsdc, pauseInflow, unpauseInflow } from '@isochrone/contracts-client'
import { systemClock } from '@isochrone/domain'
import { isDataError } from '@isochrone/db'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import {
  indexChainEvents,
  ingestReceiptEntries,
  registerPending,
  runFundingOrders,
  settleDueEpochs,
  settlementStatus,
  type SettlementChain,
} from '@isochrone/services'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createChain } from './chain/create-chain.ts'
import { eventually, ORG, startTestMarket, type TestMarket } from './testing/test-market.ts'

// Real chain and database, on machines that are busy with other tests as well.
vi.setConfig({ testTimeout: 240_000 })

let stack: TestStack
let market: TestMarket
let chain: ReturnType<typeof createChain>

beforeAll(async () => {
  stack = await startTestStack({ postgres: true, redis: true, chain: true })
  market = await startTestMarket(stack)
  const { OPERATOR_KEY: operatorKey, MANAGED_WALLET_KEY: managedWalletKey } = market.env
  chain = createChain({
    rpcUrl: stack.chainRpcUrl,
    deployment: market.deployment,
    operatorKey,
    managedWalletKey,
    profile: market.profile,
  })
})
afterAll(async () => {
  await market?.db.$disconnect()
  await stack?.stop()
})

/** Lets every call through `live` times out of two, and dies right after it the other time: the work is done, unrecorded. */
function dyingAfter<T extends object>(target: T, methods: readonly (keyof T)[], counter: { deaths: number }): T {
  const seen = new Set<keyof T>()
  return new Proxy(target, {
    get(object, name, receiver) {
      const value: unknown = Reflect.get(object, name, receiver)
      const method = name as keyof T
      if (typeof value !== 'function' || !methods.includes(method)) return value
      return async (...args: unknown[]) => {
        const result: unknown = await Reflect.apply(value, object, args)
        if (seen.has(method)) return result
        seen.add(method)
        counter.deaths += 1
        throw new Error(`died after ${String(name)}`)
      }
    },
  })
}

const ingest = (entries: readonly unknown[]) =>
  ingestReceiptEntries(
    { store: market.store, clock: systemClock, isDataError },
    entries.map((entry, index) => ({ id: `${index}-0`, json: JSON.stringify(entry) })),
  )
const index = () => indexChainEvents({ store: market.store, chain: chain.reads })

test('registration and funding survive a death after every transaction, and an order deposits once', async () => {
  const counter = { deaths: 0 }
  const registry = dyingAfter(chain.registry, ['registerProvider', 'registerTerms', 'addNodeKey'], counter)
  const wallet = dyingAfter(chain.managed, ['openChannel', 'depositOnce', 'raiseCeiling'], counter)
  await market.fund(10_000_000n)
  for (let round = 0; round < 10; round++) {
    await registerPending({ store: market.store, chain: registry }).catch(() => {})
    await runFundingOrders({ store: market.store.chain, chain: chain.reads, wallet }).catch(() => {})
  }
  expect(counter.deaths).toBe(6)
  await index()
  const channel = await market.db.channel.findUniqueOrThrow({ where: { id: market.channelId } })
  expect(channel).toMatchObject({ depositedMicroUsd: 10_000_000n, ceilingMicroUsd: 10_000_000n })
  expect((await market.db.node.findUniqueOrThrow({ where: { nodeId: market.nodeId } })).status).toBe('active')
  expect((await market.db.fundingOrder.findFirstOrThrow()).status).toBe('final')
})

/** Money: what a customer asked for is done once a guardian lets deposits in again, and not lost. */
test('an order that meets a pause waits for its end, without a line of failure, and deposits once', async () => {
  const { store, channelId, writer } = market
  const round = () => runFundingOrders({ store: store.chain, chain: chain.reads, wallet: chain.managed })
  const deposited = async () => (await chain.reads.channel(channelId))?.deposited ?? 0n
  const before = await deposited()
  await market.fund(1_000_000n, 'dep_paused')
  const order = () => market.db.fundingOrder.findUniqueOrThrow({ where: { id: 'dep_paused' } })
  await pauseInflow(writer)
  try {
    expect([await round(), await round()]).toEqual([0, 0])
    expect(['requested', 'sent']).toContain((await order()).status)
    expect(await market.db.chainTransaction.count({ where: { subject: 'dep_paused' } })).toBe(0)
  } finally {
    await unpauseInflow(writer)
  }
  expect([await round(), await round()]).toEqual([1, 0])
  expect(await order()).toMatchObject({ status: 'final', error: null })
  expect((await deposited()) - before).toBe(1_000_000n)
})

test('a top-up never spends real money: nobody has paid the platform for it', async () => {
  const { deployment } = market
  const { address } = chain.managed
  await mintTestUsdc(market.writer, { to: address, amount: 1n })
  const real = { ...deployment, codeHashes: { ...deployment.codeHashes, token: null } }
  const { OPERATOR_KEY: operatorKey, MANAGED_WALLET_KEY: managedWalletKey } = market.env
  const { managed } = createChain({
    rpcUrl: stack.chainRpcUrl,
    deployment: real,
    operatorKey,
    managedWalletKey,
    profile: market.profile,
  })
  await expect(
    managed.depositOnce({ channelId: market.channelId, microUsd: 1n, orderId: 'dep_real' }),
  ).rejects.toMatchObject({ code: 'state_conflict' })
})

const depsWith = (settlement: SettlementChain) => ({
  epochs: market.store.epochs,
  records: market.store.records,
  transactions: market.store.chain,
  chain: settlement,
})
/** Closes the lane's epoch and says so, with the performance records of its nodes. */
const closeWith = (...entries: unknown[]) => [...entries, market.lane.close(), ...market.lane.performance()]

test('settlement survives a death after every transaction; two workers at once pay once', async () => {
  const counter = { deaths: 0 }
  const steps = ['anchor', 'claimOne', 'reportRecord', 'finaliseRecord', 'countSamples', 'settle'] as const
  const settlement = dyingAfter(chain.settlement, steps, counter)
  await ingest(closeWith(market.request(1_001n), market.request(2_002n)))
  await ingest(closeWith(market.request(3n)))
  const deps = depsWith(settlement)
  const status = await eventually(async () => {
    await Promise.all([settleDueEpochs(deps), settleDueEpochs(deps)])
    await Promise.all([index(), index()])
    const now = await market.store.snapshot((tx) => settlementStatus(tx.settlement, { orgId: ORG }))
    // A pool's count pays nobody here, so payouts do not wait for one whose worker died before it wrote it down.
    return now.exact && (await market.store.records.uncounted(1)).length === 0 && now
  }, 300_000)
  expect(counter.deaths).toBe(steps.length)
  expect(status.debitMicroUsd).toBe(3_006n)
  expect(status.creditMicroUsd + status.feeMicroUsd).toBe(3_006n)
  const claims = await market.db.channelMovement.findMany({ where: { kind: 'claim' } })
  expect(claims.reduce((sum, row) => sum + row.microUsd, 0n)).toBe(3_006n)
  const records = await market.db.performanceRecord.findMany({ orderBy: { epoch: 'asc' }, include: { counts: true } })
  expect(records.map(({ status: standing, earnedMicroUsd }) => [standing, earnedMicroUsd])).toEqual([
    ['final', 3_003n],
    ['final', 3n],
  ])
  expect(records.flatMap(({ counts }) => counts.map(({ broken }) => broken))).toEqual([0, 0])
  for (const row of records) for (const tx of [row.reportedTx, row.finalTx]) expect(tx).toMatch(/^0x/)
}, 240_000)

test('an epoch whose receipts are not all here is not anchored, nor one that does not follow from them', async () => {
  const deps = depsWith(chain.settlement)
  const early = market.request(5n)
  const late = market.request(6n)
  const close = market.lane.close()
  await ingest([early, close])
  await settleDueEpochs(deps)
  const where = { lane: market.lane.lane, status: 'closed' } as const
  expect(await market.db.epoch.count({ where })).toBe(1)
  const lying = {
    ...late,
    receipts: late.receipts.map((pair) => ({ ...pair, delivery: { ...pair.delivery, durationMs: 1 } })),
  }
  await ingest([lying])
  const { stuck } = await settleDueEpochs(deps)
  expect(stuck[0]?.reason).toContain('its receipts give')
  expect(await market.db.epoch.count({ where })).toBe(1)
})
