/** A payer who takes its money back while lanes have signed for some of it, and a chain that takes blocks back. */
import {
  channelState,
  createChainWriter,
  requestWithdrawal,
  withdraw,
  type ChainWriter,
} from '@isochrone/contracts-client'
import { systemClock } from '@isochrone/domain'
import { isDataError } from '@isochrone/db'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import {
  indexChainEvents,
  ingestReceiptEntries,
  newCloseMemory,
  registerPending,
  runFundingOrders,
  settleDueEpochs,
  settlementStatus,
  watchWithdrawals,
} from '@isochrone/services'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createChain } from './chain/create-chain.ts'
import { eventually, ORG, startTestMarket, type TestMarket } from './testing/test-market.ts'

const USD = 1_000_000n
const THAW_S = 600
const EPOCH_S = 60

// Real chain and database, on machines that are busy with other tests as well.
vi.setConfig({ testTimeout: 240_000 })

let stack: TestStack
let market: TestMarket
let chain: ReturnType<typeof createChain>
let payer: ChainWriter

beforeAll(async () => {
  stack = await startTestStack({ postgres: true, redis: true, chain: true })
  market = await startTestMarket(stack, { channelThawS: THAW_S })
  const { OPERATOR_KEY: operatorKey, MANAGED_WALLET_KEY: managedWalletKey } = market.env
  const { deployment } = market
  chain = createChain({ rpcUrl: stack.chainRpcUrl, deployment, operatorKey, managedWalletKey, profile: market.profile })
  payer = createChainWriter({
    rpcUrl: stack.chainRpcUrl,
    deployment,
    privateKey: managedWalletKey,
    profile: market.profile,
  })
  await registerPending({ store: market.store, chain: chain.registry })
  await topUp(10n * USD)
}, 240_000)
afterAll(async () => {
  await market?.db.$disconnect()
  await stack?.stop()
})

const rpc = async (method: string, params: unknown[] = []) =>
  // The methods are anvil's own, which viem's types of a public client do not know.
  market.writer.publicClient.request({ method, params } as never)
const index = () => indexChainEvents({ store: market.store, chain: chain.reads })
const ingest = (entries: readonly unknown[]) =>
  ingestReceiptEntries(
    { store: market.store, clock: systemClock, isDataError },
    entries.map((entry, at) => ({ id: `${at}-0`, json: JSON.stringify(entry) })),
  )
const settlement = () => ({
  epochs: market.store.epochs,
  records: market.store.records,
  transactions: market.store.chain,
  chain: chain.settlement,
})
const status = () => market.store.snapshot((tx) => settlementStatus(tx.settlement, { orgId: ORG }))
const closing = () => [market.lane.close(), ...market.lane.performance()]

async function topUp(microUsd: bigint): Promise<void> {
  await market.fund(microUsd)
  await runFundingOrders({ store: market.store.chain, chain: chain.reads, wallet: chain.managed })
  await index()
}

/** A watchtower of its own, and how often it had the lane close an epoch. */
function watchtower() {
  let asked = 0
  const gateways = {
    closeEpochs: async (lanes: readonly string[]) => {
      expect(lanes).toEqual([market.lane.lane])
      asked += 1
      await ingest(closing().filter((entry) => entry !== null))
      return [...lanes]
    },
  }
  const memory = newCloseMemory()
  const deps = { ...settlement(), channels: market.store.chain, gateways, epochMs: EPOCH_S * 1_000 }
  return { watch: () => watchWithdrawals(deps, memory), asked: () => asked }
}

/** By blocks alone, a second each, instead of by the clock as well: how fast the machine is no longer matters. */
let isSteady = false
async function keepSteady(on: boolean): Promise<void> {
  // Where blocks come by the clock, they would take its place.
  if (stack.chainProfile) return
  isSteady = on
  await (on ? rpc('anvil_setBlockTimestampInterval', [1]) : rpc('anvil_removeBlockTimestampInterval'))
}

async function warp(seconds: number): Promise<void> {
  if (isSteady) {
    const { timestamp } = await market.writer.publicClient.getBlock()
    await rpc('evm_setNextBlockTimestamp', [Number(timestamp) + seconds])
  } else await rpc('evm_increaseTime', [seconds])
  // Confirmed, as whoever acts by the time looks at it.
  for (let block = 0; block < market.profile.confirmations; block++) await rpc('evm_mine')
}

/** Until all is paid out; chain time passes as if nobody waited. */
async function settleAll() {
  return eventually(async () => {
    await settleDueEpochs(settlement())
    await index()
    await warp(5)
    const now = await status()
    return now.exact && now
  }, 300_000)
}

test('what was signed before a withdrawal is claimed while it thaws, with the running epoch closed early', async () => {
  await ingest([market.request(3n * USD)])
  await requestWithdrawal(payer, { channelId: market.channelId, amount: 10n * USD })
  await index()
  const { watch, asked } = watchtower()
  expect(await watch()).toEqual({ watched: [market.channelId], stuck: [] })
  expect(await watch()).toEqual({ watched: [market.channelId], stuck: [] })
  expect(asked()).toBe(1)
  expect((await channelState(payer, market.channelId)).claimed).toBe(3n * USD)

  await warp(THAW_S + 1)
  const { amount } = await withdraw(payer, { channelId: market.channelId, to: payer.sender.account.address })
  expect(amount).toBe(7n * USD)
  await index()
  expect(await watch()).toEqual({ watched: [], stuck: [] })
  expect((await settleAll()).debitMicroUsd).toBe(3n * USD)
}, 240_000)

test('a withdrawal that comes before the claim leaves it short; the rest is paid into its own epoch after a top-up', async () => {
  await topUp(4n * USD)
  await requestWithdrawal(payer, { channelId: market.channelId, amount: 3n * USD })
  await ingest([market.request(4n * USD)])
  await warp(THAW_S + 1)
  await withdraw(payer, { channelId: market.channelId, to: payer.sender.account.address })
  await index()
  await ingest(closing())
  await eventually(async () => {
    await settleDueEpochs(settlement())
    await index()
    await warp(5)
    return (await market.db.epoch.count({ where: { status: 'settled' } })) === 2
  }, 300_000)
  const where = { skippedReason: 'short' }
  expect(await market.db.voucher.findMany({ where })).toMatchObject([{ paidMicroUsd: 1n * USD }])

  await topUp(9n * USD)
  // A later epoch on the same channel must not draw the older rest.
  await ingest([market.request(5n), ...closing()])
  const settled = await settleAll()
  expect(settled.debitMicroUsd).toBe(7n * USD + 5n)
  const paid = await market.db.voucher.findMany({ orderBy: { epoch: 'asc' } })
  expect(paid.map(({ paidMicroUsd, skippedReason }) => [paidMicroUsd, skippedReason])).toEqual([
    [3n * USD, null],
    [4n * USD, null],
    [5n, null],
  ])
}, 240_000)

test('a reorganisation deeper than our confirmations is undone block by block, and paid for once again', async () => {
  await ingest([market.request(77n), ...closing()])
  await settleDueEpochs(settlement())
  await index()
  const before = await market.db.voucher.findFirstOrThrow({ where: { epoch: 4n } })
  expect(before.paidMicroUsd).toBe(77n)
  const movements = await market.db.channelMovement.count()

  const anchoredIn = await market.db.indexedEvent.findFirstOrThrow({
    where: { event: { path: ['kind'], equals: 'anchored' } },
    orderBy: { blockNumber: 'desc' },
  })
  await stack.withoutBlocks(async () => {
    await index()
    const head = await market.writer.publicClient.getBlockNumber()
    const depth = Number(head - anchoredIn.blockNumber + 1n)
    await rpc('anvil_reorg', [depth, []])
    const { undone } = await index()
    // All that was confirmed.
    expect(undone).toBe(depth - (market.profile.confirmations - 1))
  })
  const after = await market.db.voucher.findFirstOrThrow({ where: { epoch: 4n } })
  expect(after).toMatchObject({ paidMicroUsd: null, claimedTx: null })
  expect(await market.db.epoch.findFirstOrThrow({ where: { epoch: 4n } })).toMatchObject({ status: 'closed' })
  expect(await market.db.channelMovement.count()).toBe(movements - 1)
  // What older blocks had said is untouched.
  expect(await market.db.epoch.count({ where: { status: 'settled' } })).toBe(3)

  expect((await settleAll()).debitMicroUsd).toBe(7n * USD + 82n)
  expect(await market.db.channelMovement.count()).toBe(movements)
}, 240_000)

/** A thaw of one micro-USD and cheap requests all along: closes are bounded, and the withdrawal takes nothing of what was signed. */
test('traffic during a thaw and after it costs a few closes, and is paid in full', async () => {
  await topUp(USD)
  await keepSteady(true)
  const before = await channelState(payer, market.channelId)
  const { watch, asked } = watchtower()
  /** A second in the life of a payer who asks all the time. */
  const traffic = async (seconds = 1) => {
    for (let second = 0; second < seconds; second++) {
      await ingest([market.request(3n)])
      await warp(1)
      expect(await watch()).toEqual({ watched: [market.channelId], stuck: [] })
    }
  }
  await requestWithdrawal(payer, { channelId: market.channelId, amount: 1n })
  await index()
  await traffic(20)
  expect(asked(), 'begun').toBe(1)

  await warp(THAW_S - 2 * EPOCH_S)
  await traffic(20)
  expect(asked(), 'near its end: at once, and a quarter of an epoch later').toBe(3)
  const { claimed } = await channelState(payer, market.channelId)
  expect(claimed - before.claimed).toBeGreaterThan(20n * 3n)

  await warp(2 * EPOCH_S)
  await traffic(20)
  expect(asked(), 'once when it is over').toBe(4)
  const { amount } = await withdraw(payer, { channelId: market.channelId, to: payer.sender.account.address })
  expect(amount).toBe(1n)
  await index()
  expect(await watch()).toEqual({ watched: [], stuck: [] })
  await keepSteady(false)
  await ingest(closing().filter((entry) => entry !== null))
  const settled = await settleAll()
  expect(settled.debitMicroUsd).toBe(before.claimed + 60n * 3n)
}, 240_000)
