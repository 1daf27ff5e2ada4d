/**
 * A managed payout account on the real chain: what is paid to it is its provider's to the micro-dollar, withheld for stake or
 * withdrawn, each exactly once, whatever dies in between.
 */
import {
  createChainWriter,
  getIsochroneEvents,
  mintTestUsdc,
  provision,
  stakeOf,
  tokenBalance,
  type ChainWriter,
} from '@isochrone/contracts-client'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { addressOfKey, bytes32Of, payoutKeyOf, type Hex } from '@isochrone/protocol'
import { developmentKeys } from '@isochrone/runtime'
import {
  createControlPlane,
  indexChainEvents,
  noteStakes,
  orderStakeSteps,
  registerPending,
  STAKE_MIN_MICRO_USD,
  runPayoutOrders,
  settleDueEpochs,
  type ControlPlane,
} from '@isochrone/services'
import { systemClock } from '@isochrone/domain'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createChain } from './chain/create-chain.ts'
import { closeEpoch } from './testing/close-epoch.ts'
import { startDyingWorker, type Life } from './testing/dying-worker.ts'
import { startTestMarket, type TestMarket } from './testing/test-market.ts'

const ORG = 'org_managed'
const USER = 'user_managed'
const WALLET = '0xcafe000000000000000000000000000000000009'
/** Claimed, and what is paid of it: less a fee of 5 %. */
const CLAIMED = 300_000_001n
const PAID = 285_000_001n
const TARGET = 100_000_000n
const HELD_MS = 600_000
const ROUNDS_MAX = 20
/** Of stake on a chain of development. */
const THAW_S = 600

vi.setConfig({ testTimeout: 240_000 })

let stack: TestStack
let market: TestMarket
let chain: ReturnType<typeof createChain>
let worker: Awaited<ReturnType<typeof startDyingWorker>>
let plane: ControlPlane
let reader: ChainWriter
let providerId: Hex
let account: Hex
/** A worker that dies holds its orders up: the clock of the next is later. */
let nowMs = Date.now()

beforeAll(async () => {
  stack = await startTestStack({ postgres: true, redis: true, chain: true })
  market = await startTestMarket(stack, { graceS: 1, profile: { blockTimeMs: 100 } })
  const { OPERATOR_KEY: operatorKey, MANAGED_WALLET_KEY: managedWalletKey } = market.env
  const { deployment, profile } = market
  chain = createChain({ rpcUrl: stack.chainRpcUrl, deployment, operatorKey, managedWalletKey, profile })
  worker = await startDyingWorker(stack.chainRpcUrl, market)
  reader = createChainWriter({ rpcUrl: stack.chainRpcUrl, deployment, privateKey: developmentKeys[5], profile })
  const zero = `0x${'00'.repeat(20)}` as const
  plane = createControlPlane({
    store: market.store,
    live: {
      nodes: async () => new Map(),
      nodesById: async () => new Map(),
      gateways: async () => [],
      receiptsBacklog: async () => 0,
    },
    stream: { add: async () => {} },
    leaseBudget: { hold: async () => true, lower: async () => {}, release: async () => {} },
    clock: systemClock,
    chain: {
      chainId: deployment.chainId,
      rpcUrl: stack.chainRpcUrl,
      usdc: zero,
      channels: zero,
      registry: zero,
      anchor: zero,
      vault: zero,
      operatorAddress: chain.registry.operatorAddress,
      managedOwnerAddress: chain.managed.address,
      feeBps: 0,
    },
    managedPayoutAddressOf: (id) => addressOfKey(payoutKeyOf({ walletKey: managedWalletKey, providerId: id })),
    gatewayUrls: ['http://127.0.0.1:1'],
  })
  await market.db.organization.create({ data: { id: ORG, name: 'Managed', slug: 'managed' } })
  const made = await plane.providers.create({ orgId: ORG, name: 'Managed' })
  providerId = made.providerId as Hex
  account = made.payoutAddress as Hex
  await registerPending({ store: market.store, chain: chain.registry })
  await chain.managed.openChannel(bytes32Of('salt'))
  await chain.managed.depositOnce({ channelId: market.channelId, microUsd: CLAIMED, orderId: 'top-up' })
  await chain.managed.raiseCeiling({ channelId: market.channelId, microUsd: CLAIMED })
  await closeEpoch(market, chain.settlement, {
    epoch: 1,
    sum: CLAIMED,
    dues: [{ channelId: market.channelId, providerId, cumulative: CLAIMED, earned: CLAIMED }],
  })
}, 240_000)
afterAll(async () => {
  await worker?.stop()
  await market?.db.$disconnect()
  await stack?.stop()
})

const index = () => indexChainEvents({ store: market.store, chain: chain.reads })
const balance = (holder: string) => tokenBalance(reader, holder as Hex)
const staked = async () => (await stakeOf(reader, providerId)).tokens
const view = async () => {
  const found = await plane.providers.payoutAccount({ providerId })
  if (!found) throw new Error('no account')
  return found
}

async function paidOut(): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const { epochs, records, chain: transactions } = market.store
    await settleDueEpochs({ epochs, records, transactions, chain: chain.settlement })
    await index()
    if ((await balance(account)) > 0n) return
    await market.writer.publicClient.request({ method: 'evm_increaseTime', params: [5] } as never)
    await market.writer.publicClient.request({ method: 'evm_mine', params: [] } as never)
  }
  throw new Error('nothing was paid')
}

/** What the worker's rounds do of it. */
async function round(life: Life): Promise<number> {
  nowMs += HELD_MS + 1
  const deps = { store: life.store, chain: life.chain.payouts, nowMs: () => nowMs }
  await life.chain.transactions.reconcile()
  await orderStakeSteps(deps)
  return runPayoutOrders(deps)
}

/** Until nothing is open, by workers that die around each of their transactions. */
async function carriedOut(): Promise<void> {
  for (let turn = 0; turn < ROUNDS_MAX; turn++) {
    await worker.run(round)
    await index()
    if ((await market.db.payoutOrder.count({ where: { status: { not: 'done' } } })) === 0) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error('an order is still open')
}

const provisions = async () => {
  const fromBlock = BigInt(market.deployment.blockNumber)
  const events = await getIsochroneEvents(reader, { fromBlock, toBlock: await reader.publicClient.getBlockNumber() })
  return events.flatMap((event) =>
    event.eventName === 'Provisioned' && event.args.subject === providerId ? [event.args.amount] : [],
  )
}

test('an account of its own is paid, whose key is neither the wallet’s nor another provider’s', async () => {
  const walletKey = market.env.MANAGED_WALLET_KEY
  expect(account).toBe(chain.payouts.accountOf(providerId))
  expect(new Set([account, chain.managed.address, chain.payouts.accountOf(market.providerId)]).size).toBe(3)
  expect(payoutKeyOf({ walletKey, providerId })).not.toBe(walletKey)
  await paidOut()
  expect(await balance(account)).toBe(PAID)
  expect(await view()).toMatchObject({ paidMicroUsd: PAID, freeMicroUsd: PAID, withholding: null })
})

test('more than is free, to nobody, and by a provider whose own wallet is paid: refused, and nothing is kept of it', async () => {
  const ask = { providerId, userId: USER, key: 'too-much', toAddress: WALLET, microUsd: PAID + 1n }
  await expect(plane.providers.withdrawPayout(ask)).rejects.toMatchObject({ field: 'amountUsd' })
  await expect(plane.providers.withdrawPayout({ ...ask, microUsd: 0n })).rejects.toMatchObject({ field: 'amountUsd' })
  for (const toAddress of [account, `0x${'00'.repeat(20)}`]) {
    const refused = plane.providers.withdrawPayout({ ...ask, microUsd: 1n, toAddress })
    await expect(refused).rejects.toMatchObject({ code: 'invalid_input', field: 'toAddress' })
  }
  const other = { ...ask, providerId: market.providerId, microUsd: 1n }
  await expect(plane.providers.withdrawPayout(other)).rejects.toMatchObject({ code: 'state_conflict' })
  await expect(
    plane.providers.withholdStake({ providerId: market.providerId, microUsd: TARGET }),
  ).rejects.toMatchObject({
    code: 'state_conflict',
  })
  expect(await plane.providers.payoutAccount({ providerId: market.providerId })).toBeNull()
  expect(await market.db.payoutOrder.count()).toBe(0)
})

test('a withdrawal that is asked for twice at once is paid once, by workers that die around it', async () => {
  const ask = { providerId, userId: USER, key: 'one', toAddress: WALLET, microUsd: 7n }
  const orders = await Promise.all([plane.providers.withdrawPayout(ask), plane.providers.withdrawPayout(ask)])
  expect(new Set(orders.map(({ id }) => id)).size).toBe(1)
  for (const change of [{ microUsd: 8n }, { toAddress: '0xcafe00000000000000000000000000000000000b' }]) {
    await expect(plane.providers.withdrawPayout({ ...ask, ...change })).rejects.toMatchObject({
      code: 'state_conflict',
      field: 'key',
      publicMessage: expect.stringContaining(`$0.000007 to ${WALLET} already`),
    })
  }
  expect(await market.db.payoutOrder.count()).toBe(1)
  await carriedOut()
  expect(await balance(WALLET)).toBe(7n)
  expect(await balance(account)).toBe(PAID - 7n)
  expect(new Set(worker.takeDeaths())).toEqual(
    new Set(['transferWithAuthorization not sent', 'transferWithAuthorization not recorded']),
  )
})

test('two withdrawals of all that is free: one is paid', async () => {
  const asks = ['two', 'three'].map((key) =>
    plane.providers.withdrawPayout({ providerId, userId: USER, key, toAddress: WALLET, microUsd: PAID - 7n - TARGET }),
  )
  const ends = await Promise.allSettled(asks)
  // $185 of $285 are asked for twice.
  expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  await carriedOut()
  expect(await balance(WALLET)).toBe(PAID - TARGET)
  expect(await balance(account)).toBe(TARGET)
})

const barred = () => market.store.leases.barredFromLeases([market.nodeId], STAKE_MIN_MICRO_USD)

test('stake is withheld exactly once, dying around every transaction, and machines are leased once it is full', async () => {
  await expect(plane.providers.withholdStake({ providerId, microUsd: 99_999_999n })).rejects.toMatchObject({
    field: 'stakeUsd',
  })
  await plane.providers.withholdStake({ providerId, microUsd: TARGET })
  await expect(plane.providers.withholdStake({ providerId, microUsd: TARGET - 1n })).rejects.toMatchObject({
    field: 'stakeUsd',
  })
  expect(await view()).toMatchObject({ heldMicroUsd: TARGET, freeMicroUsd: 0n, withholding: { full: false } })
  await market.db.node.update({ where: { nodeId: market.nodeId }, data: { providerId } })
  expect(await barred()).toEqual(new Map([[market.nodeId, 'stake']]))
  await expect(
    plane.providers.withdrawPayout({ providerId, userId: USER, key: 'held', toAddress: WALLET, microUsd: 1n }),
  ).rejects.toMatchObject({ field: 'amountUsd' })

  worker.takeDeaths()
  await carriedOut()
  expect(new Set(worker.takeDeaths())).toEqual(
    new Set(
      ['transferWithAuthorization', 'approve', 'provisionOnce'].flatMap((call) => [
        `${call} not sent`,
        `${call} not recorded`,
      ]),
    ),
  )
  expect(await staked()).toBe(TARGET)
  expect(await provisions()).toEqual([TARGET])
  expect(await balance(account)).toBe(0n)
  await worker.run(round)
  expect(await provisions()).toEqual([TARGET])
  expect(await barred()).toEqual(new Map())
  expect(await view()).toMatchObject({ balanceMicroUsd: 0n, withheldMicroUsd: TARGET, withholding: { full: true } })
})

test('who leaves has the stake back after its thaw, once, dying around every transaction; meanwhile no leases', async () => {
  const wallet = '0xcafe00000000000000000000000000000000000a'
  const ask = { providerId, userId: USER, key: 'leave', toAddress: wallet }
  await expect(plane.providers.releaseStake({ ...ask, toAddress: account })).rejects.toMatchObject({
    field: 'toAddress',
  })
  await expect(plane.providers.releaseStake({ ...ask, providerId: market.providerId })).rejects.toMatchObject({
    field: 'toAddress',
  })
  const [one, two] = await Promise.all([plane.providers.releaseStake(ask), plane.providers.releaseStake(ask)])
  expect(two.id).toBe(one.id)
  await expect(plane.providers.releaseStake({ ...ask, toAddress: WALLET })).rejects.toMatchObject({
    code: 'state_conflict',
    field: 'key',
    publicMessage: expect.stringContaining(`to ${wallet} already`),
  })
  await expect(plane.providers.releaseStake({ ...ask, key: 'again' })).rejects.toMatchObject({ code: 'state_conflict' })

  worker.takeDeaths()
  await worker.run(round)
  await worker.run(round)
  expect(new Set(worker.takeDeaths())).toEqual(new Set(['thaw not sent', 'thaw not recorded']))
  expect(await balance(wallet)).toBe(0n)
  expect(await view()).toMatchObject({ withholding: { releasing: true, full: false, stakeMicroUsd: 0n } })
  expect(await barred()).toEqual(new Map([[market.nodeId, 'stake']]))

  await market.writer.publicClient.request({ method: 'evm_increaseTime', params: [THAW_S] } as never)
  await market.writer.publicClient.request({ method: 'evm_mine', params: [] } as never)
  await carriedOut()
  expect(new Set(worker.takeDeaths())).toEqual(new Set(['withdraw not sent', 'withdraw not recorded']))
  expect([await balance(wallet), await staked()]).toEqual([TARGET, 0n])
  expect(await view()).toMatchObject({ withholding: { releasing: false } })
})

test('stake out of an own wallet goes back to the wallet that is paid and to no other, whole, after its thaw', async () => {
  const amount = 123_000_001n
  const own = '0xcafe000000000000000000000000000000000001'
  const subject = market.providerId
  const ask = { providerId: subject, userId: USER, key: 'own', toAddress: own }
  const release = (input: typeof ask) => plane.providers.releaseStake(input)
  const active = async (id: string) => (await stakeOf(reader, id as Hex)).active
  const note = () => noteStakes({ payouts: market.store.payouts, chain: { stakeOf: active } })
  const held = await active(subject)
  const before = await balance(own)
  if (held === 0n) await expect(release(ask)).rejects.toMatchObject({ code: 'state_conflict' })
  await mintTestUsdc(reader, { to: reader.sender.account.address, amount })
  await provision(reader, { subject, amount })
  await note()
  expect(await plane.providers.walletStake({ providerId: subject })).toMatchObject({
    address: own,
    stakeMicroUsd: held + amount,
    releasing: false,
  })
  expect(await plane.providers.walletStake({ providerId })).toBeNull()
  await expect(release({ ...ask, toAddress: WALLET })).rejects.toMatchObject({ field: 'toAddress' })

  const [one, two] = await Promise.all([release(ask), release(ask)])
  expect(two.id).toBe(one.id)
  await expect(release({ ...ask, key: 'twice' })).rejects.toMatchObject({ code: 'state_conflict' })
  await worker.run(round)
  await worker.run(round)
  await note()
  expect(await plane.providers.walletStake({ providerId: subject })).toMatchObject({
    stakeMicroUsd: 0n,
    releasing: true,
  })
  expect(await balance(own)).toBe(before)
  await market.writer.publicClient.request({ method: 'evm_increaseTime', params: [THAW_S] } as never)
  await market.writer.publicClient.request({ method: 'evm_mine', params: [] } as never)
  await carriedOut()
  expect(await balance(own)).toBe(before + held + amount)
  expect(await plane.providers.walletStake({ providerId: subject })).toMatchObject({
    stakeMicroUsd: 0n,
    releasing: false,
  })
})

/** A stranger's gift to the account is nobody's earnings: it is not withheld, and does not pay for a withdrawal. */
test('what a stranger sends to the account changes no figure', async () => {
  await mintTestUsdc(reader, { to: account, amount: 5n })
  expect(await view()).toMatchObject({ balanceMicroUsd: 0n, freeMicroUsd: 0n })
})
