/** The indexer against payers who make it hard: amounts of any size, and channels that nobody ever opens. And panels, and vouchers. */
import {
  announce,
  channelIdOf,
  claimedOf,
  disputeOf,
  fileWithheld,
  mintTestUsdc,
  openChannel,
  panelOf,
  respondToDispute,
  setCeiling,
  signCeiling,
} from '@isochrone/contracts-client'
import { isDataError } from '@isochrone/db'
import { systemClock } from '@isochrone/domain'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { bytes32Of, decodeStruct, type Hex } from '@isochrone/protocol'
import { developmentKeys } from '@isochrone/runtime'
import { createTrustDuties, indexChainEvents, ingestReceiptEntries } from '@isochrone/services'
import { privateKeyToAccount } from 'viem/accounts'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createChain } from './chain/create-chain.ts'
import { startTestMarket, type TestMarket } from './testing/test-market.ts'

const BIGINT_MAX = 2n ** 63n - 1n
const payer = privateKeyToAccount(developmentKeys[0])

// Real chain and database, on machines that are busy with other tests as well.
vi.setConfig({ testTimeout: 240_000 })

let stack: TestStack
let market: TestMarket
let chain: ReturnType<typeof createChain>
const asked = { states: 0, scans: 0 }

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
}, 240_000)
afterAll(async () => {
  await market?.db.$disconnect()
  await stack?.stop()
})

async function index() {
  Object.assign(asked, { states: 0, scans: 0 })
  const { reads } = chain
  const counting = {
    ...reads,
    channelEvents: (...args: Parameters<typeof reads.channelEvents>) => {
      asked.scans += 1
      return reads.channelEvents(...args)
    },
    confirmed: {
      ...reads.confirmed,
      channel: (...args: Parameters<typeof reads.confirmed.channel>) => {
        asked.states += 1
        return reads.confirmed.channel(...args)
      },
    },
  }
  return indexChainEvents({ store: market.store, chain: counting })
}

const owner = payer.address.toLowerCase()
const link = (name: string) =>
  market.db.channel.create({
    data: {
      id: channelIdOf(payer.address, bytes32Of(name)),
      orgId: `org_${name}`,
      custody: 'wallet',
      ownerAddress: owner,
      salt: bytes32Of(name),
    },
  })

async function openWithCeiling(name: string, amount: bigint): Promise<void> {
  const channelId = channelIdOf(payer.address, bytes32Of(name))
  await openChannel(market.writer, { owner: payer.address, salt: bytes32Of(name) })
  const signature = await signCeiling(market.writer, payer, { channelId, amount })
  await setCeiling(market.writer, { channelId, amount, signature })
}

/** The platform's sight: what one payer signs never stops the reading of everybody's events. */
test('a ceiling of any size is stored as no limit, and reading goes on', { timeout: 240_000 }, async () => {
  const { id } = await link('boundless')
  await openWithCeiling('boundless', 2n ** 128n - 1n)
  const { caughtUp, channelIds, skipped } = await index()
  expect([caughtUp, channelIds, skipped]).toEqual([true, [id], []])
  expect(await market.db.channel.findUniqueOrThrow({ where: { id } })).toMatchObject({ ceilingMicroUsd: BIGINT_MAX })
  const movements = await market.db.channelMovement.findMany({ where: { channelId: id } })
  expect(movements.map(({ kind, microUsd }) => [kind, microUsd])).toEqual([['ceiling', BIGINT_MAX]])
})

/** Work for each round is bounded, whatever strangers link. */
test('channels that nobody opens cost a bounded number of reads and no scan; a late one is scanned once', async () => {
  await openWithCeiling('late', 5n)
  await index()
  for (let i = 0; i < 30; i++) await link(`unopened ${i}`)
  const { id } = await link('late')
  let rounds = 0
  let scans = 0
  for (; rounds < 5; rounds++) {
    await index()
    expect(asked.states).toBeLessThanOrEqual(20)
    scans += asked.scans
  }
  expect(scans).toBe(1)
  const late = await market.db.channel.findUniqueOrThrow({ where: { id }, include: { movements: true } })
  expect(late).toMatchObject({ ceilingMicroUsd: 5n, openedTx: expect.stringMatching(/^0x/) as string })
  expect(late.movements.map(({ kind }) => kind)).toEqual(['ceiling'])
}, 300_000)

/** Fairness of panels: nobody can wait until the hash that draws is gone. */
test('the panel of a dispute is drawn as soon as it is armed', { timeout: 240_000 }, async () => {
  const { writer, lane, store } = market
  const duties = createTrustDuties({ chain: chain.trust, transactions: store.chain })
  await mintTestUsdc(writer, { to: payer.address, amount: 1_000_000_000n })
  market.request(1n)
  const closed = lane.close()
  const anchor = decodeStruct('EpochAnchor', closed?.anchor)
  await chain.settlement.anchor({ value: anchor, signature: closed?.anchorSignature as Hex })
  const evidenceHash = bytes32Of('evidence')
  const { disputeId } = await fileWithheld(writer, { lane: anchor.lane, epoch: anchor.epoch, evidenceHash })
  expect(await duties.drawPanels()).toEqual({ done: 0, failed: [] })
  await respondToDispute(writer, { disputeId, answerHash: bytes32Of('answer') })
  await writer.publicClient.request({ method: 'evm_mine' } as never)
  expect(await duties.drawPanels()).toEqual({ done: 1, failed: [] })
  expect((await disputeOf(writer, disputeId))?.state).toBe('drawn')
  expect(await panelOf(writer, { disputeId, appeal: false })).toHaveLength(3)
  expect(await duties.drawPanels()).toEqual({ done: 0, failed: [] })
  expect(await duties.collectPenalties()).toEqual({ done: 0, failed: [] })
})

/** A lane that leaves receipts out of its epochs keeps nobody from the money. */
test('a voucher whose epoch its lane never anchored is claimed once it was announced for a grace period', async () => {
  const { writer, lane, store, channelId, providerId } = market
  const duties = createTrustDuties({ chain: chain.trust, transactions: store.chain })
  const salt = bytes32Of('salt')
  await chain.registry.registerProvider({ salt, payoutAddress: '0xcafe000000000000000000000000000000000001' })
  await chain.managed.openChannel(salt)
  await chain.managed.depositOnce({ channelId, microUsd: 5_000_000n, orderId: 'order' })
  await chain.managed.raiseCeiling({ channelId, microUsd: 5_000_000n })
  const entries = [market.request(1_000_000n), lane.close(), ...lane.performance()]
  const closed = entries.find((entry) => entry !== null && 'vouchers' in entry)
  const [signed] = (closed as NonNullable<ReturnType<typeof lane.close>>).vouchers
  const voucher = decodeStruct('Voucher', signed?.voucher)
  const { claimableAtS } = await announce(writer, { value: voucher, signature: signed?.signature as Hex })
  expect(await duties.claimAnnounced()).toEqual({ done: 0, failed: [] })
  await writer.publicClient.request({ method: 'evm_setNextBlockTimestamp', params: [claimableAtS] } as never)
  for (let block = 0; block < market.profile.confirmations; block++) {
    await writer.publicClient.request({ method: 'evm_mine' } as never)
  }
  expect(await duties.claimAnnounced()).toEqual({ done: 1, failed: [] })
  expect(await claimedOf(writer, { channelId, providerId, lane: voucher.lane })).toBe(voucher.cumulative)
  expect(await duties.claimAnnounced()).toEqual({ done: 0, failed: [] })

  // All of it before the epoch is stored here: what was paid is noted at its voucher once that comes, and once alone.
  const place = { lane: voucher.lane, epoch: BigInt(voucher.epoch), channelId, providerId }
  const paid = async () =>
    (await market.db.voucher.findUniqueOrThrow({ where: { lane_epoch_channelId_providerId: place } })).paidMicroUsd
  await indexAll()
  expect(await market.db.earlyClaim.findMany()).toMatchObject([{ ...place, paidMicroUsd: voucher.cumulative }])
  await ingestReceiptEntries(
    { store: market.store, clock: systemClock, isDataError },
    entries.map((entry, at) => ({ id: `${at}-0`, json: JSON.stringify(entry) })),
  )
  await Promise.all([index(), index()])
  expect(await paid()).toBe(voucher.cumulative)
  expect(await market.db.earlyClaim.count()).toBe(0)
  await index()
  expect(await paid()).toBe(voucher.cumulative)
  await market.store.transaction((tx) => tx.epochs.subtractClaim(place, voucher.cumulative))
  expect(await paid()).toBeNull()
}, 300_000)

async function indexAll(): Promise<void> {
  while (!(await index()).caughtUp);
}
