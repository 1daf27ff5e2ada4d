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

// Real chain and database, on machines that are busy with other tests as well.
vi.setConfig({ testTimeout: 120_000 })

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

async function warp(seconds: number): Promise<void> {
  await rpc('evm_increaseTime', [seconds])
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
  }, 100_000)
}

test('what was signed before a withdrawal is claimed while it thaws, with the running epoch closed early', async () => {
  await ingest([market.request(3n * USD)])
  await requestWithdrawal(payer, { channelId: market.channelId, amount: 10n * USD })
  await index()
  let asked = 0
  const gateways = {
    closeEpochs: async () => {
      asked += 1
      await ingest(closing().filter((entry) => entry !== null))
    },
  }
  const known = new Map<string, string>()
  const watch = () => watchWithdrawals({ ...settlement(), channels: market.store.chain, gateways }, known)
  expect(await watch()).toEqual({ watched: [market.channelId], stuck: [] })
  expect(await watch()).toEqual({ watched: [market.channelId], stuck: [] })
  expect(asked).toBe(1)
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
  }, 100_000)
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
