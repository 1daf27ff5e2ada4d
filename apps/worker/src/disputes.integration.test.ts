/**
 * A dispute from a receipt to the last micro-dollar: filed by the payer's managed account, answered by the provider, ruled by
 * two arbiters of three, executed by the worker. Late, double and conflicted rulings are refused with a sentence.
 */
import {
  createChainWriter,
  disputeDesk,
  drawPanel,
  provision,
  mintTestUsdc,
  panelOf,
  ruleOnDispute,
  setTreasury,
  tokenBalance,
  verifyLeaf,
  type ChainWriter,
} from '@isochrone/contracts-client'
import { systemClock } from '@isochrone/domain'
import { isDataError } from '@isochrone/db'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { addressOfKey, bytes32Of, decodeStruct, leafOfHash, structHash, type Hex } from '@isochrone/protocol'
import {
  executeDisputes,
  indexChainEvents,
  ingestReceiptEntries,
  refreshDisputes,
  registerPending,
  runDisputeOrders,
  runFundingOrders,
  settleDueEpochs,
  type ControlPlane,
} from '@isochrone/services'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createChain } from './chain/create-chain.ts'
import { testControlPlane } from './testing/test-control-plane.ts'
import { eventually, ORG, startTestMarket, type TestMarket } from './testing/test-market.ts'

const USD = 1_000_000n
const PRICE = 3n * USD
const ASKED = 2n * USD
/** Chain time goes on by itself: no step may end while a busy machine gets to it. */
const STEP_S = 3_600
const arbiterKeys = Array.from({ length: 6 }, (_, index) => bytes32Of(`arbiter ${index}`))
const team = { orgId: ORG, userId: 'user_team', providerId: null }
const note = (text: string) => ({ mediaType: 'text/plain', text })

// Real chain and database, on machines that are busy with other tests as well.
vi.setConfig({ testTimeout: 240_000 })

let stack: TestStack
let market: TestMarket
let chain: ReturnType<typeof createChain>
let plane: ControlPlane
let desk: ControlPlane['disputes']
let lane: Hex
let provider: { orgId: string; userId: string; providerId: string }

beforeAll(async () => {
  stack = await startTestStack({ postgres: true, redis: true, chain: true })
  market = await startTestMarket(stack, { disputeS: STEP_S })
  const { OPERATOR_KEY: operatorKey, MANAGED_WALLET_KEY: managedWalletKey } = market.env
  chain = createChain({
    rpcUrl: stack.chainRpcUrl,
    deployment: market.deployment,
    operatorKey,
    managedWalletKey,
    profile: market.profile,
  })
  provider = { orgId: 'org_provider', userId: 'user_provider', providerId: market.providerId }
  plane = testControlPlane(market, stack, chain)
  desk = plane.disputes
  await registerPending({ store: market.store, chain: chain.registry })
  await market.fund(20n * USD)
  await runFundingOrders({ store: market.store.chain, chain: chain.reads, wallet: chain.managed })
  await mintTestUsdc(market.writer, { to: market.writer.sender.account.address, amount: 100n * USD })
  await provision(market.writer, { subject: market.providerId, amount: 100n * USD })
  lane = market.lane.lane
}, 300_000)
afterAll(async () => {
  await market?.db.$disconnect()
  await stack?.stop()
})

const rpc = (method: string, params: unknown[] = []) =>
  // The methods are anvil's own, which viem's types of a public client do not know.
  market.writer.publicClient.request({ method, params } as never)
async function warp(seconds: number): Promise<void> {
  await rpc('evm_increaseTime', [seconds])
  // Confirmed, as whoever acts by the time looks at it.
  for (let block = 0; block < market.profile.confirmations; block++) await rpc('evm_mine')
}

const work = () => ({ disputes: market.store.disputes, transactions: market.store.chain, chain: chain.disputes })
async function follow(): Promise<void> {
  await indexChainEvents({ store: market.store, chain: chain.reads })
  await refreshDisputes(work())
}
async function send(): Promise<void> {
  await runDisputeOrders(work())
  await follow()
}

/** One receipt of $3, anchored and claimed. Its number in the lane. */
async function anchoredReceipt(): Promise<number> {
  const entries = [market.request(PRICE), market.lane.close()].filter((entry) => entry !== null)
  await ingestReceiptEntries(
    { store: market.store, clock: systemClock, isDataError },
    entries.map((entry, at) => ({ id: `${at}-0`, json: JSON.stringify(entry) })),
  )
  const { store } = market
  const before = await market.db.receipt.findFirstOrThrow({ orderBy: { seq: 'desc' } })
  await eventually(async () => {
    await settleDueEpochs({
      epochs: store.epochs,
      records: store.records,
      transactions: store.chain,
      chain: chain.settlement,
    })
    await follow()
    return market.db.voucher.findFirst({ where: { epoch: before.epoch ?? 0n, paidMicroUsd: { gt: 0n } } })
  })
  return Number(before.seq)
}

async function filed(seq: number, kind: 'overcharge' | 'not_delivered' = 'overcharge'): Promise<string> {
  const plan = await desk.file({ ...team, lane, seq, kind, amountMicroUsd: ASKED, evidence: note('charged twice') })
  expect(plan).toMatchObject({ by: 'platform', order: { status: 'requested' } })
  await send()
  const { asPayer } = await desk.list({ ...team, open: true })
  const dispute = asPayer.items.find((each) => each.kind === kind && each.state === 'filed')
  expect(dispute).toMatchObject({ amountMicroUsd: ASKED, priceMicroUsd: PRICE, providerName: 'Provider' })
  return dispute?.id ?? ''
}

async function answered(id: string): Promise<void> {
  await desk.respond({ ...provider, id, answer: note('it was one request') })
  await send()
}

async function panelFor(id: string, appeal = false): Promise<ChainWriter[]> {
  await eventually(async () => (await drawPanel(market.writer, BigInt(id))).panel.length === 3)
  await follow()
  const panel = await panelOf(market.writer, { disputeId: BigInt(id), appeal })
  return panel.map((seat) => arbiter(arbiterKeys.find((key) => addressOfKey(key) === seat.toLowerCase()) as Hex))
}

function arbiter(privateKey: Hex): ChainWriter {
  const { deployment } = market
  return createChainWriter({ rpcUrl: stack.chainRpcUrl, deployment, privateKey, profile: market.profile })
}

const addressIn = ({ sender }: ChainWriter) => sender.account.address.toLowerCase()
const vote = (id: string, by: string, refundMicroUsd: bigint, reason = 'the counts are one too many') =>
  desk.prepareRuling({ id, userId: 'user_staff', arbiter: by, refundMicroUsd, reason })

/** Each prepares its vote at the desk and signs the calls that it is handed. */
async function signed(id: string, seats: readonly ChainWriter[], refundMicroUsd: bigint): Promise<void> {
  await gasFor(...seats)
  for (const seat of seats) {
    const { calls } = await vote(id, addressIn(seat), refundMicroUsd)
    for (const { to, data } of calls) await seat.sender.send({ to, data })
    await follow()
  }
}

/** By the gauges of a rehearsal, read through a step that changes nothing. */
async function balancesOf(id: string, by: ChainWriter): Promise<bigint[]> {
  const step = { action: 'appeal', disputeId: id } as const
  const seen = await disputeDesk(market.writer).rehearse(by.sender.account.address, step)
  return seen.balances.map(({ beforeMicroUsd }) => beforeMicroUsd)
}

async function memberOfTeam(userId: string, address: string): Promise<void> {
  const { db } = market
  await db.user.create({ data: { id: userId, name: userId, email: `${userId}@example.org` } })
  await db.walletAddress.create({
    data: { id: `wallet_${userId}`, userId, address, chainId: market.deployment.chainId },
  })
  await db.member.create({ data: { id: `member_${userId}`, userId, organizationId: team.orgId } })
}

async function gasFor(...writers: ChainWriter[]): Promise<void> {
  for (const one of writers) await rpc('anvil_setBalance', [addressIn(one), '0xde0b6b3a7640000'])
}

test('filed → answered → two arbiters rule → executed: the balances are those of the rehearsal, to the µUSD', async () => {
  const seq = await anchoredReceipt()
  const id = await filed(seq)
  // A second click, and another try: one dispute.
  await expect(
    desk.file({ ...team, lane, seq, kind: 'overcharge', amountMicroUsd: ASKED, evidence: note('again') }),
  ).rejects.toThrow(/open already/)
  await answered(id)
  const panel = await panelFor(id)
  await gasFor(...panel)
  const [first, second, third] = panel as [ChainWriter, ChainWriter, ChainWriter]

  // Moved since the deployment: the rehearsal looks where the money would go now.
  const treasury = '0x00000000000000000000000000000000000077ea'
  await setTreasury(market.writer, { contract: 'disputes', treasury })
  await mintTestUsdc(market.writer, { to: treasury, amount: 7n })

  const prepared = await vote(id, addressIn(first), ASKED)
  expect(prepared.rehearsal.balances).toContainEqual({ holder: 'treasury', beforeMicroUsd: 7n, afterMicroUsd: 7n })
  expect(prepared.rehearsal.steps.map(({ refusal }) => refusal)).toEqual([null, null, null])
  const change = Object.fromEntries(
    prepared.rehearsal.balances.map(({ holder, beforeMicroUsd, afterMicroUsd }) => [
      holder,
      afterMicroUsd - beforeMicroUsd,
    ]),
  )
  expect(change).toMatchObject({ 'payer’s channel': ASKED, 'filer’s wallet': 5n * USD, 'bonds held': -5n * USD })

  const rule = (by: ChainWriter, refund = ASKED) =>
    ruleOnDispute(by, { disputeId: BigInt(id), refund, reasonHash: prepared.reasonHash as Hex })
  await rule(first)
  await follow()
  await expect(vote(id, addressIn(first), 0n)).rejects.toThrow(/has voted on the dispute already/)
  await expect(rule(first, 0n)).rejects.toThrow(/has voted on dispute/)
  await rule(second)
  await follow()
  await expect(vote(id, addressIn(third), ASKED)).rejects.toThrow(/is ruled: votes are cast while/)

  const before = await balancesOf(id, third)
  await warp(STEP_S + 1)
  expect(await executeDisputes(work())).toEqual({ done: 1, failed: [] })
  await follow()
  const after = await balancesOf(id, third)
  expect(after.map((amount, at) => amount - (before[at] ?? 0n))).toEqual(
    prepared.rehearsal.balances.map(({ beforeMicroUsd, afterMicroUsd }) => afterMicroUsd - beforeMicroUsd),
  )
  expect(await executeDisputes(work())).toEqual({ done: 0, failed: [] })
  const closed = await desk.detail({ ...team, id })
  expect(closed.dispute).toMatchObject({ state: 'executed', refundMicroUsd: ASKED })
  expect(closed.events.map(({ step }) => step)).toEqual([
    'filed',
    'answered',
    'armed',
    'drawn',
    'voted',
    'voted',
    'ruled',
    'refunded',
    'closed',
  ])
  expect(closed.panels[0]?.arbiters.filter((seat) => seat.vote?.refundMicroUsd === ASKED)).toHaveLength(2)
  expect(closed.events.find(({ step }) => step === 'filed')?.document?.text).toBe('charged twice')
  expect(closed.events.find(({ step }) => step === 'voted')?.document?.text).toBe('the counts are one too many')
}, 300_000)

/** Two instances: what the first panel ruled binds nobody whom three others overrule, and the money ends where they said. */
test('ruled → appealed → three others rule otherwise → executed: no first arbiter votes again, money as rehearsed', async () => {
  const id = await filed(await anchoredReceipt())
  await answered(id)
  const panel = await panelFor(id)
  const appealed = () => desk.appeal({ ...provider, id })
  await expect(appealed()).rejects.toThrow(/an appeal is taken between a ruling and its execution/)
  await signed(id, panel.slice(0, 2), ASKED)
  expect((await desk.case({ id })).dispute).toMatchObject({ state: 'ruled', refundMicroUsd: ASKED })

  const stranger = { orgId: 'org_other', userId: 'user_other', providerId: null }
  await expect(desk.appeal({ ...stranger, id })).rejects.toMatchObject({ code: 'not_found' })
  const order = { action: 'appeal', status: 'requested' }
  expect(await appealed()).toMatchObject({ by: 'platform', order })
  // A second click finds the first order, and nothing is executed meanwhile.
  expect(await appealed()).toMatchObject({ by: 'platform', order })
  await send()
  await expect(appealed()).rejects.toThrow(/This dispute is appealed/)
  expect(await executeDisputes(work())).toEqual({ done: 0, failed: [] })

  const others = await panelFor(id, true)
  const addresses = others.map(addressIn)
  expect(panel.map(addressIn).filter((address) => addresses.includes(address))).toEqual([])
  await expect(vote(id, addressIn(panel[0] as ChainWriter), 0n)).rejects.toThrow(/an appeal goes to three others/)
  const less = ASKED / 2n
  const { rehearsal } = await vote(id, addressIn(others[0] as ChainWriter), less)
  expect(rehearsal.steps.map(({ refusal }) => refusal)).toEqual([null, null, null])
  await signed(id, others.slice(0, 2), less)
  const { dispute: ruled, panels } = await desk.case({ id })
  expect(ruled).toMatchObject({ state: 'appeal_ruled', refundMicroUsd: ASKED, appealRefundMicroUsd: less })
  expect(panels.map(({ appeal, arbiters }) => [appeal, arbiters.filter((seat) => seat.vote).length])).toEqual([
    [false, 2],
    [true, 2],
  ])

  const third = others[2] as ChainWriter
  const before = await balancesOf(id, third)
  expect(await executeDisputes(work())).toEqual({ done: 1, failed: [] })
  await follow()
  const after = await balancesOf(id, third)
  expect(after.map((amount, at) => amount - (before[at] ?? 0n))).toEqual(
    rehearsal.balances.map(({ beforeMicroUsd, afterMicroUsd }) => afterMicroUsd - beforeMicroUsd),
  )
  const change = new Map(rehearsal.balances.map(({ holder, ...at }) => [holder, at.afterMicroUsd - at.beforeMicroUsd]))
  expect(change.get('payer’s channel')).toBe(less)
  expect(await executeDisputes(work())).toEqual({ done: 0, failed: [] })
  const { dispute, events } = await desk.detail({ ...team, id })
  expect(dispute.state).toBe('executed')
  expect(events.map(({ step }) => step).filter((step) => step === 'drawn' || step === 'ruled')).toEqual([
    'drawn',
    'ruled',
    'drawn',
    'ruled',
  ])
}, 300_000)

test('a late ruling, and one by somebody who is no member, are refused with a sentence; without a ruling bonds go back', async () => {
  const id = await filed(await anchoredReceipt(), 'not_delivered')
  await answered(id)
  const panel = await panelFor(id)
  const outsider = arbiterKeys.map(addressOfKey).find((key) => !panel.some((seat) => addressIn(seat) === key)) ?? ''
  await expect(vote(id, outsider, 0n)).rejects.toThrow(/not on the panel/)
  // Conflicted: the payer's own account and the provider's.
  const { managed, operator } = chain.disputes.addresses
  await expect(vote(id, managed, 0n)).rejects.toThrow(/nobody judges its own case/)
  await expect(vote(id, operator, 0n)).rejects.toThrow(/nobody judges its own case/)
  // And whoever is a member's wallet, is paid by it, or works for a party, whatever the contract knows of it.
  const [seat] = panel.map(addressIn)
  await memberOfTeam('user_member', seat ?? '')
  await expect(vote(id, seat ?? '', 0n)).rejects.toThrow(/This wallet is a party/)
  await market.db.walletAddress.deleteMany({ where: { userId: 'user_member' } })
  await expect(
    desk.prepareRuling({ id, userId: 'user_member', arbiter: seat ?? '', refundMicroUsd: 0n, reason: 'mine' }),
  ).rejects.toThrow(/You work for a party/)
  const provider = await market.db.provider.findFirstOrThrow()
  await market.db.provider.update({ where: { id: provider.id }, data: { payoutAddress: seat ?? '' } })
  await expect(vote(id, seat ?? '', 0n)).rejects.toThrow(/This wallet is a party/)
  await market.db.provider.update({ where: { id: provider.id }, data: { payoutAddress: provider.payoutAddress } })
  await expect(vote(id, seat ?? '', 0n)).resolves.toHaveProperty('reasonHash')
  await warp(STEP_S + 1)
  const [late] = panel as [ChainWriter]
  await gasFor(late)
  await expect(vote(id, addressIn(late), ASKED)).rejects.toThrow(/The time to rule was over/)
  const reasonHash = bytes32Of('late')
  await expect(ruleOnDispute(late, { disputeId: BigInt(id), refund: ASKED, reasonHash })).rejects.toThrow(
    /time for this step/,
  )
  const before = await tokenBalance(market.writer, managed)
  await executeDisputes(work())
  await follow()
  expect((await desk.case({ id })).dispute.state).toBe('lapsed')
  expect((await tokenBalance(market.writer, managed)) - before).toBe(5n * USD)
}, 300_000)

test('evidence that is huge, mistyped or about what is in no root is refused, and another team’s receipt is not there', async () => {
  await ingestReceiptEntries({ store: market.store, clock: systemClock, isDataError }, [
    { id: '0-0', json: JSON.stringify(market.request(PRICE)) },
  ])
  const { seq } = await market.db.receipt.findFirstOrThrow({ orderBy: { seq: 'desc' } })
  const file = (evidence: { mediaType: string; text: string }, who = team) =>
    desk.file({ ...who, lane, seq: Number(seq), kind: 'overcharge', amountMicroUsd: 1n, evidence })
  await expect(file(note('x'.repeat(70_000)))).rejects.toMatchObject({ code: 'payload_too_large' })
  await expect(file({ mediaType: 'image/png', text: 'x' })).rejects.toMatchObject({ code: 'unsupported_media_type' })
  await expect(file({ mediaType: 'application/json', text: '{' })).rejects.toThrow(/cannot be read as that/)
  await expect(file(note('  '))).rejects.toMatchObject({ code: 'invalid_input' })
  await expect(file(note('late'))).rejects.toThrow(/not anchored on the chain yet/)
  await expect(file(note('not ours'), { ...team, orgId: 'org_other' })).rejects.toMatchObject({ code: 'not_found' })
  await expect(desk.detail({ orgId: 'org_other', providerId: null, id: '1' })).rejects.toMatchObject({
    code: 'not_found',
  })
  expect(await market.db.disputeOrder.count({ where: { status: { in: ['requested', 'sent'] } } })).toBe(0)
})

/** A lease's receipt is proved to the contract by its own leaf: filed once, by who rents, in time, and not before its root is there. */
test('a lease receipt is disputed on the chain by its proof: once, in time, by who rents', async () => {
  const seq = await meteredSpan()
  const file = (kind: 'not_delivered' | 'overcharge' = 'not_delivered', orgId = ORG) =>
    desk.file({ ...team, orgId, lane, seq, kind, amountMicroUsd: ASKED, evidence: note('the lease did not answer') })
  await expect(file()).rejects.toThrow(/Its epoch is still open/)
  await expect(file('not_delivered', 'org_other')).rejects.toMatchObject({ code: 'not_found' })
  await anchoredReceipt()

  const reader = { orgId: ORG, providerId: null, staff: false }
  const { kind, receipt } = await plane.receipts.detail({ lane, seq, reader })
  const { inclusion, epoch } = receipt
  expect(kind).toBe('lease')
  const proven = { lane, epoch: epoch ?? 0, proof: inclusion?.proof as Hex[] }
  const hash = structHash('LeaseReceipt', decodeStruct('LeaseReceipt', 'hash' in receipt ? receipt.fields : {}))
  const takes = (tag: 'LeaseReceipt' | 'DeliveryReceipt') =>
    verifyLeaf(market.writer, { ...proven, leaf: leafOfHash(tag, hash) })
  expect(await takes('LeaseReceipt')).toBe(true)
  // The same hash under the tag of another kind is another leaf.
  expect(await takes('DeliveryReceipt')).toBe(false)

  const terms = await desk.filingTerms({ orgId: ORG, lane, seq })
  expect(terms).toMatchObject({ about: 'lease', leftMicroUsd: PRICE, refusal: null, by: 'platform' })
  expect(await file()).toMatchObject({ by: 'platform', order: { action: 'file_lease', status: 'requested' } })
  await send()
  await expect(file()).rejects.toThrow(/open already/)
  const [found] = (await desk.list({ ...team, open: true })).asPayer.items
  expect(found).toMatchObject({ kind: 'not_delivered', subject: hash, priceMicroUsd: PRICE, amountMicroUsd: ASKED })
  const seen = await desk.detail({ ...team, id: found?.id ?? '' })
  expect(seen).toMatchObject({
    receipt: null,
    lease: { seq, leaseId: 'lease_disputed' },
    outcome: { verdict: 'undecidable' },
  })
  await expect(desk.detail({ orgId: 'org_other', providerId: null, id: found?.id ?? '' })).rejects.toMatchObject({
    code: 'not_found',
  })

  await warp(STEP_S + 1)
  expect((await desk.filingTerms({ orgId: ORG, lane, seq })).refusal).toMatch(/time to dispute this receipt is over/)
  await expect(file('overcharge')).rejects.toThrow(/could be filed until/)
})

/** One span of a lease, signed by both. Its number in the lane. */
async function meteredSpan(): Promise<number> {
  const { db, channelId, providerId, nodeId, nodeKey, terms } = market
  const leaseId = 'lease_disputed'
  await db.lease.create({
    data: {
      id: leaseId,
      idHash: bytes32Of(leaseId),
      orgId: ORG,
      channelId,
      createdBy: 'user_team',
      status: 'stopped',
      model: 'm',
      gpus: 1,
      durationMs: 60_000n,
      maxPerGpuHourMicroUsd: 1n,
      nodeId,
      providerId,
      termsHash: terms.hash,
      perGpuHourMicroUsd: 1n,
      holdsGpus: false,
      reservedMicroUsd: PRICE,
    },
  })
  const spent = { leaseId, orgId: ORG, channelId, providerId, nodeKey, priceMicroUsd: PRICE, termsHash: terms.hash }
  const entry = { id: '0-0', json: JSON.stringify(market.lane.meter(spent)) }
  await ingestReceiptEntries({ store: market.store, clock: systemClock, isDataError }, [entry])
  return Number((await db.leaseReceipt.findFirstOrThrow({ where: { leaseId } })).seq)
}

/** Trust: nobody who holds the platform's database user can quietly change what staff did. */
test('the log of staff takes rows and gives none back', async () => {
  const { db, store } = market
  const row = {
    userId: 'user_staff',
    email: 'a@example.test',
    action: 'admin.prepareRuling',
    subject: '1',
    outcome: 'asked',
  }
  await store.audit.append({ ...row, detail: { refundUsd: '2' } })
  await expect(db.adminAudit.updateMany({ data: { outcome: 'done' } })).rejects.toThrow(/append-only/)
  await expect(db.adminAudit.deleteMany()).rejects.toThrow(/append-only/)
  await expect(db.$executeRawUnsafe('TRUNCATE "admin_audit"')).rejects.toThrow(/append-only/)
  const filter = { action: null, who: 'EXAMPLE', subject: null, outcome: null, beforeId: null, limit: 10 }
  expect(await store.audit.rows(filter)).toMatchObject([row])
})
