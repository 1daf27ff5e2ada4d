/** A lane whose anchored sum lies aside for what needs it no more: the worker gives it back, and sends nothing in vain. */
import {
  channelIdOf,
  claim,
  createChainWriter,
  providerIdOf,
  registerProvider,
  type ChainWriter,
} from '@isochrone/contracts-client'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { bytes32Of, type Hex, type Signed, type Voucher } from '@isochrone/protocol'
import { indexChainEvents, settleDueEpochs } from '@isochrone/services'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createChain } from './chain/create-chain.ts'
import { closeEpoch, type Due } from './testing/close-epoch.ts'
import { startTestMarket, type TestMarket } from './testing/test-market.ts'

const PAYOUT = '0xcafe000000000000000000000000000000000001'

let stack: TestStack
let market: TestMarket
let chain: ReturnType<typeof createChain>
let anybody: ChainWriter
let [one, two]: [Hex, Hex] = ['0x', '0x']
let [p, q]: [Hex, Hex] = ['0x', '0x']

beforeAll(async () => {
  stack = await startTestStack({ postgres: true, redis: true, chain: true })
  market = await startTestMarket(stack)
  const { OPERATOR_KEY: operatorKey, MANAGED_WALLET_KEY: managedWalletKey } = market.env
  const { deployment } = market
  chain = createChain({ rpcUrl: stack.chainRpcUrl, deployment, operatorKey, managedWalletKey, profile: market.profile })
  anybody = createChainWriter({
    rpcUrl: stack.chainRpcUrl,
    deployment,
    privateKey: managedWalletKey,
    profile: market.profile,
  })
  const salts = { p: bytes32Of('p'), q: bytes32Of('q'), one: bytes32Of('salt'), two: bytes32Of('two') }
  for (const salt of [salts.p, salts.q]) await registerProvider(market.writer, { salt, payout: PAYOUT })
  const operator = market.writer.sender.account.address
  ;[p, q] = [providerIdOf(operator, salts.p), providerIdOf(operator, salts.q)]
  ;[one, two] = [market.channelId, channelIdOf(chain.managed.address, salts.two)]
  await market.db.organization.create({ data: { id: 'org_two', name: 'Two', slug: 'two' } })
  const row = { custody: 'managed', ownerAddress: chain.managed.address, salt: salts.two } as const
  await market.db.channel.create({ data: { id: two, orgId: 'org_two', ...row } })
  for (const salt of [salts.one, salts.two]) await chain.managed.openChannel(salt)
  for (const channelId of [one, two]) await chain.managed.raiseCeiling({ channelId, microUsd: 1_000_000n })
  await topUp(one, 1_000n)
}, 240_000)
afterAll(async () => {
  await market?.db.$disconnect()
  await stack?.stop()
})

const index = () => indexChainEvents({ store: market.store, chain: chain.reads })
const laneOf = () => market.lane.lane
const asideOf = async (providerId: Hex, epoch: number) =>
  (await chain.settlement.pendingOf({ providerId, lane: laneOf(), epoch })).setAside
const paidOn = (channelId: Hex, providerId: Hex) =>
  chain.settlement.claimedOf({ channelId, providerId, lane: laneOf() })
const sent = () =>
  market.writer.publicClient.getTransactionCount({ address: market.writer.sender.account.address, blockTag: 'pending' })

async function round(): Promise<void> {
  const { stuck } = await settleDueEpochs({
    epochs: market.store.epochs,
    records: market.store.records,
    transactions: market.store.chain,
    chain: chain.settlement,
  })
  expect(stuck).toEqual([])
  await index()
}

async function topUp(channelId: Hex, microUsd: bigint): Promise<void> {
  await chain.managed.depositOnce({ channelId, microUsd, orderId: crypto.randomUUID() })
  await index()
}

/** The lane closes and anchors an epoch with this sum and these vouchers. */
const close = (epoch: number, sum: bigint, dues: readonly Due[]): Promise<Signed<Voucher>[]> =>
  closeEpoch(market, chain.settlement, { epoch, sum, dues })

const reasons = async () => {
  const rows = await market.db.voucher.findMany({ orderBy: [{ epoch: 'asc' }, { providerId: 'asc' }] })
  return rows.flatMap(({ epoch, skippedReason }) => (skippedReason === null ? [] : [[Number(epoch), skippedReason]]))
}

test("what a newer voucher drew of an older epoch's rest leaves nobody short", async () => {
  await close(1, 10n, [
    { channelId: one, providerId: p, cumulative: 2n, earned: 10n },
    { channelId: two, providerId: p, cumulative: 8n, earned: 10n },
  ])
  await round()
  expect(await asideOf(p, 1)).toBe(8n)
  expect(await reasons()).toEqual([[1, 'balance_empty']])

  const [newer] = await close(2, 13n, [
    { channelId: two, providerId: p, cumulative: 9n, earned: 1n },
    { channelId: one, providerId: q, cumulative: 12n, earned: 12n },
  ])
  await topUp(two, 100n)
  if (newer) await claim(anybody, newer)
  await index()
  expect(await asideOf(p, 1)).toBe(8n)
  await round()
  await round()
  expect(await paidOn(two, p)).toBe(9n)
  expect(await paidOn(one, q)).toBe(12n)
  expect(await asideOf(p, 1)).toBe(0n)
  expect(await chain.settlement.laneLeft(laneOf())).toBe(0n)
  expect(await reasons()).toEqual([])
}, 240_000)

test('what a lane sets aside for an accomplice beyond what it earned leaves nobody short', async () => {
  const [accomplice] = await close(3, 5n, [
    { channelId: one, providerId: p, cumulative: 3n, earned: 1_000n },
    { channelId: one, providerId: q, cumulative: 16n, earned: 4n },
  ])
  if (accomplice) await claim(anybody, accomplice)
  await index()
  expect(await asideOf(p, 3)).toBe(4n)
  await round()
  expect(await paidOn(one, q)).toBe(16n)
  expect(await asideOf(p, 3)).toBe(0n)
  expect(await reasons()).toEqual([])
}, 240_000)

test('a voucher beyond what its lane anchored is not sent again until the lane anchors more', async () => {
  await close(4, 1n, [{ channelId: one, providerId: q, cumulative: 20n, earned: 1n }])
  await round()
  expect(await paidOn(one, q)).toBe(17n)
  expect(await reasons()).toEqual([[4, 'short']])
  const before = await sent()
  await round()
  expect(await reasons()).toEqual([[4, 'anchored_sum_reached']])
  await round()
  expect(await sent()).toBe(before)

  await close(5, 3n, [])
  await round()
  await round()
  expect(await paidOn(one, q)).toBe(20n)
  expect(await reasons()).toEqual([])
}, 240_000)
