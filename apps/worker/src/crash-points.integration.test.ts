/**
 * Every transaction of the worker's duties, with a process that is killed before it is sent, and again after it has arrived and
 * before that is written down: whoever comes next does what is missing, and each thing is done exactly once.
 */
import {
  announce,
  channelIdOf,
  claim,
  createChainWriter,
  disputeOf,
  drawPanel,
  getIsochroneEvents,
  panelOf,
  providerIdOf,
  registerProvider,
  resolveChallenge,
  respondToDispute,
  ruleOnDispute,
  tokenBalance,
  withheldDisputeOf,
  mintTestUsdc,
  type ChainWriter,
} from '@isochrone/contracts-client'
import { systemClock } from '@isochrone/domain'
import { isDataError } from '@isochrone/db'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import {
  addressOfKey,
  bytes32Of,
  decodeStruct,
  encodeStruct,
  merkleProof,
  receiptLeaf,
  signStruct,
  structHash,
  type DisputeAction,
  type Hex,
  type PerformanceSignedEntry,
  type RequestFinishedEntry,
} from '@isochrone/protocol'
import {
  createTrustDuties,
  epochLeaves,
  executeDisputes,
  indexChainEvents,
  ingestReceiptEntries,
  refreshDisputes,
  registerPending,
  runDisputeOrders,
  runStakeOrders,
  settleDueEpochs,
  settlementStatus,
  type DisputeAccount,
  type Stuck,
} from '@isochrone/services'
import { madeTermsOf } from '@isochrone/verifier/testing'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createChain } from './chain/create-chain.ts'
import { closeEpoch, type EpochToClose } from './testing/close-epoch.ts'
import { startDyingWorker, type Life } from './testing/dying-worker.ts'
import { startEpochGateway } from './testing/made-epochs.ts'
import { ORG, startTestMarket, type TestMarket } from './testing/test-market.ts'

const PAYOUT = '0xcafe000000000000000000000000000000000001'
const GRACE_S = 3_600
const CHALLENGE_S = 300
/** Chain time goes on by itself: no step may end while a busy machine gets to it. */
const STEP_S = 3_600
const ROUNDS_MAX = 12
/** µUSD. */
const STAKE = 20_000n
/** Receipts in the epoch of which one is disputed: its proof is ten hashes and more. */
const RECEIPTS = 600

// Real chain and database, on machines that are busy with other tests as well.
vi.setConfig({ testTimeout: 240_000 })

let stack: TestStack
let market: TestMarket
let chain: ReturnType<typeof createChain>
let anybody: ChainWriter
let gateway: Awaited<ReturnType<typeof startEpochGateway>>
let worker: Awaited<ReturnType<typeof startDyingWorker>>
let channels: Hex[] = []
/** What the lane has signed in published epochs. */
let signedBefore: ReadonlyMap<string, bigint> = new Map()
let [p, q]: [Hex, Hex] = ['0x', '0x']

beforeAll(async () => {
  stack = await startTestStack({ postgres: true, redis: true, chain: true })
  const termsOf = (providerId: Hex) => {
    const { terms, termsHash, document } = madeTermsOf(providerId)
    return { hash: termsHash, values: encodeStruct('Terms', terms), document: document as never }
  }
  const windows = { challengeS: CHALLENGE_S, graceS: GRACE_S, channelThawS: 4 * GRACE_S, disputeS: STEP_S }
  const profile = { blockTimeMs: 100 } // How often it is looked for a receipt.
  market = await startTestMarket(stack, { ...windows, termsOf, profile })
  const { OPERATOR_KEY: operatorKey, MANAGED_WALLET_KEY: managedWalletKey } = market.env
  const { deployment, writer } = market
  const account = { operatorKey, managedWalletKey, profile: market.profile }
  chain = createChain({ rpcUrl: stack.chainRpcUrl, deployment, ...account })
  anybody = createChainWriter({
    rpcUrl: stack.chainRpcUrl,
    deployment,
    privateKey: managedWalletKey,
    profile: market.profile,
  })
  gateway = await startEpochGateway(market, stack.dir)
  worker = await startDyingWorker(stack.chainRpcUrl, market)
  await registerPending({ store: market.store, chain: chain.registry })
  const operator = writer.sender.account.address
  for (const name of ['p', 'q']) await registerProvider(writer, { salt: bytes32Of(name), payout: PAYOUT })
  ;[p, q] = [providerIdOf(operator, bytes32Of('p')), providerIdOf(operator, bytes32Of('q'))]
  for (const name of ['salt', 'two', 'three']) channels.push(await openChannel(name))
  await index()
}, 240_000)
afterAll(async () => {
  await worker?.stop()
  await gateway?.stop()
  await market?.db.$disconnect()
  await stack?.stop()
})

async function openChannel(name: string): Promise<Hex> {
  const salt = bytes32Of(name)
  const id = channelIdOf(chain.managed.address, salt)
  if (id !== market.channelId) {
    await market.db.organization.create({ data: { id: `org_${name}`, name, slug: name } })
    const row = { custody: 'managed', ownerAddress: chain.managed.address, salt } as const
    await market.db.channel.create({ data: { id, orgId: `org_${name}`, ...row } })
  }
  await chain.managed.openChannel(salt)
  await chain.managed.depositOnce({ channelId: id, microUsd: 10_000_000n, orderId: name })
  await chain.managed.raiseCeiling({ channelId: id, microUsd: 10_000_000n })
  return id
}

const rpc = (method: string, params: unknown[] = []) =>
  // The methods are anvil's own, which viem's types of a public client do not know.
  market.writer.publicClient.request({ method, params } as never)
async function warp(seconds: number): Promise<void> {
  await rpc('evm_increaseTime', [seconds])
  // Confirmed, as whoever acts by the time looks at it.
  for (let block = 0; block < market.profile.confirmations; block++) await rpc('evm_mine')
}
const index = () => indexChainEvents({ store: market.store, chain: chain.reads })
const eventsOf = async () => {
  const { deployment, writer } = market
  const fromBlock = BigInt(deployment.blockNumber)
  return getIsochroneEvents(writer, { fromBlock, toBlock: await writer.publicClient.getBlockNumber() })
}
type EventName = Awaited<ReturnType<typeof eventsOf>>[number]['eventName']
const countOf = async (name: EventName) => (await eventsOf()).filter(({ eventName }) => eventName === name).length
const paidOn = (channelId: Hex | undefined, providerId: Hex) =>
  chain.settlement.claimedOf({ channelId: channelId ?? '0x', providerId, lane: market.lane.lane })

/** Rounds of settlement by workers that die, until `isDone`; what is stuck is a fault. */
async function settleUntil(isDone: () => Promise<boolean>): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const stuck = await worker.run(async ({ store, chain: own }): Promise<Stuck[]> => {
      const { epochs, records, chain: transactions } = store
      return (await settleDueEpochs({ epochs, records, transactions, chain: own.settlement })).stuck
    })
    expect(stuck).toEqual([])
    await index()
    if (await isDone()) return
  }
  throw new Error(`not within ${ROUNDS_MAX} rounds`)
}

/** Each of these was about to be sent when a process died, and each had arrived when another one died. */
function expectDeaths(...calls: string[]): void {
  const expected = calls.flatMap((call) => [`${call} not recorded`, `${call} not sent`])
  expect([...new Set(worker.takeDeaths())].toSorted()).toEqual([...new Set(expected)].toSorted())
}

const close = (epoch: EpochToClose) => closeEpoch(market, chain.settlement, epoch)

test('claims in batches and alone, what was set aside, and payouts: each exactly once', async () => {
  const [one, two, three] = channels as [Hex, Hex, Hex]
  await close({
    epoch: 1,
    sum: 5n,
    dues: [
      { channelId: one, providerId: p, cumulative: 2n, earned: 2n },
      { channelId: one, providerId: q, cumulative: 3n, earned: 3n },
    ],
  })
  await close({
    epoch: 2,
    sum: 9n,
    dues: [
      { channelId: one, providerId: p, cumulative: 3n, earned: 9n },
      { channelId: two, providerId: p, cumulative: 4n, earned: 9n },
      { channelId: three, providerId: p, cumulative: 4n, earned: 9n },
    ],
  })
  await settleUntil(async () => (await paidOn(three, p)) === 4n)
  expectDeaths('claimMany', 'claimEach')

  // The lane sets all of an epoch's sum aside for p, and q is to be paid of it.
  const [accomplice] = await close({
    epoch: 3,
    sum: 7n,
    dues: [
      { channelId: one, providerId: p, cumulative: 6n, earned: 1_000n },
      { channelId: one, providerId: q, cumulative: 7n, earned: 4n },
    ],
  })
  if (accomplice) await claim(anybody, accomplice)
  await index()
  await settleUntil(async () => (await paidOn(one, q)) === 7n)
  expectDeaths('returnSetAside', 'claimCompact')

  await warp(GRACE_S)
  await settleUntil(async () => (await market.db.epoch.count({ where: { status: 'settled' } })) === 3)
  expectDeaths('settle')
  const events = await eventsOf()
  const paid = events.flatMap((event) => (event.eventName === 'Claimed' ? [event.args.paid] : []))
  expect(paid.toSorted((a, b) => Number(a - b))).toEqual([1n, 2n, 3n, 3n, 4n, 4n, 4n])
  expect(events.filter(({ eventName }) => eventName === 'SetAsideReturned')).toHaveLength(1)
  const payouts = events.flatMap((event) =>
    event.eventName === 'Settled'
      ? [`${event.args.providerId === p ? 'p' : 'q'} ${event.args.epoch} ${event.args.gross}`]
      : [],
  )
  expect(payouts.toSorted()).toEqual(['p 1 2', 'p 2 9', 'p 3 3', 'q 1 3', 'q 3 4'])
  const net = events.flatMap((event) => (event.eventName === 'Settled' ? [event.args.net] : []))
  expect(await tokenBalance(market.writer, PAYOUT)).toBe(net.reduce((sum, each) => sum + each, 0n))
})

test('records are reported, accused, let go and made final, and their epochs paid: each exactly once', async () => {
  const before = await eventsOf()
  const lie = <T extends { faults: number }>(record: T) => ({ ...record, faults: record.faults + 5 })
  let fromSeq = 4
  let sum = 0n
  for (const [epoch, kind] of [
    [4, 'false'],
    [5, 'right'],
    [6, 'contradicted'],
  ] as const) {
    const at = { epoch, fromSeq, receipts: 4, signedBefore, ...(kind === 'false' && { lie }) }
    const { made, entries } = await gateway.publish(at)
    ;({ signedAfter: signedBefore } = made)
    fromSeq += 4
    sum += made.header.sum
    await ingest(kind === 'contradicted' ? entries.map(anotherRecord) : entries)
  }
  const standing = async (...wanted: string[]) => {
    const rows = await market.db.performanceRecord.findMany({ orderBy: { epoch: 'asc' } })
    return JSON.stringify(rows.map(({ status }) => status)) === JSON.stringify(wanted)
  }
  await settleUntil(() => standing('reported', 'reported', 'reported'))
  expectDeaths('anchorCompact', 'claimCompact', 'report')

  await mintTestUsdc(market.writer, { to: market.writer.sender.account.address, amount: 100_000_000n })
  const audit = ({ store, chain: own }: Life) =>
    createTrustDuties({
      chain: own.trust,
      transactions: store.chain,
      audit: own.auditOf([gateway.url]),
    }).auditRecords()
  // Nothing is left to do for the life that comes to its end.
  expect((await worker.run(audit)).failed).toEqual([])
  expectDeaths('approve', 'challenge', 'proveContradiction')
  expect(await worker.run(audit)).toEqual({ done: 0, failed: [] })

  const name = { nodeId: market.nodeId, lane: market.lane.lane, epoch: 4 }
  await resolveChallenge(market.writer, { ...name, upheld: true, reasonHash: bytes32Of('it does not follow') })
  await index()
  await warp(CHALLENGE_S)
  await settleUntil(() => standing('invalid', 'final', 'invalid'))
  await warp(market.deployment.params.freezeS + 1)
  await settleUntil(async () => (await countOf('FreezeEnded')) === 2)
  await warp(GRACE_S)
  await settleUntil(
    async () => (await market.store.snapshot((tx) => settlementStatus(tx.settlement, { orgId: ORG }))).exact,
  )
  expectDeaths('finalise', 'countSamples', 'releaseInvalid', 'settle')

  const events = (await eventsOf()).slice(before.length)
  const count = (wanted: EventName) => events.filter(({ eventName }) => eventName === wanted).length
  const counted = ['EpochAnchored', 'RecordReported', 'RecordChallenged', 'RecordInvalid', 'RecordFinal', 'FreezeEnded']
  expect((counted as EventName[]).map(count)).toEqual([3, 3, 1, 2, 1, 2])
  // One for the challenge that was upheld, one for the contradiction.
  expect(count('LaneSlashed')).toBe(2)
  const paid = events.flatMap((event) => (event.eventName === 'Claimed' ? [event.args.paid] : []))
  const gross = events.flatMap((event) => (event.eventName === 'Settled' ? [event.args.gross] : []))
  const total = (amounts: readonly bigint[]) => amounts.reduce((all, each) => all + each, 0n)
  expect([paid.length, total(paid), total(gross)]).toEqual([3, sum, sum])
})

async function ingest(entries: readonly unknown[]): Promise<void> {
  const { rejected } = await ingestReceiptEntries(
    { store: market.store, clock: systemClock, isDataError },
    entries.map((entry, at) => ({ id: `${at}-0`, json: JSON.stringify(entry) })),
  )
  expect(rejected).toEqual([])
}

/** Its file has one record, and what the lane publishes beside it is another one. */
function anotherRecord(entry: unknown): unknown {
  const { type, record, counts } = entry as PerformanceSignedEntry
  if (type !== 'performance-signed') return entry
  const value = decodeStruct('PerformanceRecord', record)
  return { ...gateway.signedEntry({ ...value, faults: value.faults + 5 }, []), counts }
}

test('a withheld file is disputed, its panel drawn and the dispute closed: each exactly once', async () => {
  const { lane } = market.lane
  await close({ epoch: 7, seq: 16, sum: 1n, dues: [] })
  const saved = new Set<string>()
  const nobody = 'http://127.0.0.1:9'
  const watched = {
    gatewayUrls: [nobody],
    mirrorUrls: [],
    withheldAfterS: 1,
    laneUrl: async () => nobody,
    saveEvidence: async (hash: Hex) => void saved.add(hash),
  }
  const watch = async ({ store, chain: own }: Life): Promise<number> => {
    const files = own.filesOf(watched)
    const duties = createTrustDuties({ chain: own.trust, transactions: store.chain, files })
    let done = 0
    for (let look = 0; look < ROUNDS_MAX && done === 0; look++) {
      await warp(1)
      done += (await duties.watchFiles()).done
    }
    return done
  }
  await worker.run(watch)
  expectDeaths('approve', 'fileWithheld')
  expect(await worker.run(watch)).toBe(0)
  const filed = (await eventsOf()).filter(({ eventName }) => eventName === 'DisputeFiled')
  expect(filed).toHaveLength(1)
  const disputeId = (await withheldDisputeOf(market.writer, lane, 7)) ?? 0n

  await respondToDispute(market.writer, { disputeId, answerHash: bytes32Of('answer') })
  await rpc('evm_mine')
  const draw = ({ store, chain: own }: Life) =>
    createTrustDuties({ chain: own.trust, transactions: store.chain }).drawPanels()
  expect((await worker.run(draw)).failed).toEqual([])
  expectDeaths('drawPanel')
  expect(await countOf('PanelDrawn')).toBe(1)

  // Nobody rules, and the bond goes back.
  await index()
  const rows = (life: Life) => ({
    disputes: life.store.disputes,
    transactions: life.store.chain,
    chain: life.chain.disputes,
  })
  await worker.run((life) => refreshDisputes(rows(life)))
  await warp(STEP_S + 1)
  expect((await worker.run((life) => executeDisputes(rows(life)))).failed).toEqual([])
  expectDeaths('execute')
  expect(await countOf('DisputeClosed')).toBe(1)
  expect((await disputeOf(market.writer, disputeId))?.state).toBe('lapsed')
})

test('an announced voucher is claimed exactly once', async () => {
  const [one] = channels as [Hex]
  const { chainId, addresses } = market.deployment
  const { lane, laneKey } = market.lane
  const value = {
    channelId: one,
    providerId: q,
    lane,
    epoch: 99,
    cumulative: 50_000n,
    earned: 0n,
    receiptRoot: bytes32Of('none'),
  }
  const signed = signStruct({ chainId, verifyingContract: addresses.channels }, 'Voucher', value, laneKey)
  await announce(anybody, signed)
  await warp(GRACE_S)
  const claims = await countOf('Claimed')
  const claimAnnounced = ({ store, chain: own }: Life) =>
    createTrustDuties({ chain: own.trust, transactions: store.chain }).claimAnnounced()
  expect((await worker.run(claimAnnounced)).failed).toEqual([])
  expectDeaths('claimAnnounced')
  expect(await paidOn(one, q)).toBe(50_000n)
  expect(await countOf('Claimed')).toBe(claims + 1)
})

test('stake that was asked for is put up exactly once', async () => {
  const { providerId } = market
  const order = { id: 'stake_once', providerId, microUsd: STAKE, requestedBy: 'user' }
  await market.store.listings.insertStakeOrder(order)
  const stakeOf = async () => (await chain.stake.stakeOf(providerId)).toString()
  await worker.run(({ store, chain: own }) => runStakeOrders({ store: store.listings, chain: own.stake }))
  expectDeaths('mint', 'approve', 'provisionOnce')
  expect(await stakeOf()).toBe(STAKE.toString())
  expect(await market.store.listings.openStakeOrders(1)).toEqual([])
})

test('orders in a dispute are carried out exactly once: it is filed, answered and appealed', async () => {
  const { made, entries } = await gateway.publish({ epoch: 8, fromSeq: 17, receipts: RECEIPTS, signedBefore })
  ;({ signedAfter: signedBefore } = made)
  await ingest(entries)
  const anchored = () => market.db.epoch.count({ where: { epoch: 8n, status: 'claimed' } })
  await settleUntil(async () => (await anchored()) === 1)
  worker.takeDeaths()

  const pairs = entries.flatMap((entry) => (entry as Partial<RequestFinishedEntry>).receipts ?? [])
  const value = decodeStruct('DeliveryReceipt', pairs.find(({ delivery }) => delivery.price !== '0')?.delivery)
  const before = await eventsOf()
  const deps = ({ store, chain: own }: Life) => ({
    disputes: store.disputes,
    transactions: store.chain,
    chain: own.disputes,
  })
  /** Of the payer's managed wallet, or of the provider by the operator. */
  const carryOut = async (account: DisputeAccount, action: DisputeAction, disputeId: bigint | null) => {
    const subject = disputeId === null ? structHash('DeliveryReceipt', value) : String(disputeId)
    const named = { id: `order_${action.action}_${account}`, orgId: ORG, requestedBy: 'user', subject, disputeId }
    await market.store.disputes.placeOrder({ ...named, action: action.action, account, payload: action })
    await worker.run((life) => runDisputeOrders(deps(life)))
    const row = (await market.store.disputes.ordersOf(ORG, 10)).find(({ id }) => id === named.id)
    expect(row).toMatchObject({ status: 'final', error: null })
    return row?.disputeId ?? null
  }
  const disputeId = await carryOut(
    'managed',
    {
      action: 'file',
      kind: 'overcharge',
      delivery: encodeStruct('DeliveryReceipt', value),
      epoch: 8,
      proof: merkleProof(epochLeaves(pairs), receiptLeaf('DeliveryReceipt', value)),
      amountMicroUsd: '1',
      evidenceHash: bytes32Of('evidence'),
    },
    null,
  )
  expectDeaths('mint', 'approve', 'file')
  if (disputeId === null) throw new Error('the order says which dispute it filed')
  const answer = { action: 'respond', disputeId: String(disputeId), answerHash: bytes32Of('answer') } as const
  await carryOut('operator', answer, disputeId)
  expectDeaths('respond')

  await rpc('evm_mine')
  await drawPanel(market.writer, disputeId)
  for (const arbiter of await panelOf(market.writer, { disputeId, appeal: false })) await voteFor(arbiter, disputeId)
  await carryOut('managed', { action: 'appeal', disputeId: String(disputeId) }, disputeId)
  expectDeaths('mint', 'approve', 'appeal')
  const after = (await eventsOf()).slice(before.length)
  const counted = ['DisputeFiled', 'DisputeAnswered', 'DisputeAppealed'] as const
  expect(counted.map((name) => after.filter(({ eventName }) => eventName === name).length)).toEqual([1, 1, 1])
})

/** Arbiters of the test market are known by name. */
async function voteFor(arbiter: string, disputeId: bigint): Promise<void> {
  const named = Array.from({ length: 6 }, (_, index) => bytes32Of(`arbiter ${index}`))
  const privateKey = named.find((key) => addressOfKey(key).toLowerCase() === arbiter.toLowerCase())
  if (privateKey === undefined) throw new Error(`nobody knows the arbiter ${arbiter}`)
  await rpc('anvil_setBalance', [arbiter, '0x3635c9adc5dea00000'])
  const { deployment, profile } = market
  const writer = createChainWriter({ rpcUrl: stack.chainRpcUrl, deployment, privateKey, profile })
  const { state } = (await disputeOf(market.writer, disputeId)) ?? {}
  if (state === 'drawn') await ruleOnDispute(writer, { disputeId, refund: 0n, reasonHash: bytes32Of('reason') })
}
