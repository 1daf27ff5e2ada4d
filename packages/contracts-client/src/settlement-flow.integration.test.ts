/**
 * The whole way of the money on a real chain: open → deposit → ceiling → anchor → claim → settle → withdraw.
 */
import { addressOfKey, merkleProof, receiptLeaf } from '@isochrone/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { addLane } from './actions/add-lane.ts'
import { addNodeKey } from './actions/add-node-key.ts'
import { anchorEpoch } from './actions/anchor-epoch.ts'
import { claimMany } from './actions/claim-many.ts'
import { depositWithPermit } from './actions/deposit-with-permit.ts'
import { deposit } from './actions/deposit.ts'
import { mintTestUsdc } from './actions/mint-test-usdc.ts'
import { openChannel } from './actions/open-channel.ts'
import { registerProvider } from './actions/register-provider.ts'
import { registerTerms } from './actions/register-terms.ts'
import { requestWithdrawal } from './actions/request-withdrawal.ts'
import { setCeiling } from './actions/set-ceiling.ts'
import { settle } from './actions/settle.ts'
import { signCeiling } from './actions/sign-ceiling.ts'
import { withdraw } from './actions/withdraw.ts'
import { getIsochroneEvents } from './get-isochrone-events.ts'
import { anchorOf } from './reads/anchor-of.ts'
import { channelState } from './reads/channel-state.ts'
import { claimedOf } from './reads/claimed-of.ts'
import { laneTotals } from './reads/lane-totals.ts'
import { nodeKeyOf } from './reads/node-key-of.ts'
import { payableAt } from './reads/payable-at.ts'
import { pendingOf } from './reads/pending-of.ts'
import { providerOf } from './reads/provider-of.ts'
import { solvency } from './reads/solvency.ts'
import { termsRegisteredAt } from './reads/terms-registered-at.ts'
import { tokenBalance } from './reads/token-balance.ts'
import { verifyLeaf } from './reads/verify-leaf.ts'
import { startTestChain, type TestChain } from './testing/start-test-chain.ts'
import { deliveryOf, deployTestMarket, lane, laneKey, nodeKey, payout, salt, treasury } from './testing/test-market.ts'
import type { TestMarket } from './testing/test-market.ts'

let chain: TestChain
let market: TestMarket

beforeAll(async () => {
  chain = await startTestChain()
  market = await deployTestMarket(chain)
})
afterAll(() => chain.stop())

/** Money: the payer's debit is the providers' credit and the fee, to the micro-USD, and a retry moves nothing twice. */
test('a deposit becomes a settled payment, and every write can be retried', async () => {
  const { operator, payer, provider, signAnchor, signVoucher } = market
  const payerAddress = payer.sender.account.address

  await addLane(operator, addressOfKey(laneKey))
  expect((await addLane(operator, addressOfKey(laneKey))).receipt).toBeNull()

  const { providerId } = await registerProvider(provider, { salt: salt('provider'), payout })
  expect((await registerProvider(provider, { salt: salt('provider'), payout })).receipt).toBeNull()
  expect((await providerOf(operator, providerId))?.feeBps).toBe(250)
  const key = { providerId, nodeKey: addressOfKey(nodeKey), signature: market.proveNodeKey(providerId) }
  await addNodeKey(provider, key)
  expect((await addNodeKey(provider, key)).receipt).toBeNull()
  expect(await nodeKeyOf(operator, key.nodeKey)).toEqual({ providerId, active: true })
  await registerTerms(provider, { providerId, termsHash: salt('terms') })
  expect(await termsRegisteredAt(operator, { providerId, termsHash: salt('terms') })).toBeGreaterThan(0)

  const { channelId } = await openChannel(operator, { owner: payerAddress, salt: salt('channel') })
  expect((await openChannel(operator, { owner: payerAddress, salt: salt('channel') })).receipt).toBeNull()
  await mintTestUsdc(operator, { to: payerAddress, amount: 10_000_000n })
  await deposit(payer, { channelId, amount: 6_000_000n })
  await depositWithPermit(payer, { channelId, amount: 4_000_000n, deadlineS: 10_000_000_000n })
  expect(await tokenBalance(operator, payerAddress)).toBe(0n)

  const amount = 8_000_000n
  const ceiling = {
    channelId,
    amount,
    signature: await signCeiling(payer, payer.sender.account, { channelId, amount }),
  }
  await setCeiling(operator, ceiling)
  expect((await setCeiling(operator, ceiling)).receipt).toBeNull()
  expect(await channelState(operator, channelId)).toMatchObject({ deposited: 10_000_000n, available: 8_000_000n })

  const receipts = [1_234_567n, 765_434n, 1n].map((price, i) => deliveryOf(channelId, i + 1, price))
  const anchor = signAnchor(7, receipts)
  await anchorEpoch(operator, anchor)
  expect((await anchorEpoch(operator, anchor)).receipt).toBeNull()
  expect(await anchorOf(operator, lane, 7)).toMatchObject({ root: anchor.value.root, count: 3, sum: 2_000_002n })
  const leaves = receipts.map((receipt) => receiptLeaf('DeliveryReceipt', receipt))
  for (const leaf of leaves) {
    expect(await verifyLeaf(operator, { lane, epoch: 7, leaf, proof: merkleProof(leaves, leaf) })).toBe(true)
  }
  expect(await verifyLeaf(operator, { lane, epoch: 7, leaf: salt('other'), proof: [] })).toBe(false)

  const receiptRoot = anchor.value.root
  const voucher = signVoucher({ channelId, providerId, epoch: 7, cumulative: 2_000_002n, receiptRoot })
  const early = signVoucher({ channelId, providerId, epoch: 8, cumulative: 3_000_000n, receiptRoot })
  const { claimed, skipped } = await claimMany(operator, [voucher, early])
  expect(claimed).toMatchObject([{ channelId, providerId, lane, epoch: 7, paid: 2_000_002n, unpaid: 0n }])
  expect(skipped).toMatchObject([{ epoch: 8, reason: 'epoch_not_anchored' }])
  const again = await claimMany(operator, [voucher])
  expect(again.skipped).toMatchObject([{ reason: 'nothing_due' }])
  expect(await claimedOf(operator, { channelId, providerId, lane })).toBe(2_000_002n)
  expect(await laneTotals(operator, lane)).toEqual({
    lastEpoch: 7,
    epochs: 1,
    anchored: 2_000_002n,
    claimed: 2_000_002n,
  })

  expect((await settle(operator, { providerId, epochs: [7] })).settled).toEqual([])
  expect((await pendingOf(operator, providerId, 7)).payableAtS).toBe(await payableAt(operator, lane, 7))
  await chain.passTime(60)
  const { settled } = await settle(operator, { providerId, epochs: [7] })
  expect(settled).toMatchObject([{ epoch: 7, gross: 2_000_002n, fee: 50_000n, net: 1_950_002n }])
  expect((await settle(operator, { providerId, epochs: [7] })).receipt).toBeNull()
  expect(await tokenBalance(operator, payout)).toBe(1_950_002n)
  expect(await tokenBalance(operator, treasury)).toBe(50_000n)

  await requestWithdrawal(payer, { channelId, amount: 7_999_998n })
  await expect(withdraw(payer, { channelId, to: payerAddress })).rejects.toThrow(/thaws until/)
  await chain.passTime(600)
  expect((await withdraw(payer, { channelId, to: payerAddress })).amount).toBe(7_999_998n)
  expect(await solvency(operator)).toEqual({ held: 0n, owed: 0n })

  const fromBlock = BigInt(market.deployment.blockNumber)
  const toBlock = await operator.publicClient.getBlockNumber()
  const names = (await getIsochroneEvents(operator, { fromBlock, toBlock })).map(({ eventName }) => eventName)
  expect(names.filter((name) => name === 'Claimed')).toHaveLength(1)
  expect(names.filter((name) => name === 'Settled')).toHaveLength(1)
  expect(names).toEqual(
    expect.arrayContaining(['LaneAdded', 'Deposited', 'EpochAnchored', 'ClaimSkipped', 'Withdrawn']),
  )
})

/** A wallet's signature over the typed data that we hand out is the one that the contract accepts. */
test('an authorization that anyone relays deposits once', async () => {
  const { operator, payer, deployment } = market
  const { depositAuthorizationTypedData } = await import('./typed-data.ts')
  const { depositWithAuthorization } = await import('./actions/deposit-with-authorization.ts')
  const from = payer.sender.account.address
  const { channelId } = await openChannel(operator, { owner: from, salt: salt('relayed') })
  await mintTestUsdc(operator, { to: from, amount: 5_000_000n })
  const { chainId, addresses } = deployment
  const terms = {
    from,
    channelId,
    amount: 5_000_000n,
    validAfterS: 0n,
    validBeforeS: 10_000_000_000n,
    nonceSalt: salt('n'),
  }
  const typedData = depositAuthorizationTypedData({ ...terms, ...addresses, chainId })
  const input = { ...terms, signature: await payer.sender.account.signTypedData(typedData) }
  await depositWithAuthorization(operator, input)
  expect((await depositWithAuthorization(operator, input)).receipt).toBeNull()
  expect((await channelState(operator, channelId)).deposited).toBe(5_000_000n)
})
