/**
 * Stake, records, disputes, contradictions and administration through the actions that people and workers call: each
 * does what its contract promises, and each can be retried.
 */
import { addressOfKey, merkleProof, receiptLeaf } from '@isochrone/protocol'
import type { DeliveryReceipt, Hex, LeaseReceipt } from '@isochrone/protocol'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { encodeFunctionData, getAddress, isAddressEqual, zeroHash } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'

import { providerRegistryAbi } from './abi/provider-registry.ts'
import { timelockControllerAbi } from './abi/timelock-controller.ts'
import { acceptOwnership } from './actions/accept-ownership.ts'
import { addArbiter } from './actions/add-arbiter.ts'
import { addNodeKey } from './actions/add-node-key.ts'
import { anchorEpoch } from './actions/anchor-epoch.ts'
import { announce } from './actions/announce.ts'
import { appealDispute } from './actions/appeal-dispute.ts'
import { cancelOperation } from './actions/cancel-operation.ts'
import { challengeRecord } from './actions/challenge-record.ts'
import { claimAnnounced } from './actions/claim-announced.ts'
import { claim } from './actions/claim.ts'
import { countSamples } from './actions/count-samples.ts'
import { credit } from './actions/credit.ts'
import { deposit } from './actions/deposit.ts'
import { drawPanel } from './actions/draw-panel.ts'
import { drawRecordPanel } from './actions/draw-record-panel.ts'
import { executeDispute } from './actions/execute-dispute.ts'
import { fileDispute } from './actions/file-dispute.ts'
import { fileLeaseDispute } from './actions/file-lease-dispute.ts'
import { fileWithheld, withheldSubjectOf } from './actions/file-withheld.ts'
import { finaliseRecord } from './actions/finalise-record.ts'
import { grantRole } from './actions/grant-role.ts'
import { mintTestUsdc } from './actions/mint-test-usdc.ts'
import { offerOwnership } from './actions/offer-ownership.ts'
import { openChannel } from './actions/open-channel.ts'
import { pauseInflow } from './actions/pause-inflow.ts'
import { proveTwoDeliveries } from './actions/prove-two-deliveries.ts'
import { proveWrongPrice } from './actions/prove-wrong-price.ts'
import { proveRecordContradiction } from './actions/prove-record-contradiction.ts'
import { provision } from './actions/provision.ts'
import { registerProvider } from './actions/register-provider.ts'
import { registerTerms } from './actions/register-terms.ts'
import { removeArbiter } from './actions/remove-arbiter.ts'
import { removeLane } from './actions/remove-lane.ts'
import { reportRecord } from './actions/report-record.ts'
import { resolveChallenge } from './actions/resolve-challenge.ts'
import { respondToDispute } from './actions/respond-to-dispute.ts'
import { retireNodeKey } from './actions/retire-node-key.ts'
import { revokeRole } from './actions/revoke-role.ts'
import { ruleOnDispute } from './actions/rule-on-dispute.ts'
import { ruleOnRecord } from './actions/rule-on-record.ts'
import { setCeiling } from './actions/set-ceiling.ts'
import { setFee } from './actions/set-fee.ts'
import { setTreasury } from './actions/set-treasury.ts'
import { signCeiling } from './actions/sign-ceiling.ts'
import { thaw } from './actions/thaw.ts'
import { unpauseInflow } from './actions/unpause-inflow.ts'
import { withdrawStake } from './actions/withdraw-stake.ts'
import type { ChainWriter } from './chain-client.ts'
import { arbiters } from './reads/arbiters.ts'
import { challengeOf } from './reads/challenge-of.ts'
import { channelState } from './reads/channel-state.ts'
import { disputeOf } from './reads/dispute-of.ts'
import { hasRole } from './reads/has-role.ts'
import { laneOf } from './reads/lane-of.ts'
import { operationIdOf, operationStateOf } from './reads/operation-of.ts'
import { panelOf } from './reads/panel-of.ts'
import { pendingOf } from './reads/pending-of.ts'
import { providerOf } from './reads/provider-of.ts'
import { recordCaseOf } from './reads/record-case-of.ts'
import { refundedOf } from './reads/refunded-of.ts'
import { moneyHolders, solvency } from './reads/solvency.ts'
import { stakeOf } from './reads/stake-of.ts'
import { standingOf } from './reads/standing-of.ts'
import { tokenBalance } from './reads/token-balance.ts'
import { treasuryKeepers, treasuryOf } from './reads/treasury-of.ts'
import type { RoleAt } from './roles.ts'
import { startTestChain, testKeys, type TestChain, type TestChainOptions } from './testing/start-test-chain.ts'
import { arbiterKeys, countsOf, deliveryOf, deployTestMarket, lane, laneKey, nodeId } from './testing/test-market.ts'
import { nodeKey, payout, salt, termsHashOf, termsOf, treasury, type TestMarket } from './testing/test-market.ts'

const USD = 1_000_000n
const chains: Record<string, TestChainOptions> = {
  'a chain with EIP-1559 fees': {},
  'a chain with another id, later rules and legacy gas prices': {
    chainId: 424_242,
    hardfork: 'prague',
    profile: { feeModel: 'legacy' },
  },
}

describe.each(Object.entries(chains))('%s', (_name, options) => {
  let chain: TestChain
  let market: TestMarket
  let channelId: Hex
  let providerId: Hex
  let snapshot: Hex

  /** A provider with stake and promises, a payer with 100 USDC, one anchored and claimed epoch of two receipts of 5. */
  beforeAll(async () => {
    chain = await startTestChain(options)
    market = await deployTestMarket(chain)
    await market.admitLane()
    const { operator, payer, provider } = market
    providerId = (await registerProvider(provider, { salt: salt('provider'), payout })).providerId
    const signature = market.proveNodeKey(providerId)
    await addNodeKey(provider, { providerId, nodeKey: addressOfKey(nodeKey), signature })
    await registerTerms(provider, { providerId, termsHash: termsHashOf(terms()) })
    for (const { sender } of [operator, payer, provider, market.writerOf(testKeys[3])]) {
      await mintTestUsdc(operator, { to: sender.account.address, amount: 1_000n * USD })
    }
    await provision(provider, { subject: providerId, amount: 500n * USD })
    channelId = (await openChannel(payer, { owner: payer.sender.account.address, salt: salt('c') })).channelId
    await deposit(payer, { channelId, amount: 100n * USD })
    const amount = 100n * USD
    await setCeiling(payer, {
      channelId,
      amount,
      signature: await signCeiling(payer, payer.sender.account, { channelId, amount }),
    })
    await anchorEpoch(operator, market.signAnchor(7, receipts()))
    await claim(operator, voucher(7, 10n * USD))
    snapshot = await chain.client.snapshot()
  }, 300_000)
  afterAll(() => chain.stop())
  beforeEach(async () => {
    await chain.client.revert({ id: snapshot })
    snapshot = await chain.client.snapshot()
  })

  const terms = () => termsOf(providerId, { penaltyBps: 1_000 })
  const receipts = (): DeliveryReceipt[] =>
    [1, 2].map((seq) => deliveryOf(channelId, seq, 5n * USD, termsHashOf(terms())))
  const voucher = (epoch: number, cumulative: bigint) =>
    market.signVoucher({ channelId, providerId, epoch, cumulative, receiptRoot: salt('root'), earned: 10n * USD })
  const key = { nodeId, lane, epoch: 7 }
  const counts = (changes = {}) =>
    countsOf({ channelId, epoch: 7, termsHash: termsHashOf(terms()), spent: 10n * USD, ...changes })
  const report = (leaf = receiptLeaf('SlaCounts', counts())) =>
    market.signRecord({ ...key, version: 0, earned: 10n * USD, attempts: 2, faults: 0, countsRoot: leaf })
  const withNoReceipt = { receipt: null }
  const seconds = (name: 'challengeS' | 'respondS' | 'ruleS' | 'appealS' | 'graceS' | 'stakeThawS') =>
    market.deployment.params[name]

  async function everybodyIsSolvent(): Promise<void> {
    for (const holder of moneyHolders) {
      const { held, owed } = await solvency(market.operator, holder)
      expect(held, holder).toBeGreaterThanOrEqual(owed)
    }
  }

  test('stake is provisioned, thaws and leaves; what is left thawing is no error to withdraw again', async () => {
    const { provider, operator } = market
    await thaw(provider, { subject: providerId, amount: 200n * USD })
    expect(await stakeOf(operator, providerId)).toMatchObject({ tokens: 500n * USD, active: 300n * USD })
    await expect(withdrawStake(provider, { subject: providerId, to: payout })).rejects.toThrow(/thaws until/)
    await chain.passTime(seconds('stakeThawS'))
    expect((await withdrawStake(provider, { subject: providerId, to: payout })).amount).toBe(200n * USD)
    expect(await withdrawStake(provider, { subject: providerId, to: payout })).toMatchObject({
      ...withNoReceipt,
      amount: 0n,
    })
    expect(await tokenBalance(operator, payout)).toBe(200n * USD)
    await everybodyIsSolvent()
  })

  test('a challenge that an auditor upholds makes the record invalid and freezes what it covered', async () => {
    const { operator, payer } = market
    await reportRecord(operator, { ...report(), nodeSignature: null })
    expect(await standingOf(operator, key)).toMatchObject({ status: 'reported', nodeSigned: false })
    // The node's signature, added later, halves the window.
    expect((await reportRecord(operator, report())).receipt).not.toBeNull()
    expect(await standingOf(operator, key)).toMatchObject({ nodeSigned: true })

    const challenge = { ...key, bond: 10n * USD, evidenceHash: salt('evidence') }
    await challengeRecord(payer, challenge)
    expect(await challengeRecord(payer, challenge)).toEqual(withNoReceipt)
    expect(await challengeOf(operator, key)).toMatchObject({
      challenger: payer.sender.account.address,
      bond: 10n * USD,
    })
    const before = await tokenBalance(operator, payer.sender.account.address)
    const ruling = { ...key, upheld: true, reasonHash: salt('reason') }
    await resolveChallenge(operator, ruling)
    expect(await resolveChallenge(operator, ruling)).toEqual(withNoReceipt)
    expect(await standingOf(operator, key)).toMatchObject({ status: 'invalid' })
    // The bond, and half of the 100 USDC that the false record costs its lane.
    expect((await tokenBalance(operator, payer.sender.account.address)) - before).toBe(60n * USD)
    expect((await stakeOf(operator, lane)).tokens).toBe(900n * USD)
    expect((await pendingOf(operator, { providerId, lane, epoch: 7 })).payable).toBe(0n)
    await everybodyIsSolvent()
  })

  test('a panel of arbiters judges a challenged record; a vote is cast once, and one of an earlier challenge is none of the next', async () => {
    const { operator, payer } = market
    await reportRecord(operator, report())
    const challenge = { ...key, bond: 10n * USD, evidenceHash: salt('evidence') }
    const panelDrawn = async () => {
      await challengeRecord(payer, challenge)
      for (let i = 0; i < 2; i++) {
        await chain.client.mine({ blocks: 1 })
        await drawRecordPanel(operator, key)
      }
      const panel = (await recordCaseOf(operator, key)).open?.panel ?? []
      const seats = panel.map(({ address }) =>
        arbiterKeys.find((one) => isAddressEqual(privateKeyToAccount(one).address, address)),
      )
      expect(seats).toHaveLength(3)
      return seats.map((seat) => market.writerOf(seat as Hex)) as [ChainWriter, ChainWriter, ChainWriter]
    }
    const dismissal = { ...key, upheld: false, reasonHash: salt('fine') }

    const [first, second, third] = await panelDrawn()
    expect((await ruleOnRecord(first, dismissal)).receipt).not.toBeNull()
    expect(await ruleOnRecord(first, dismissal)).toEqual(withNoReceipt)
    for (const other of [{ upheld: true }, { reasonHash: salt('other') }]) {
      const vote = ruleOnRecord(first, { ...dismissal, ...other })
      await expect(vote).rejects.toMatchObject({ details: { revert: 'RecordVoteStands' } })
    }
    await expect(ruleOnRecord(payer, dismissal)).rejects.toThrow(/not on the panel/)
    await ruleOnRecord(second, dismissal)
    // The vote that decided closed the challenge: who repeats it is done, who never voted is not.
    expect(await ruleOnRecord(second, dismissal)).toEqual(withNoReceipt)
    await expect(ruleOnRecord(third, dismissal)).rejects.toMatchObject({ details: { revert: 'RecordNotChallenged' } })
    expect(await standingOf(operator, key)).toMatchObject({ status: 'reported' })

    const again = await panelDrawn()
    const upheld = { ...key, upheld: true, reasonHash: salt('wrong') }
    for (const writer of again.slice(0, 2)) expect((await ruleOnRecord(writer, upheld)).receipt).not.toBeNull()
    expect(await standingOf(operator, key)).toMatchObject({ status: 'invalid' })
    expect((await stakeOf(operator, lane)).tokens).toBe(900n * USD)
    // Whoever voted the first time says nothing by it about the second.
    await expect(ruleOnRecord(first, dismissal)).rejects.toMatchObject({ details: { revert: 'RecordNotChallenged' } })
    await everybodyIsSolvent()
  })

  test('two records that a lane signed for one epoch convict it without anybody’s judgement', async () => {
    const { operator, payer } = market
    await reportRecord(operator, report())
    const { record } = report(salt('other'))
    await proveRecordContradiction(payer, record)
    expect(await proveRecordContradiction(payer, record)).toEqual(withNoReceipt)
    expect(await standingOf(operator, key)).toMatchObject({ status: 'invalid' })
    await everybodyIsSolvent()
  })

  test('a broken promise is credited to the payer out of the provider’s stake, once', async () => {
    const { operator } = market
    const bad = counts({ samples: 500, faults: 100 })
    await reportRecord(operator, report(receiptLeaf('SlaCounts', bad)))
    await chain.passTime(seconds('challengeS'))
    await finaliseRecord(operator, key)
    const { tested } = await countSamples(operator, { counts: bad, terms: terms(), proof: [] })
    const broken = { availability: true, ttft: false, tpot: false }
    expect(tested).toEqual({ samples: 500, broken, penalty: USD, credited: USD })
    expect(await countSamples(operator, { counts: bad, terms: terms(), proof: [] })).toMatchObject(withNoReceipt)
    expect((await channelState(operator, channelId)).deposited).toBe(101n * USD)
    expect((await stakeOf(operator, providerId)).tokens).toBe(499n * USD)
    await everybodyIsSolvent()
  })

  async function vote(disputeId: bigint, refund: bigint, appeal = false): Promise<ChainWriter[]> {
    const panel = await panelOf(market.operator, { disputeId, appeal })
    const members = arbiterKeys.filter((privateKey) => panel.includes(privateKeyToAccount(privateKey).address))
    expect(members).toHaveLength(3)
    const writers = members.slice(0, 2).map((privateKey) => market.writerOf(privateKey))
    for (const writer of writers) {
      await ruleOnDispute(writer, { disputeId, refund, reasonHash: salt('reason') })
      expect(await ruleOnDispute(writer, { disputeId, refund, reasonHash: salt('reason') })).toEqual(withNoReceipt)
    }
    return writers
  }

  async function fileAboutFirst() {
    const [first, second] = receipts() as [DeliveryReceipt, DeliveryReceipt]
    const leaves = [first, second].map((value) => receiptLeaf('DeliveryReceipt', value))
    const proof = merkleProof(leaves, leaves[0] as Hex)
    const input = {
      kind: 'overcharge' as const,
      receipt: first,
      epoch: 7,
      proof,
      amount: 3n * USD,
      evidenceHash: salt('e'),
    }
    const filed = await fileDispute(market.payer, input)
    expect(await fileDispute(market.payer, input)).toEqual({ receipt: null, disputeId: filed.disputeId })
    return { ...filed, subject: (await disputeOf(market.operator, filed.disputeId))?.subject as Hex }
  }

  async function drawn(disputeId: bigint): Promise<void> {
    for (let i = 0; i < 5; i++) {
      await chain.client.mine({ blocks: 1 })
      if ((await drawPanel(market.operator, disputeId)).panel.length > 0) return
    }
    throw new Error('no panel was drawn')
  }

  test('a dispute goes from filing to a refund of the payer, and every step can be retried', async () => {
    const { operator, payer, provider } = market
    const { disputeId, subject } = await fileAboutFirst()
    expect(await disputeOf(operator, disputeId)).toMatchObject({ state: 'filed', amount: 3n * USD, price: 5n * USD })
    expect(await disputeOf(operator, disputeId + 1_000n)).toBeNull()
    expect((await pendingOf(operator, { providerId, lane, epoch: 7 })).frozen).toBe(3n * USD)
    await expect(respondToDispute(payer, { disputeId, answerHash: salt('a') })).rejects.toThrow(/Only a party/)
    await respondToDispute(provider, { disputeId, answerHash: salt('a') })
    expect(await respondToDispute(provider, { disputeId, answerHash: salt('a') })).toEqual(withNoReceipt)
    await drawn(disputeId)
    expect(await drawPanel(operator, disputeId)).toMatchObject({ receipt: null, panel: { length: 3 } })
    await vote(disputeId, 2n * USD)
    await expect(executeDispute(operator, disputeId)).rejects.toMatchObject({ details: { revert: 'DeadlineOpen' } })
    await chain.passTime(seconds('appealS') + 1)
    const { refund } = await executeDispute(operator, disputeId)
    expect(refund).toEqual({ fromPending: 2n * USD, fromProvider: 0n, fromLane: 0n, fromTreasury: 0n })
    expect(await executeDispute(operator, disputeId)).toEqual({ receipt: null, refund: null })
    expect(await disputeOf(operator, disputeId)).toMatchObject({ state: 'executed', refund: 2n * USD })
    expect(await refundedOf(operator, subject)).toBe(2n * USD)
    expect((await channelState(operator, channelId)).available).toBe(90n * USD)
    await everybodyIsSolvent()
  })

  test('a lease receipt is disputed like a delivery, once for each kind', async () => {
    const { operator, payer } = market
    const lease: LeaseReceipt = {
      channelId,
      leaseId: salt('lease'),
      nodeId,
      lane,
      seq: 3,
      termsHash: termsHashOf(terms()),
      fromMs: 1_800_000_000_000,
      toMs: 1_800_003_600_000,
      gpuMs: 3_600_000,
      price: 5n * USD,
    }
    await anchorEpoch(operator, market.signLeaseAnchor(8, lease))
    await claim(operator, voucher(8, 15n * USD))
    const input = { receipt: lease, epoch: 8, proof: [], amount: 2n * USD, evidenceHash: salt('e') }
    const filed = await fileLeaseDispute(payer, { ...input, kind: 'not_delivered' })
    expect(filed.receipt).not.toBeNull()
    const withoutReceipt = { receipt: null, disputeId: filed.disputeId }
    expect(await fileLeaseDispute(payer, { ...input, kind: 'not_delivered' })).toEqual(withoutReceipt)
    const other = await fileLeaseDispute(payer, { ...input, kind: 'overcharge' })
    expect(other.disputeId).not.toBe(filed.disputeId)
    expect(await disputeOf(operator, filed.disputeId)).toMatchObject({ kind: 'not_delivered', price: 5n * USD })
    await everybodyIsSolvent()
  })

  test('a ruling is appealed to three others, who have the last word', async () => {
    const { operator, provider } = market
    const { disputeId } = await fileAboutFirst()
    await chain.passTime(seconds('respondS') + 1)
    await drawn(disputeId)
    await vote(disputeId, 3n * USD)
    await appealDispute(provider, disputeId)
    expect(await appealDispute(provider, disputeId)).toEqual(withNoReceipt)
    await drawn(disputeId)
    const first = await panelOf(operator, { disputeId })
    const second = await panelOf(operator, { disputeId, appeal: true })
    expect(first.filter((arbiter) => second.includes(arbiter))).toEqual([])
    await vote(disputeId, 0n, true)
    expect((await executeDispute(operator, disputeId)).refund).toBeNull()
    expect(await disputeOf(operator, disputeId)).toMatchObject({ state: 'dismissed' })
    await everybodyIsSolvent()
  })

  /** No arbiter has a veto by silence: what two others would refund at least is ruled when the time is over. */
  test('where two vote unlike and one is silent, time rules the lower vote, and executing first puts that on record', async () => {
    const { operator, provider } = market
    const { disputeId } = await fileAboutFirst()
    await respondToDispute(provider, { disputeId, answerHash: salt('a') })
    await drawn(disputeId)
    const panel = await panelOf(operator, { disputeId })
    for (const [seat, refund] of [3n * USD, 1n * USD].entries()) {
      const key = arbiterKeys.find((one) => privateKeyToAccount(one).address === panel[seat])
      if (!key) throw new Error('an arbiter without a key')
      await ruleOnDispute(market.writerOf(key), { disputeId, refund, reasonHash: salt('reason') })
    }
    expect(await disputeOf(operator, disputeId)).toMatchObject({ state: 'drawn' })
    await chain.passTime(seconds('ruleS') + 1)
    expect((await executeDispute(operator, disputeId)).refund).toBeNull()
    expect(await disputeOf(operator, disputeId)).toMatchObject({ state: 'ruled', refund: 1n * USD })
    await chain.passTime(seconds('appealS') + 1)
    expect((await executeDispute(operator, disputeId)).refund).toMatchObject({ fromPending: 1n * USD })
    await everybodyIsSolvent()
  })

  test('a withheld epoch can be disputed by anybody, about its lane', async () => {
    const stranger = market.writerOf(testKeys[3])
    const input = { lane, epoch: 7, evidenceHash: salt('nothing') }
    const { disputeId } = await fileWithheld(stranger, input)
    expect(await fileWithheld(stranger, input)).toEqual({ receipt: null, disputeId })
    expect(await disputeOf(market.operator, disputeId)).toMatchObject({
      kind: 'withheld',
      subject: withheldSubjectOf(lane, 7),
    })
  })

  test('contradictions convict by signatures alone, once, and pay whoever proves them', async () => {
    const { operator, payer } = market
    const [first] = receipts() as [DeliveryReceipt]
    const pair = [market.signDelivery(first), market.signDelivery({ ...first, price: 9n * USD })] as const
    const { proven } = await proveTwoDeliveries(payer, pair)
    expect(proven).toEqual({ offender: lane, slashed: 250n * USD, reward: 25n * USD })
    expect(await proveTwoDeliveries(payer, pair)).toEqual({ receipt: null, proven: null })
    const wrong = await proveWrongPrice(payer, market.signDelivery(first), terms())
    expect(wrong.proven?.offender).toBe(lane)
    const right = { ...first, seq: 9, price: 30n }
    await expect(proveWrongPrice(payer, market.signDelivery(right), terms())).rejects.toThrow(/follows from its terms/)
    expect((await stakeOf(operator, lane)).tokens).toBe(500n * USD)
    await everybodyIsSolvent()
  })

  test('a voucher that its lane never anchored for is paid after its grace period', async () => {
    const { operator } = market
    const omitted = voucher(8, 12n * USD)
    await expect(claim(operator, omitted)).rejects.toThrow(/anchored receipts for/)
    const { claimableAtS } = await announce(operator, omitted)
    expect(await announce(operator, omitted)).toEqual({ receipt: null, claimableAtS })
    await expect(claimAnnounced(operator, omitted.value)).rejects.toThrow(/can be claimed from/)
    await chain.passTime(seconds('graceS'))
    expect((await claimAnnounced(operator, omitted.value)).paid).toBe(2n * USD)
    expect(await claimAnnounced(operator, omitted.value)).toEqual({ receipt: null, paid: 0n, unpaid: 0n })
    await everybodyIsSolvent()
  })

  test('a pause stops inflow alone, and what only the administrator may do goes through the timelock', async () => {
    const { operator, payer } = market
    await pauseInflow(operator)
    expect(await pauseInflow(operator)).toEqual(withNoReceipt)
    await expect(deposit(payer, { channelId, amount: USD })).rejects.toThrow(/deposits are paused/)
    await credit(payer, { channelId, amount: USD })
    await unpauseInflow(operator)
    expect(await unpauseInflow(operator)).toEqual(withNoReceipt)
    await deposit(payer, { channelId, amount: USD })

    await setFee(operator, 300)
    expect(await setFee(operator, 300)).toEqual(withNoReceipt)
    await setFee(operator, 250)
    await setFee(operator, 300) // The same action a second time, under another salt.
    await addArbiter(operator, payout)
    expect(await addArbiter(operator, payout)).toEqual(withNoReceipt)
    expect(await arbiters(operator)).toHaveLength(7)
    await removeArbiter(operator, payout)
    const [member] = await arbiters(operator)
    await expect(removeArbiter(operator, member as Hex)).rejects.toThrow(/roster of 5 arbiters is too small/)
    await expect(setFee(payer, 1)).rejects.toThrow(/does not hold the role/)

    await removeLane(operator, addressOfKey(laneKey))
    expect(await removeLane(operator, addressOfKey(laneKey))).toEqual(withNoReceipt)
    expect((await laneOf(operator, lane))?.removedAtS).toBeGreaterThan(0)
  })

  test('the treasury moves, and roles are given and taken, by the administrator alone and once', async () => {
    const { operator, payer } = market
    for (const contract of treasuryKeepers) {
      expect(await treasuryOf(operator, contract)).toBe(getAddress(treasury))
      expect((await setTreasury(operator, { contract, treasury: payout })).receipt).not.toBeNull()
      expect(await setTreasury(operator, { contract, treasury: payout })).toEqual(withNoReceipt)
      expect(await treasuryOf(operator, contract)).toBe(getAddress(payout))
    }
    await expect(setTreasury(payer, { contract: 'ledger', treasury })).rejects.toThrow(/does not hold the role/)

    const account = payer.sender.account.address
    const given: RoleAt[] = [
      { contract: 'ledger', role: 'AUDITOR_ROLE' },
      { contract: 'registry', role: 'GUARDIAN_ROLE' },
      { contract: 'timelock', role: 'CANCELLER_ROLE' },
    ]
    for (const role of given) {
      const input = { ...role, account }
      expect(await hasRole(operator, input)).toBe(false)
      expect(await revokeRole(operator, input)).toEqual(withNoReceipt)
      await grantRole(operator, input)
      expect(await grantRole(operator, input)).toEqual(withNoReceipt)
      expect(await hasRole(operator, input)).toBe(true)
      await revokeRole(operator, input)
      expect(await hasRole(operator, input)).toBe(false)
      await grantRole(operator, input) // A second time, under another salt.
    }
    await removeLane(payer, addressOfKey(laneKey)) // As guardian.
    const auditor = operator.sender.account.address
    await expect(revokeRole(payer, { contract: 'ledger', role: 'AUDITOR_ROLE', account: auditor })).rejects.toThrow(
      /does not hold the role/,
    )
  })

  test('an action that is announced can be stopped until it is executed, and not after', async () => {
    const { operator, payer } = market
    const { timelock, registry } = market.deployment.addresses
    const data = encodeFunctionData({ abi: providerRegistryAbi, functionName: 'setFee', args: [400] })
    const call = { target: registry, data, salt: zeroHash }
    const id = operationIdOf(call)
    await expect(cancelOperation(operator, id)).rejects.toMatchObject({
      details: { revert: 'TimelockUnexpectedOperationState' },
    })
    const announced = [registry, 0n, data, zeroHash, zeroHash, 3_600n] as const
    await operator.sender.send({
      to: timelock,
      data: encodeFunctionData({ abi: timelockControllerAbi, functionName: 'schedule', args: announced }),
    })
    expect(await operationStateOf(operator, id)).toMatchObject({ status: 'scheduled' })
    await expect(cancelOperation(payer, id)).rejects.toThrow(/does not hold the role/)
    expect((await cancelOperation(operator, id)).receipt).not.toBeNull()
    expect(await cancelOperation(operator, id)).toEqual(withNoReceipt)
    expect(await operationStateOf(operator, id)).toMatchObject({ status: 'unset' })

    await setFee(operator, 400) // The same action under the same name, announced again, and carried out.
    expect(await operationStateOf(operator, id)).toMatchObject({ status: 'done' })
    await expect(cancelOperation(operator, id)).rejects.toMatchObject({
      details: { revert: 'TimelockUnexpectedOperationState' },
    })
  })

  test('a provider changes hands, and a node key retires, each once', async () => {
    const { payer, provider } = market
    const nodeKeyInput = { providerId, nodeKey: addressOfKey(nodeKey) }
    const { retiresAtS } = await retireNodeKey(provider, nodeKeyInput)
    expect(await retireNodeKey(provider, nodeKeyInput)).toEqual({ receipt: null, retiresAtS })
    await offerOwnership(provider, { providerId, nextOwner: payer.sender.account.address })
    await acceptOwnership(payer, providerId)
    expect(await acceptOwnership(payer, providerId)).toEqual(withNoReceipt)
    expect((await providerOf(payer, providerId))?.owner).toBe(payer.sender.account.address)
  })
})
