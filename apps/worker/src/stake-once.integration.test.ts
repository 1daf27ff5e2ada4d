/**
 * An order to stake is carried out once by workers that are killed while what they sent waits for a block: the next one
 * finds no stake on the chain, and decides before anything is included.
 */
import {
  approveToken,
  createChainWriter,
  getIsochroneEvents,
  mintTestUsdc,
  provision,
} from '@isochrone/contracts-client'
import { mineEvery, startTestStack, type TestStack } from '@isochrone/local-stack'
import { registerPending, runStakeOrders } from '@isochrone/services'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createChain } from './chain/create-chain.ts'
import { startDyingWorker } from './testing/dying-worker.ts'
import { startTestMarket, type TestMarket } from './testing/test-market.ts'

const BLOCK_MS = 25
/** µUSD. */
const STAKE = 20_000n

vi.setConfig({ testTimeout: 240_000 })

let stack: TestStack
let market: TestMarket
let chain: ReturnType<typeof createChain>
let worker: Awaited<ReturnType<typeof startDyingWorker>>
let stopBlocks: (() => Promise<void>) | null = null

/** No block from the moment at which a transaction arrives until somebody looks for it. */
async function holdBlocks(): Promise<void> {
  await stopBlocks?.()
  stopBlocks = null
}
function letBlocksCome(): void {
  stopBlocks ??= mineEvery(stack.chainRpcUrl, BLOCK_MS)
}

beforeAll(async () => {
  stack = await startTestStack({ postgres: true, redis: true, chain: 'still' })
  letBlocksCome()
  market = await startTestMarket(stack, { profile: { blockTimeMs: 100 } })
  chain = connect()
  await registerPending({ store: market.store, chain: chain.registry })
  worker = await startDyingWorker(stack.chainRpcUrl, market, { onArrived: holdBlocks, onLook: letBlocksCome })
}, 300_000)
afterAll(async () => {
  await worker?.stop()
  await holdBlocks()
  await market?.db.$disconnect()
  await stack?.stop()
})

/** As a process that knows of no other. */
function connect() {
  const { OPERATOR_KEY: operatorKey, MANAGED_WALLET_KEY: managedWalletKey } = market.env
  const { deployment, profile } = market
  return createChain({ rpcUrl: stack.chainRpcUrl, deployment, operatorKey, managedWalletKey, profile })
}

const carryOut = () =>
  worker.run(({ store, chain: own }) => runStakeOrders({ store: store.listings, chain: own.stake }))
/** Whatever is on record as sent is sent again until it is included, as the worker does every two seconds. */
async function reconcile(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    await worker.run(({ chain: own }) => own.transactions.reconcile())
    await new Promise((resolve) => setTimeout(resolve, 4 * BLOCK_MS))
  }
}
const deaths = (...calls: string[]) => calls.flatMap((call) => [`${call} not recorded`, `${call} not sent`])

async function provisions(): Promise<bigint[]> {
  const { deployment, writer } = market
  const toBlock = await writer.publicClient.getBlockNumber()
  const events = await getIsochroneEvents(writer, { fromBlock: BigInt(deployment.blockNumber), toBlock })
  return events.flatMap((event) =>
    event.eventName === 'Provisioned' && event.args.subject === market.providerId ? [event.args.amount] : [],
  )
}

test('an order to stake is carried out once, by workers that die before what they sent is in a block', async () => {
  const { providerId, deployment, profile } = market
  // Money and leave for more than the order: nothing but the order stops a second one.
  const privateKey = market.env.MANAGED_WALLET_KEY
  const wallet = createChainWriter({ rpcUrl: stack.chainRpcUrl, deployment, privateKey, profile })
  await mintTestUsdc(wallet, { to: wallet.sender.account.address, amount: 10n * STAKE })
  await approveToken(wallet, { spender: 'vault', amount: 10n * STAKE })
  await market.store.listings.insertStakeOrder({ id: 'stake_1', providerId, microUsd: STAKE, requestedBy: 'user' })
  await carryOut()
  await reconcile()
  expect(await provisions()).toEqual([STAKE])
  expect([...new Set(worker.takeDeaths())].toSorted()).toEqual(deaths('provisionOnce'))
  expect(await market.store.listings.stakeOrders(providerId)).toMatchObject([{ status: 'sent', error: null }])
  expect(await market.store.listings.openStakeOrders(1)).toEqual([])
})

test('the same where each order needs its own money and leave first', async () => {
  const { providerId } = market
  const microUsd = 100n * STAKE
  await market.store.listings.insertStakeOrder({ id: 'stake_0', providerId, microUsd, requestedBy: 'user' })
  await carryOut()
  await reconcile()
  expect(await provisions()).toEqual([STAKE, 99n * STAKE])
  expect(await market.store.listings.stakeOrders(providerId)).toMatchObject([{ status: 'sent' }, { status: 'sent' }])
  expect([...new Set(worker.takeDeaths())].toSorted()).toEqual(deaths('approve', 'mint', 'provisionOnce'))
})

/** What is missing is another amount then, and it is the same order. */
test('somebody else adds stake between two tries of an order: it is carried out once', async () => {
  const { providerId, writer } = market
  await mintTestUsdc(writer, { to: writer.sender.account.address, amount: 1n })
  await market.store.listings.insertStakeOrder({
    id: 'stake_2',
    providerId,
    microUsd: 101n * STAKE,
    requestedBy: 'user',
  })
  const order = { subject: providerId, orderId: 'stake_2' }
  const first = await chain.stake.stakeOnce({ ...order, microUsd: STAKE })
  await provision(writer, { subject: providerId, amount: 1n })
  const again = await chain.stake.stakeOnce({ ...order, microUsd: STAKE - 1n })
  expect(first.txHash).not.toBeNull()
  expect(again.txHash).toBeNull()
  await carryOut()
  expect((await provisions()).slice(2)).toEqual([STAKE, 1n])
})

test('two workers with the same order at once: it is carried out once', async () => {
  const order = { subject: market.providerId, microUsd: 3n, orderId: 'stake_3' }
  const both = await Promise.all([chain, connect()].map((each) => each.stake.stakeOnce(order)))
  expect(both.filter(({ txHash }) => txHash !== null)).toHaveLength(1)
  expect((await provisions()).slice(2)).toEqual([STAKE, 1n, 3n])
})
