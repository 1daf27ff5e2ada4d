/**
 * The whole way of the money on two chains that differ in id, block time, finality and fee model: open → deposit →
 * ceiling → anchor → claim → report → final → settle → withdraw. Nothing in the code knows which chain it is on.
 */
import { addressOfKey, merkleProof, receiptLeaf, structHash as structHashOf, ZERO_BYTES32 } from '@isochrone/protocol'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { addLane } from './actions/add-lane.ts'
import { addNodeKey } from './actions/add-node-key.ts'
import { anchorEpoch } from './actions/anchor-epoch.ts'
import { claimEach } from './actions/claim-each.ts'
import { claimMany } from './actions/claim-many.ts'
import { claim } from './actions/claim.ts'
import { countSamples } from './actions/count-samples.ts'
import { depositWithAuthorization } from './actions/deposit-with-authorization.ts'
import { depositWithPermit } from './actions/deposit-with-permit.ts'
import { deposit } from './actions/deposit.ts'
import { finaliseRecord } from './actions/finalise-record.ts'
import { mintTestUsdc } from './actions/mint-test-usdc.ts'
import { openChannel } from './actions/open-channel.ts'
import { proveReceipt } from './actions/prove-receipt.ts'
import { registerProvider } from './actions/register-provider.ts'
import { registerTerms } from './actions/register-terms.ts'
import { reportRecord } from './actions/report-record.ts'
import { requestWithdrawal } from './actions/request-withdrawal.ts'
import { returnSetAside } from './actions/return-set-aside.ts'
import { revokeSessionKey } from './actions/revoke-session-key.ts'
import { setCeilingBySession } from './actions/set-ceiling-by-session.ts'
import { setCeiling } from './actions/set-ceiling.ts'
import { settle } from './actions/settle.ts'
import { signCeiling } from './actions/sign-ceiling.ts'
import { signLaneKey } from './actions/sign-lane-key.ts'
import { signSessionKey } from './actions/sign-session-key.ts'
import { withdraw } from './actions/withdraw.ts'
import { getIsochroneEvents } from './get-isochrone-events.ts'
import { anchorEventOf } from './reads/anchor-event-of.ts'
import { anchorOf } from './reads/anchor-of.ts'
import { channelState } from './reads/channel-state.ts'
import { claimedOf } from './reads/claimed-of.ts'
import { laneOf } from './reads/lane-of.ts'
import { laneTotals } from './reads/lane-totals.ts'
import { nodeKeyOf } from './reads/node-key-of.ts'
import { pendingOf } from './reads/pending-of.ts'
import { poolOf } from './reads/pool-of.ts'
import { providerOf } from './reads/provider-of.ts'
import { releaseOf } from './reads/release-of.ts'
import { solvency } from './reads/solvency.ts'
import { standingOf } from './reads/standing-of.ts'
import { termsRegisteredAt } from './reads/terms-registered-at.ts'
import { tokenBalance } from './reads/token-balance.ts'
import { verifyLeaf } from './reads/verify-leaf.ts'
import { startTestChain, type TestChain, type TestChainOptions } from './testing/start-test-chain.ts'
import { countsOf, deliveryOf, deployTestMarket, lane, laneKey, nodeId, nodeKey } from './testing/test-market.ts'
import { payout, salt, termsHashOf, termsOf, treasury, type TestMarket } from './testing/test-market.ts'
import { finalBlockNumber } from './transactions/final-block-number.ts'
import { depositAuthorizationTypedData } from './typed-data.ts'

const chains: Record<string, TestChainOptions> = {
  'a chain that mines on demand, EIP-1559, final at once': {},
  'a chain with a block a second, legacy gas prices, two confirmations, final where it says so': {
    chainId: 424_242,
    blockTimeS: 1,
    hardfork: 'prague',
    args: ['--slots-in-an-epoch', '1'],
    profile: { confirmations: 2, finality: 'finalized', feeModel: 'legacy', blockTimeMs: 1_000 },
  },
}

describe.each(Object.entries(chains))('%s', (_name, options) => {
  let chain: TestChain
  let market: TestMarket

  beforeAll(async () => {
    chain = await startTestChain(options)
    market = await deployTestMarket(chain)
    await market.admitLane()
  }, 300_000)
  afterAll(() => chain.stop())

  /** Money: the payer's debit is the provider's credit and the fee, to the micro-USD, and a retry moves nothing twice. */
  test('a deposit becomes a settled payment, and every write can be retried', { timeout: 300_000 }, async () => {
    const { operator, payer, provider, signAnchor, signVoucher } = market
    const payerAddress = payer.sender.account.address
    const operatorAddress = operator.sender.account.address
    expect(market.deployment.chainId).toBe(options.chainId ?? 31_337)

    const laneInput = signLaneKey(operator, { privateKey: laneKey, operator: operatorAddress })
    expect((await addLane(operator, laneInput)).receipt).toBeNull()
    expect(await laneOf(operator, lane)).toMatchObject({ operator: operatorAddress, removedAtS: null })

    const { providerId } = await registerProvider(provider, { salt: salt('provider'), payout })
    expect((await registerProvider(provider, { salt: salt('provider'), payout })).receipt).toBeNull()
    expect((await providerOf(operator, providerId))?.feeBps).toBe(250)
    const key = { providerId, nodeKey: addressOfKey(nodeKey), signature: market.proveNodeKey(providerId) }
    await addNodeKey(provider, key)
    expect((await addNodeKey(provider, key)).receipt).toBeNull()
    expect(await nodeKeyOf(operator, key.nodeKey)).toEqual({ providerId, active: true, retiresAtS: 0 })
    const terms = termsOf(providerId)
    const termsHash = termsHashOf(terms)
    await registerTerms(provider, { providerId, termsHash })
    expect((await registerTerms(provider, { providerId, termsHash })).receipt).toBeNull()
    expect(await termsRegisteredAt(operator, { providerId, termsHash })).toBeGreaterThan(0)

    const { channelId } = await openChannel(operator, { owner: payerAddress, salt: salt('channel') })
    expect((await openChannel(operator, { owner: payerAddress, salt: salt('channel') })).receipt).toBeNull()
    await mintTestUsdc(operator, { to: payerAddress, amount: 10_000_000n })
    await deposit(payer, { channelId, amount: 6_000_000n })
    await depositWithPermit(payer, { channelId, amount: 4_000_000n, deadlineS: 10_000_000_000n })
    expect(await tokenBalance(operator, payerAddress)).toBe(0n)

    const amount = 8_000_000n
    const signature = await signCeiling(payer, payer.sender.account, { channelId, amount })
    await setCeiling(operator, { channelId, amount, signature })
    expect((await setCeiling(operator, { channelId, amount, signature })).receipt).toBeNull()
    expect(await channelState(operator, channelId)).toMatchObject({ deposited: 10_000_000n, available: 8_000_000n })

    const receipts = [1_234_567n, 765_434n, 1n].map((price, i) => deliveryOf(channelId, i + 1, price, termsHash))
    const anchor = signAnchor(7, receipts)
    await anchorEpoch(operator, anchor)
    expect((await anchorEpoch(operator, anchor)).receipt).toBeNull()
    expect(await anchorOf(operator, lane, 7)).toMatchObject({ root: anchor.value.root, count: 3, sum: 2_000_002n })
    const { dataHash } = anchor.value
    expect(await anchorEventOf(operator, lane, 7)).toMatchObject({
      dataHash,
      fromSeq: 1,
      toSeq: 3,
      laneSum: 2_000_002n,
    })
    const leaves = receipts.map((receipt) => receiptLeaf('DeliveryReceipt', receipt))
    for (const leaf of leaves) {
      expect(await verifyLeaf(operator, { lane, epoch: 7, leaf, proof: merkleProof(leaves, leaf) })).toBe(true)
    }

    const [leaf = ZERO_BYTES32] = leaves
    const structHash = structHashOf('DeliveryReceipt', deliveryOf(channelId, 1, 1_234_567n, termsHash))
    const proven = { lane, epoch: 7, tag: 2 as const, structHash, proof: merkleProof(leaves, leaf) }
    expect((await proveReceipt(provider, proven)).status).toBe('success')
    await expect(proveReceipt(provider, { ...proven, tag: 1 })).rejects.toThrow(/not under the root/)

    const ofEpoch = { channelId, providerId, receiptRoot: anchor.value.root, earned: 2_000_001n }
    const voucher = signVoucher({ ...ofEpoch, epoch: 7, cumulative: 2_000_000n })
    const rest = signVoucher({ ...ofEpoch, epoch: 7, cumulative: 2_000_002n })
    const tooMuch = signVoucher({ ...ofEpoch, epoch: 8, cumulative: 3_000_000n })
    const { claimed } = await claimEach(operator, [voucher])
    expect(claimed).toMatchObject([{ channelId, providerId, lane, epoch: 7, paid: 2_000_000n, unpaid: 0n }])
    const owed = { providerId, lane, epoch: 7 }
    expect(await pendingOf(operator, owed)).toMatchObject({ claimed: 2_000_000n, setAside: 1n })
    expect((await laneTotals(operator, lane)).taken).toBe(2_000_001n)
    expect((await returnSetAside(operator, owed)).receipt).not.toBeNull()
    expect((await returnSetAside(operator, owed)).receipt).toBeNull()
    expect((await laneTotals(operator, lane)).taken).toBe(2_000_000n)
    const { claimed: last, skipped } = await claimMany(operator, [rest, tooMuch])
    expect(last).toMatchObject([{ paid: 2n, unpaid: 0n }])
    expect(skipped).toMatchObject([{ epoch: 8, reason: 'anchored_sum_reached' }])
    expect((await claimMany(operator, [voucher])).skipped).toMatchObject([{ reason: 'nothing_due' }])
    expect(await claim(operator, rest)).toEqual({ receipt: null, paid: 0n, unpaid: 0n })
    await expect(claim(operator, tooMuch)).rejects.toMatchObject({ details: { revert: 'ClaimRefused' } })
    expect(await claimedOf(operator, { channelId, providerId, lane })).toBe(2_000_002n)
    const totals = { lastEpoch: 7, lastSeq: 3, anchored: 2_000_002n, taken: 2_000_002n, claimedAnnounced: 0n }
    expect(await laneTotals(operator, lane)).toEqual(totals)

    // Performance settles: nothing is payable until the node's record of the epoch is final.
    expect((await settle(operator, { providerId, lane, epochs: [7] })).settled).toEqual([])
    expect(await pendingOf(operator, owed)).toMatchObject({ claimed: 2_000_002n, payable: 0n })
    const counts = countsOf({ channelId, epoch: 7, termsHash, samples: 3, spent: 2_000_002n })
    const record = { nodeId, lane, epoch: 7, version: 0, earned: 2_000_002n, attempts: 3, faults: 0 }
    const report = market.signRecord({ ...record, countsRoot: receiptLeaf('SlaCounts', counts) })
    await reportRecord(operator, report)
    expect((await reportRecord(operator, report)).receipt).toBeNull()
    expect(await standingOf(operator, record)).toMatchObject({ status: 'reported', nodeSigned: true, providerId })
    await expect(finaliseRecord(operator, record)).rejects.toMatchObject({ details: { revert: 'WindowOpen' } })
    await chain.passTime(market.deployment.params.challengeS)
    await finaliseRecord(operator, record)
    expect((await finaliseRecord(operator, record)).receipt).toBeNull()
    expect(await releaseOf(operator, owed)).toEqual({ released: 2_000_002n, frozen: 0n })
    await countSamples(operator, { counts, terms, proof: [] })
    expect(await countSamples(operator, { counts, terms, proof: [] })).toEqual({ receipt: null, tested: null })
    expect(await poolOf(operator, { nodeId, channelId, termsHash })).toMatchObject({ samples: 3, spent: 2_000_002n })

    expect((await pendingOf(operator, owed)).payable).toBe(2_000_002n)
    const { settled } = await settle(operator, { providerId, lane, epochs: [7] })
    expect(settled).toMatchObject([{ epoch: 7, gross: 2_000_002n, fee: 50_000n, net: 1_950_002n }])
    expect((await settle(operator, { providerId, lane, epochs: [7] })).receipt).toBeNull()
    expect(await tokenBalance(operator, payout)).toBe(1_950_002n)
    expect(await tokenBalance(operator, treasury)).toBe(50_000n)

    await requestWithdrawal(payer, { channelId, amount: 7_999_998n })
    await expect(withdraw(payer, { channelId, to: payerAddress })).rejects.toThrow(/thaws until/)
    await chain.passTime(600)
    expect((await withdraw(payer, { channelId, to: payerAddress })).amount).toBe(7_999_998n)
    expect(await solvency(operator)).toEqual({ held: 0n, owed: 0n })
    expect(await solvency(operator, 'vault')).toEqual({ held: 1_000_000_000n, owed: 1_000_000_000n })

    const fromBlock = BigInt(market.deployment.blockNumber)
    const toBlock = await operator.publicClient.getBlockNumber()
    const names = (await getIsochroneEvents(operator, { fromBlock, toBlock })).map(({ eventName }) => eventName)
    expect(names.filter((name) => name === 'Claimed')).toHaveLength(2)
    expect(names.filter((name) => name === 'Settled')).toHaveLength(1)
    expect(names).toEqual(
      expect.arrayContaining(['LaneAdded', 'Provisioned', 'Deposited', 'EpochAnchored', 'ClaimSkipped', 'RecordFinal']),
    )
    const finalBlock = await finalBlockNumber(operator.publicClient, chain.profile)
    if (chain.profile.finality === 'finalized') expect(finalBlock).toBeLessThan(toBlock)
    else expect(finalBlock).toBe(toBlock)
  })

  /** A wallet's signature over the typed data that we hand out is the one that the contract accepts. */
  test('an authorization that anyone relays deposits once', { timeout: 240_000 }, async () => {
    const { operator, payer, deployment } = market
    const from = payer.sender.account.address
    const { channelId } = await openChannel(operator, { owner: from, salt: salt('relayed') })
    await mintTestUsdc(operator, { to: from, amount: 5_000_000n })
    const amount = 5_000_000n
    const terms = { from, channelId, amount, validAfterS: 0n, validBeforeS: 10_000_000_000n, nonceSalt: salt('n') }
    const typedData = depositAuthorizationTypedData({ ...terms, ...deployment.addresses, chainId: deployment.chainId })
    const input = { ...terms, signature: await payer.sender.account.signTypedData(typedData) }
    await depositWithAuthorization(operator, input)
    expect((await depositWithAuthorization(operator, input)).receipt).toBeNull()
    expect((await channelState(operator, channelId)).deposited).toBe(5_000_000n)
  })

  /** A session key raises a ceiling within what its owner allowed, until the owner takes it back. */
  test('a session key raises the ceiling up to its limit', { timeout: 240_000 }, async () => {
    const { operator, payer, provider } = market
    const key = provider.sender.account
    const { channelId } = await openChannel(operator, { owner: payer.sender.account.address, salt: salt('session') })
    const value = { channelId, key: key.address, ceilingMax: 1_000_000n, validUntil: 10_000_000_000 }
    const session = await signSessionKey(payer, payer.sender.account, value)
    const raise = async (amount: bigint) => {
      const signature = await signCeiling(payer, key, { channelId, amount })
      return setCeilingBySession(operator, { session, amount, signature })
    }
    await raise(900_000n)
    expect((await raise(900_000n)).receipt).toBeNull()
    expect((await channelState(operator, channelId)).ceiling).toBe(900_000n)
    await expect(raise(1_000_001n)).rejects.toMatchObject({ details: { revert: 'SessionCeilingTooHigh' } })
    await revokeSessionKey(payer, { channelId, key: key.address })
    expect((await revokeSessionKey(payer, { channelId, key: key.address })).receipt).toBeNull()
    await expect(raise(950_000n)).rejects.toMatchObject({ details: { revert: 'SessionKeyInvalid' } })
  })
})
