/**
 * A promise that was broken is paid for out of stake, in shares of a day, by workers that are killed around every transaction:
 * each day's share is taken once, and goes to the payer.
 */
import { channelState, getIsochroneEvents, penaltyDueOf, stakeOf } from '@isochrone/contracts-client'
import { isDataError } from '@isochrone/db'
import { systemClock } from '@isochrone/domain'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { bytes32Of, encodeStruct, type Hex } from '@isochrone/protocol'
import {
  createControlPlane,
  createTrustDuties,
  indexChainEvents,
  ingestReceiptEntries,
  registerPending,
  settleDueEpochs,
} from '@isochrone/services'
import { madeTermsOf } from '@isochrone/verifier/testing'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createChain } from './chain/create-chain.ts'
import { startDyingWorker, type Life } from './testing/dying-worker.ts'
import { startEpochGateway } from './testing/made-epochs.ts'
import { startTestMarket, type TestMarket } from './testing/test-market.ts'

/** µUSD. */
const STAKE = 20_000n
const DEPOSIT = 10_000_000n
/** More than the 500 of which a promise is judged; one in twenty is a failure of the node. */
const RECEIPTS = 600
const CHALLENGE_S = 300
const DAY_S = 86_400
const ROUNDS_MAX = 12

vi.setConfig({ testTimeout: 240_000 })

let stack: TestStack
let market: TestMarket
let chain: ReturnType<typeof createChain>
let gateway: Awaited<ReturnType<typeof startEpochGateway>>
let worker: Awaited<ReturnType<typeof startDyingWorker>>

beforeAll(async () => {
  stack = await startTestStack({ postgres: true, redis: true, chain: true })
  const termsOf = (providerId: Hex) => {
    const { terms, termsHash, document } = madeTermsOf(providerId)
    return { hash: termsHash, values: encodeStruct('Terms', terms), document: document as never }
  }
  const windows = { challengeS: CHALLENGE_S, graceS: 10 * DAY_S, channelThawS: 20 * DAY_S, disputeS: DAY_S }
  market = await startTestMarket(stack, { ...windows, termsOf, profile: { blockTimeMs: 100 } })
  const { OPERATOR_KEY: operatorKey, MANAGED_WALLET_KEY: managedWalletKey } = market.env
  const { deployment, profile, channelId, providerId } = market
  chain = createChain({ rpcUrl: stack.chainRpcUrl, deployment, operatorKey, managedWalletKey, profile })
  gateway = await startEpochGateway(market, stack.dir)
  worker = await startDyingWorker(stack.chainRpcUrl, market)
  await registerPending({ store: market.store, chain: chain.registry })
  await chain.managed.openChannel(bytes32Of('salt'))
  await chain.managed.depositOnce({ channelId, microUsd: DEPOSIT, orderId: 'top-up' })
  await chain.managed.raiseCeiling({ channelId, microUsd: DEPOSIT })
  await chain.stake.stakeOnce({ subject: providerId, microUsd: STAKE, orderId: 'stake' })
  await index()
}, 240_000)
afterAll(async () => {
  await worker?.stop()
  await gateway?.stop()
  await market?.db.$disconnect()
  await stack?.stop()
})

const index = () => indexChainEvents({ store: market.store, chain: chain.reads })
async function warp(seconds: number): Promise<void> {
  // The methods are anvil's own, which viem's types of a public client do not know.
  const rpc = (method: string, params: unknown[]) => market.writer.publicClient.request({ method, params } as never)
  await rpc('evm_increaseTime', [seconds])
  for (let block = 0; block < market.profile.confirmations; block++) await rpc('evm_mine', [])
}

async function eventsOf() {
  const { deployment, writer } = market
  const toBlock = await writer.publicClient.getBlockNumber()
  return getIsochroneEvents(writer, { fromBlock: BigInt(deployment.blockNumber), toBlock })
}

async function penalties() {
  return (await eventsOf()).flatMap(({ eventName, args }) => (eventName === 'PenaltyPaid' ? [args] : []))
}

/** The life that added the counts died before it could note what came of them. */
async function expectTheTestOnRecord(creditMicroUsd: bigint): Promise<void> {
  const [tested] = (await eventsOf()).filter((event) => event.eventName === 'PoolTested')
  expect(tested?.args.brokenPromises).toBeGreaterThan(0)
  const said = { broken: tested?.args.brokenPromises, creditMicroUsd, countedTx: tested?.transactionHash }
  const select = { broken: true, creditMicroUsd: true, countedTx: true }
  await vi.waitFor(
    async () => {
      await index()
      expect(await market.db.slaCounts.findMany({ select })).toEqual([said])
    },
    { timeout: 30_000 },
  )
}

async function settleUntil(isDone: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const { stuck } = await worker.run(({ store, chain: own }) => {
      const { epochs, records, chain: transactions } = store
      return settleDueEpochs({ epochs, records, transactions, chain: own.settlement })
    })
    expect(stuck).toEqual([])
    await index()
    if (await isDone()) return
  }
  throw new Error(`not within ${ROUNDS_MAX} rounds`)
}

test('a penalty above the cap of a day is taken in shares, once each, dying around every transaction', async () => {
  const { providerId, channelId, nodeId, writer, terms } = market
  const penalty = { providerId, nodeId, channelId, termsHash: terms.hash }
  const { entries } = await gateway.publish({ epoch: 1, fromSeq: 1, receipts: RECEIPTS, everyMs: 1_000 })
  const { rejected } = await ingestReceiptEntries(
    { store: market.store, clock: systemClock, isDataError },
    entries.map((entry, at) => ({ id: `${at}-0`, json: JSON.stringify(entry) })),
  )
  expect(rejected).toEqual([])
  await settleUntil(async () => (await market.db.performanceRecord.count({ where: { status: 'reported' } })) === 1)
  const { claimed } = await channelState(writer, channelId)
  worker.takeDeaths()
  await warp(CHALLENGE_S)
  await settleUntil(async () => (await penalties()).length > 0)
  expect(worker.takeDeaths()).toEqual(expect.arrayContaining(['countSamples not sent', 'countSamples not recorded']))

  // A tenth of what the payer spent, of which the first day takes a twentieth of the stake.
  const whole = claimed / 10n
  const [first] = await penalties()
  expect(first).toMatchObject({ credited: STAKE / 20n, left: whole - STAKE / 20n })
  expect(await penaltyDueOf(writer, penalty)).toBe(whole - STAKE / 20n)
  await expectTheTestOnRecord(STAKE / 20n)
  // What its provider is shown; another provider has no part in it.
  const { providers } = createControlPlane({ store: market.store } as never)
  const [shown, ...others] = await providers.brokenPromises({ providerId })
  expect(others).toEqual([])
  expect(shown).toMatchObject({ node: { name: 'one' }, nodeId, channelId, epoch: 1, creditMicroUsd: STAKE / 20n })
  expect(shown?.promises.length).toBeGreaterThan(0)
  expect(await providers.brokenPromises({ providerId: bytes32Of('another') })).toEqual([])

  const collect = ({ store, chain: own }: Life) =>
    createTrustDuties({ chain: own.trust, transactions: store.chain }).collectPenalties()
  // Its share of today is taken: nothing is sent.
  expect(await worker.run(collect)).toEqual({ done: 0, failed: [] })
  expect(worker.takeDeaths()).toEqual([])
  await warp(DAY_S)
  expect((await worker.run(collect)).failed).toEqual([])
  // Signed again at a higher price, where no block took it for long, it dies again.
  expect(new Set(worker.takeDeaths())).toEqual(new Set(['collectPenalty not sent', 'collectPenalty not recorded']))
  expect(await worker.run(collect)).toEqual({ done: 0, failed: [] })

  // The life that died unrecorded had sent it, and a rehearsal counts what waits for its block.
  await vi.waitFor(async () => expect(await penalties()).toHaveLength(2), { timeout: 30_000 })
  const second = (STAKE - STAKE / 20n) / 20n
  const credited = STAKE / 20n + second
  expect((await penalties()).map((paid) => paid.credited)).toEqual([STAKE / 20n, second])
  expect((await stakeOf(writer, providerId)).tokens).toBe(STAKE - credited)
  expect((await channelState(writer, channelId)).deposited).toBe(DEPOSIT + credited)
  expect(await penaltyDueOf(writer, penalty)).toBe(whole - credited)
})
