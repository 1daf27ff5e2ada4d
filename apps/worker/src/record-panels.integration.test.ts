/**
 * A performance record that its provider contests, judged by two of three arbiters whom the chain draws: the worker carries and
 * draws, wallets vote, the second vote is carried out on the ledger. Whoever may not judge is told why.
 */
import {
  createChainWriter,
  getIsochroneEvents,
  mintTestUsdc,
  solvency,
  stakeOf,
  type ChainWriter,
} from '@isochrone/contracts-client'
import { systemClock } from '@isochrone/domain'
import { isDataError } from '@isochrone/db'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { addressOfKey, bytes32Of, encodeStruct, type Hex } from '@isochrone/protocol'
import {
  createTrustDuties,
  indexChainEvents,
  ingestReceiptEntries,
  registerPending,
  runDisputeOrders,
  runFundingOrders,
  settleDueEpochs,
  type ControlPlane,
} from '@isochrone/services'
import { computeRecordOutcome } from '@isochrone/verifier/sla'
import { madeTermsOf } from '@isochrone/verifier/testing'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createChain } from './chain/create-chain.ts'
import { startEpochGateway, type EpochAt } from './testing/made-epochs.ts'
import { testControlPlane } from './testing/test-control-plane.ts'
import { eventually, startTestMarket, type TestMarket } from './testing/test-market.ts'

const USD = 1_000_000n
/** Chain time goes on by itself: no step may end while a busy machine gets to it. */
const STEP_S = 3_600
const arbiterKeys = Array.from({ length: 6 }, (_, index) => bytes32Of(`arbiter ${index}`))
const note = (text: string) => ({ mediaType: 'text/plain', text })

vi.setConfig({ testTimeout: 240_000 })

let stack: TestStack
let market: TestMarket
let chain: ReturnType<typeof createChain>
let gateway: Awaited<ReturnType<typeof startEpochGateway>>
let desk: ControlPlane['disputes']
let duties: ReturnType<typeof createTrustDuties>
let signedBefore: ReadonlyMap<string, bigint> = new Map()

beforeAll(async () => {
  stack = await startTestStack({ postgres: true, redis: true, chain: true })
  const termsOf = (providerId: Hex) => {
    const { terms, termsHash, document } = madeTermsOf(providerId)
    return { hash: termsHash, values: encodeStruct('Terms', terms), document: document as never }
  }
  const windows = { challengeS: STEP_S, graceS: 4 * STEP_S, channelThawS: 6 * STEP_S, disputeS: STEP_S }
  market = await startTestMarket(stack, { ...windows, termsOf })
  const { OPERATOR_KEY: operatorKey, MANAGED_WALLET_KEY: managedWalletKey } = market.env
  const { deployment, profile } = market
  chain = createChain({ rpcUrl: stack.chainRpcUrl, deployment, operatorKey, managedWalletKey, profile })
  gateway = await startEpochGateway(market, stack.dir)
  duties = createTrustDuties({ chain: chain.trust, transactions: market.store.chain })
  desk = testControlPlane(market, stack, chain).disputes
  await registerPending({ store: market.store, chain: chain.registry })
  await market.fund(10n * USD)
  await runFundingOrders({ store: market.store.chain, chain: chain.reads, wallet: chain.managed })
  await mintTestUsdc(market.writer, { to: market.writer.sender.account.address, amount: 100n * USD })
  const { user, member, organization } = market.db
  await organization.create({ data: { id: 'org_provider', name: 'Provider', slug: 'provider' } })
  await user.create({ data: { id: 'user_provider', name: 'Ada', email: 'ada@example.org' } })
  await member.create({ data: { id: 'member_provider', userId: 'user_provider', organizationId: 'org_provider' } })
}, 300_000)
afterAll(async () => {
  await gateway?.stop()
  await market?.db.$disconnect()
  await stack?.stop()
})

const index = () => indexChainEvents({ store: market.store, chain: chain.reads })
const key = (epoch: number) => ({ nodeId: market.nodeId, lane: market.lane.lane, epoch })
const statusOf = async (epoch: number) =>
  (await market.db.performanceRecord.findFirst({ where: { epoch: BigInt(epoch) } }))?.status

/** An epoch whose record stands on the ledger, and can be contested. */
async function reported(epoch: number, fromSeq: number, lie?: EpochAt['lie']): Promise<void> {
  const { made, entries } = await gateway.publish({ epoch, fromSeq, receipts: 4, signedBefore, ...(lie && { lie }) })
  signedBefore = made.signedAfter
  const stored = await ingestReceiptEntries(
    { store: market.store, clock: systemClock, isDataError },
    entries.map((entry, at) => ({ id: `${at}-0`, json: JSON.stringify(entry) })),
  )
  expect(stored.rejected).toEqual([])
  await until(epoch, 'reported')
}

/** By rounds of the worker: an event of a record has it read from the ledger again. */
async function until(epoch: number, status: string): Promise<void> {
  const { epochs, records, chain: transactions } = market.store
  await eventually(async () => {
    await index()
    await settleDueEpochs({ epochs, records, transactions, chain: chain.settlement })
    return (await statusOf(epoch)) === status
  })
}

/** As its provider does on the web. Resolves when the chain has it. */
async function contested(epoch: number): Promise<void> {
  const asker = { orgId: 'org_provider', userId: 'user_provider', providerId: market.providerId }
  const plan = await desk.challengeRecord({ ...asker, ...key(epoch), evidence: note('it was on time') })
  expect(plan).toMatchObject({ by: 'platform', order: { action: 'challenge', status: 'requested' } })
  const { disputes, chain: transactions } = market.store
  await runDisputeOrders({ disputes, transactions, chain: chain.disputes })
  await until(epoch, 'challenged')
  expect(await queued()).toEqual([epoch])
}

/** Epochs of the records in the desk's queue, as it stands. */
async function queued(): Promise<number[]> {
  const { items } = await desk.queue({ open: true })
  return items.flatMap((item) => (item.kind === 'record' ? [item.record.epoch] : []))
}

/** What the case's rule computes to, of the receipts in the database and the root on the chain. */
async function computed(epoch: number) {
  const { record, evidence } = await desk.recordCase(key(epoch))
  return computeRecordOutcome({ record: record.record, ...evidence })
}

/** By rounds of the worker; their writers, in the order of their seats. */
async function panelOf(epoch: number): Promise<ChainWriter[]> {
  const panel = await eventually(async () => {
    expect((await duties.drawPanels()).failed).toEqual([])
    const { open } = await desk.recordCase(key(epoch))
    return open?.panel.length === 3 && open.panel
  })
  return Promise.all(panel.map(({ address }) => arbiter(address)))
}

async function arbiter(address: string): Promise<ChainWriter> {
  const privateKey = arbiterKeys.find((each) => addressOfKey(each) === address.toLowerCase()) as Hex
  const { deployment, profile } = market
  // The method is anvil's own, which viem's types of a public client do not know.
  await market.writer.publicClient.request({
    method: 'anvil_setBalance',
    params: [address, '0xde0b6b3a7640000'],
  } as never)
  return createChainWriter({ rpcUrl: stack.chainRpcUrl, deployment, privateKey, profile })
}

const prepared = (epoch: number, writer: ChainWriter | string, upheld: boolean, userId = 'user_staff') =>
  desk.prepareJudgement({
    ...key(epoch),
    userId,
    arbiter: typeof writer === 'string' ? writer : writer.sender.account.address,
    upheld,
    reason: 'recomputed from the file',
  })

async function vote(epoch: number, writer: ChainWriter, upheld: boolean) {
  const { calls, rehearsal } = await prepared(epoch, writer, upheld)
  for (const { to, data } of calls) await writer.sender.send({ to, data })
  return rehearsal
}

async function eventsNamed(name: string) {
  const toBlock = await market.writer.publicClient.getBlockNumber()
  return (await getIsochroneEvents(market.writer, { fromBlock: 0n, toBlock })).filter(
    (event) => event.eventName === name,
  )
}

test('contested → drawn → two say that it stands: the bond is lost, as rehearsed, and the record can be final', async () => {
  await reported(1, 1)
  await expect(prepared(1, arbiterKeys[0] ?? '', false)).rejects.toThrow(/Nobody challenges this record/)
  await contested(1)
  await expect(prepared(1, addressOfKey(arbiterKeys[0] as Hex), false)).rejects.toThrow(/No panel is drawn yet/)
  const [first, second] = (await panelOf(1)) as [ChainWriter, ChainWriter]
  expect(await eventsNamed('RecordPanelDrawn')).toHaveLength(1)
  // Whose case it is, whose wallet was not drawn, and whose wallet put up the bond.
  await expect(prepared(1, first, false, 'user_provider')).rejects.toThrow(/You work for a party/)
  const { open } = await desk.recordCase(key(1))
  const others = arbiterKeys
    .map(addressOfKey)
    .filter((address) => !open?.panel.some((seat) => seat.address === address))
  for (const other of others) await expect(prepared(1, other, false)).rejects.toThrow(/not on the panel/)
  await expect(prepared(1, open?.challenger ?? '', false)).rejects.toThrow(/This wallet is a party/)
  expect(open).toMatchObject({ bondMicroUsd: 10n * USD, evidence: 'it was on time' })
  const { evidence, epochClosedAtMs } = await desk.recordCase(key(1))
  expect(evidence).toMatchObject({ missing: null, leases: [] })
  expect(evidence.deliveries).toHaveLength(4)
  expect(epochClosedAtMs).toBeGreaterThan(0)
  expect((await computed(1)).verdict).toBe('stands')

  const rehearsal = await vote(1, first, false)
  expect(rehearsal.steps.map(({ refusal }) => refusal)).toEqual([null, null])
  expect(rehearsal.balances.find(({ holder }) => holder === 'bonds held')).toMatchObject({
    beforeMicroUsd: 10n * USD,
    afterMicroUsd: 0n,
  })
  await expect(prepared(1, first, true)).rejects.toThrow(/has voted on this challenge already/)
  expect(await statusOf(1)).toBe('challenged')
  expect((await vote(1, second, false)).steps).toHaveLength(1)
  await until(1, 'reported')
  expect((await solvency(market.writer, 'ledger')).owed).toBe(0n)
  const after = await desk.recordCase(key(1))
  expect(after.open).toBeNull()
  expect(after.votes.map(({ upheld, reason }) => [upheld, reason])).toEqual([
    [false, 'recomputed from the file'],
    [false, 'recomputed from the file'],
  ])
  await expect(prepared(1, second, false)).rejects.toThrow(/Nobody challenges this record/)
  expect(await queued()).toEqual([])
  expect(await duties.drawPanels()).toEqual({ done: 0, failed: [] })
})

test('one who says that it stands is outvoted by two: the record is invalid, and its lane pays', async () => {
  await reported(2, 5, (honest) => ({ ...honest, faults: honest.faults + 1 }))
  await contested(2)
  const [item] = (await desk.queue({ open: true })).items
  const { open } = await desk.recordCase(key(2))
  expect(item).toMatchObject({ kind: 'record', bondMicroUsd: 10n * USD, deadlineMs: open?.rulingEndsAtMs })
  const { verdict, reason } = await computed(2)
  expect({ verdict, reason }).toEqual({
    verdict: 'wrong',
    reason: 'The receipts under the anchored root say otherwise: faults.',
  })
  const panel = await panelOf(2)
  const lane = market.lane.lane
  const before = (await stakeOf(market.writer, lane)).tokens
  for (const [seat, upheld] of [true, false, true].entries()) await vote(2, panel[seat] as ChainWriter, upheld)
  await until(2, 'invalid')
  const penalty = BigInt(market.deployment.params.falseRecordPenaltyMicroUsd)
  expect((await stakeOf(market.writer, lane)).tokens).toBe(before - penalty)
  expect((await desk.recordCase(key(2))).votes.map(({ upheld }) => upheld)).toEqual([true, false, true])
})
