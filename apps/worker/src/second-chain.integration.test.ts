/**
 * Any EVM chain: the worker's whole way on a chain that differs from the one of all other tests in id, block time,
 * confirmations, finality and fee model. Blocks come by the clock there, whether anybody sent something or not.
 *
 * An epoch is anchored, claimed, judged and paid out, and verifies from its file; a record that does not follow from its
 * receipts is challenged by the watchtower, corrected and paid; a reorganisation deeper than the confirmations is undone;
 * what a lane signed is claimed when the payer withdraws; and a file that contradicts itself costs its lane.
 */
import { execFile } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  channelState,
  createChainWriter,
  disputeOf,
  mintTestUsdc,
  requestWithdrawal,
  resolveChallenge,
  stakeOf,
  standingOf,
  withheldDisputeOf,
} from '@isochrone/contracts-client'
import { systemClock } from '@isochrone/domain'
import { isDataError } from '@isochrone/db'
import { jsonRpc, mineEvery, secondTestChain, startTestStack, type TestStack } from '@isochrone/local-stack'
import { bytes32Of, encodeStruct, signStruct, type EpochFileLine, type Hex } from '@isochrone/protocol'
import {
  correctRecords,
  createTrustDuties,
  indexChainEvents,
  ingestReceiptEntries,
  newCloseMemory,
  refreshDisputes,
  registerPending,
  runFundingOrders,
  settleDueEpochs,
  settlementStatus,
  tryWithheldFiles,
  watchWithdrawals,
} from '@isochrone/services'
import { readEpochChain, readEpochHeader, recomputeEpoch, verifyEpoch } from '@isochrone/verifier'
import { madeTermsOf, type MadeEpoch } from '@isochrone/verifier/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createChain } from './chain/create-chain.ts'
import { startEpochGateway } from './testing/made-epochs.ts'
import { eventually, ORG, startTestMarket, type TestMarket } from './testing/test-market.ts'

const { blockTimeMs: BLOCK_MS, chainId: CHAIN_ID } = secondTestChain
const profile = secondTestChain
const CHALLENGE_S = 120
const THAW_S = 7_200
const USD = 1_000_000n

let stack: TestStack
let market: TestMarket
let chain: ReturnType<typeof createChain>
let gateway: Awaited<ReturnType<typeof startEpochGateway>>
let duties: ReturnType<typeof createTrustDuties>
let stopBlocks: () => Promise<void>
let made: MadeEpoch
const openFile = (epoch: number) => () => createReadStream(gateway.fileOf(epoch)) as AsyncIterable<Uint8Array>

beforeAll(async () => {
  stack = await startTestStack({ postgres: true, redis: true, chain: { chainId: CHAIN_ID, isStill: true } })
  const stopFast = mineEvery(stack.chainRpcUrl, 10)
  const termsOf = (providerId: Hex) => {
    const { terms, termsHash, document } = madeTermsOf(providerId)
    return { hash: termsHash, values: encodeStruct('Terms', terms), document: document as never }
  }
  market = await startTestMarket(stack, {
    challengeS: CHALLENGE_S,
    graceS: 3_600,
    channelThawS: THAW_S,
    termsOf,
    profile,
  })
  const { OPERATOR_KEY: operatorKey, MANAGED_WALLET_KEY: managedWalletKey } = market.env
  const { deployment } = market
  chain = createChain({
    rpcUrl: stack.chainRpcUrl,
    deployment,
    operatorKey,
    managedWalletKey,
    profile: { ...market.profile, ...profile },
  })
  // For the bond of a challenge.
  await mintTestUsdc(market.writer, { to: market.writer.sender.account.address, amount: 100n * USD })
  gateway = await startEpochGateway(market, stack.dir)
  duties = createTrustDuties({
    chain: chain.trust,
    transactions: market.store.chain,
    audit: chain.auditOf([gateway.url]),
  })
  await stopFast()
  stopBlocks = mineEvery(stack.chainRpcUrl, BLOCK_MS)
  await registerPending({ store: market.store, chain: chain.registry })
  await market.fund(10n * USD)
  await runFundingOrders({ store: market.store.chain, chain: chain.reads, wallet: chain.managed })
}, 240_000)
afterAll(async () => {
  await stopBlocks?.()
  await gateway?.stop()
  await market?.db.$disconnect()
  await stack?.stop()
})

const rpc = (method: string, params: unknown[] = []) => jsonRpc(stack.chainRpcUrl, method, params)
const index = () => indexChainEvents({ store: market.store, chain: chain.reads })
const settlement = () => ({
  epochs: market.store.epochs,
  records: market.store.records,
  transactions: market.store.chain,
  chain: chain.settlement,
})
async function ingest(entries: readonly unknown[]): Promise<void> {
  const { rejected } = await ingestReceiptEntries(
    { store: market.store, clock: systemClock, isDataError },
    entries.map((entry, at) => ({ id: `${at}-0`, json: JSON.stringify(entry) })),
  )
  expect(rejected).toEqual([])
}
async function round(): Promise<void> {
  await settleDueEpochs(settlement())
  await index()
}
const recordOf = (epoch: number) =>
  market.db.performanceRecord.findFirst({ where: { epoch: BigInt(epoch) }, orderBy: { version: 'desc' } })
const reported = (epoch: number, version = 0) =>
  eventually(async () => {
    await round()
    const row = await recordOf(epoch)
    return row?.version === version && row.status === 'reported'
  }, 300_000)

/** Until all is paid out, the windows of records included. */
async function settled(): Promise<bigint> {
  await rpc('evm_increaseTime', [2 * CHALLENGE_S])
  await rpc('evm_mine')
  const status = await eventually(async () => {
    await round()
    const now = await market.store.snapshot((tx) => settlementStatus(tx.settlement, { orgId: ORG }))
    return now.exact && now
  }, 300_000)
  return status.debitMicroUsd
}

test('an epoch is anchored, claimed, judged, paid out, and verifies from its file', async () => {
  const published = await gateway.publish({ epoch: 1, fromSeq: 1, receipts: 12 })
  made = published.made
  await ingest(published.entries)
  await reported(1)
  expect(await duties.auditRecords()).toEqual({ done: 0, failed: [] })
  expect(await settled()).toBe(made.header.sum)
  expect(await recordOf(1)).toMatchObject({ status: 'final', version: 0 })

  const header = await readEpochHeader(openFile(1))
  expect(header.chainId).toBe(CHAIN_ID)
  const { deployment } = market
  const onChain = readEpochChain({ rpcUrl: stack.chainRpcUrl, deployment, header })
  const report = await verifyEpoch({ open: openFile(1), chain: onChain, threads: 0 })
  expect(report).toMatchObject({ ok: true, chainId: CHAIN_ID, receipts: 12, firstMismatch: null, unchecked: [] })
  expect(report.checks.find(({ name }) => name === 'records')?.detail).toBe('1 of 1 is on the ledger')
  // And as anybody does it.
  const command = fileURLToPath(new URL('../../../tools/verify-epoch/main.ts', import.meta.url))
  const where = ['--rpc', stack.chainRpcUrl, '--deployment', market.env.DEPLOYMENT_FILE, '--data-dir', stack.dir]
  const { stdout } = await promisify(execFile)(process.execPath, [command, gateway.fileOf(1), ...where])
  expect(stdout).toContain('nothing contradicts')
}, 240_000)

test('a record that does not follow from its receipts is challenged once, corrected, and what it froze is paid', async () => {
  const lie = <T extends { faults: number }>(record: T) => ({ ...record, faults: record.faults + 5 })
  const published = await gateway.publish({ epoch: 2, fromSeq: 13, receipts: 12, signedBefore: made.signedAfter, lie })
  const before = made.header.sum
  made = published.made
  await ingest(published.entries)
  await reported(2)
  expect(await duties.auditRecords()).toEqual({ done: 1, failed: [] })
  expect(await duties.auditRecords()).toEqual({ done: 0, failed: [] })
  const name = { nodeId: market.nodeId, lane: market.lane.lane, epoch: 2 }
  expect((await standingOf(market.writer, name))?.status).toBe('challenged')

  await resolveChallenge(market.writer, { ...name, upheld: true, reasonHash: bytes32Of('it does not follow') })
  await eventually(async () => {
    await round()
    return (await recordOf(2))?.status === 'invalid'
  }, 300_000)
  const gateways = {
    async correctRecord({ version }: { version: number }) {
      const { expected } = await recomputeEpoch(openFile(2))
      const counts = await market.db.slaCounts.findMany({ where: { epoch: 2n, version: 0 } })
      const [record] = expected
      if (!record) throw new Error('the epoch has a record')
      const entry = gateway.signedEntry({ ...record, version }, [])
      await ingest([{ ...entry, counts: counts.map((row) => row.counts) }])
    },
  }
  const correct = () => correctRecords({ records: market.store.records, gateways })
  expect(await correct()).toEqual({ asked: 1, stuck: [] })
  expect(await correct()).toEqual({ asked: 0, stuck: [] })
  await reported(2, 1)
  expect(await duties.auditRecords()).toEqual({ done: 0, failed: [] })
  expect(await settled()).toBe(before + made.header.sum)
  expect(await recordOf(2)).toMatchObject({ status: 'final', version: 1 })
}, 240_000)

test('a reorganisation deeper than the confirmations is undone and made good', async () => {
  const where = { event: { path: ['kind'], equals: 'settled' } }
  const paidIn = await market.db.indexedEvent.findFirstOrThrow({ where, orderBy: { blockNumber: 'desc' } })
  const payouts = await market.db.payout.count()
  const { debitMicroUsd } = await market.store.snapshot((tx) => settlementStatus(tx.settlement, { orgId: ORG }))
  await stopBlocks()
  try {
    // A payout counts once it has its confirmations, which may be this very moment; one block more and it lies deeper.
    await rpc('evm_mine')
    const head = await market.writer.publicClient.getBlockNumber()
    const depth = Number(head - paidIn.blockNumber + 1n)
    expect(depth).toBeGreaterThan(profile.confirmations)
    await rpc('anvil_reorg', [depth, []])
    const { undone } = await index()
    expect(undone).toBeGreaterThan(0)
    expect(await market.db.payout.count()).toBe(payouts - 1)
  } finally {
    stopBlocks = mineEvery(stack.chainRpcUrl, BLOCK_MS)
  }
  expect(await settled()).toBe(debitMicroUsd)
  expect(await market.db.payout.count()).toBe(payouts)
}, 240_000)

test('what was signed is claimed while a withdrawal thaws', async () => {
  const { MANAGED_WALLET_KEY: privateKey } = market.env
  const { deployment, channelId } = market
  const payer = createChainWriter({ rpcUrl: stack.chainRpcUrl, deployment, privateKey, profile: market.profile })
  const { claimed } = await channelState(payer, channelId)
  const published = await gateway.publish({ epoch: 3, fromSeq: 25, receipts: 4, signedBefore: made.signedAfter })
  made = published.made
  await ingest(published.entries)
  await requestWithdrawal(payer, { channelId, amount: USD })
  const gateways = { closeEpochs: async () => [] }
  const memory = newCloseMemory()
  await eventually(async () => {
    await index()
    const deps = { ...settlement(), channels: market.store.chain, gateways, epochMs: 60_000 }
    const { watched } = await watchWithdrawals(deps, memory)
    return watched.length > 0 && (await channelState(payer, channelId)).claimed > claimed
  }, 300_000)
  expect((await channelState(payer, channelId)).claimed).toBe(claimed + published.made.header.sum)
}, 240_000)

test('a price in a file that does not follow from its terms is proven, once, and its lane pays', async () => {
  const { chainId, addresses } = market.deployment
  const domain = { chainId, verifyingContract: addresses.channels.toLowerCase() as Hex }
  const spoil = (line: EpochFileLine): EpochFileLine => {
    if (line.kind !== 'delivery' || line.delivery.value.seq !== 30) return line
    const value = { ...line.delivery.value, price: line.delivery.value.price + 1n }
    return { ...line, delivery: signStruct(domain, 'DeliveryReceipt', value, market.lane.laneKey) }
  }
  const at = { epoch: 4, fromSeq: 29, receipts: 4, signedBefore: made.signedAfter }
  await ingest((await gateway.publish({ ...at, spoil })).entries)
  await reported(4)
  const stake = async () => (await stakeOf(market.writer, market.lane.lane)).tokens
  const before = await stake()
  const reason = expect.stringContaining('Nobody has the anchored file of epoch 4') as string
  const failed = [{ subject: `${market.lane.lane}:4`, reason }]
  expect(await duties.auditRecords()).toEqual({ done: 1, failed })
  const after = await stake()
  expect(after).toBeLessThan(before)
  // The file is read again, because its records are not judged yet.
  await rpc('evm_increaseTime', [31])
  await rpc('evm_mine')
  const again = await eventually(async () => {
    const round = await duties.auditRecords()
    return round.failed.length > 0 && round
  })
  expect(again).toEqual({ done: 0, failed })
  expect(await stake()).toBe(after)
}, 240_000)

/** No one party can withhold an epoch: a copy at a node is as good as the gateway's, and without any the lane answers for it. */
test('a file that neither gateway nor node gives out is disputed once, with a bond', async () => {
  // What was anchored before can be disputed no more.
  await rpc('evm_increaseTime', [market.deployment.params.fileS + 1])
  await rpc('evm_mine')
  const published = await gateway.publish({ epoch: 5, fromSeq: 33, receipts: 4, signedBefore: made.signedAfter })
  await ingest(published.entries)
  await reported(5)
  const { lane } = market.lane
  const { dataHash } = published.made.anchor.value
  const documents: string[] = []
  const saveEvidence = async (hash: Hex) => void documents.push(hash)
  const laneUrl = async () => 'http://127.0.0.1:9'
  const watchBy = (mirrorUrls: string[]) =>
    chain.filesOf({ gatewayUrls: [], mirrorUrls, withheldAfterS: 1, laneUrl, saveEvidence })
  expect(await watchBy([gateway.url]).look(lane, 5, dataHash)).toMatchObject({ isThere: true })
  expect(await watchBy([gateway.url]).look(lane, 5, bytes32Of('another'))).toMatchObject({ isThere: false })

  const watching = () =>
    createTrustDuties({ chain: chain.trust, transactions: market.store.chain, files: watchBy(['http://127.0.0.1:10']) })
  const round = async (of: ReturnType<typeof watching>) => {
    await rpc('evm_increaseTime', [1])
    await rpc('evm_mine')
    return of.watchFiles()
  }
  const first = watching()
  const { failed } = await eventually(async () => {
    const missed = await round(first)
    return missed.failed.length > 0 && missed
  })
  expect(failed[0]?.reason).toContain('http://127.0.0.1:9 does not answer; http://127.0.0.1:10 does not answer')
  await eventually(async () => (await round(first)).done === 1)
  const disputeId = await withheldDisputeOf(market.writer, lane, 5)
  const dispute = disputeId === null ? null : await disputeOf(market.writer, disputeId)
  expect(dispute).toMatchObject({ kind: 'withheld', state: 'filed', lane, epoch: 5 })
  expect(dispute?.bond).toBe(BigInt(market.deployment.params.disputeBondMicroUsd))
  expect(documents).toHaveLength(1)
  // For whoever rules: everybody is asked, once in this step, and what each said is kept beside the anchored hash.
  await index()
  const { disputes, chain: transactions } = market.store
  await refreshDisputes({ disputes, transactions, chain: chain.disputes })
  const tries = () => tryWithheldFiles({ disputes, files: watchBy([gateway.url, 'http://127.0.0.1:10']) })
  expect(await tries()).toEqual({ done: 1, failed: [] })
  const stored = await disputes.fileTriesOf(disputeId ?? 0n, lane, 5n)
  // Two tries of one millisecond stand by their addresses, whose ports are any.
  const said = stored.map(({ by, httpStatus, fileHash }) => ({ by, httpStatus, fileHash }))
  expect(
    said.toSorted((one, other) => (`${one.by} ${one.httpStatus}` < `${other.by} ${other.httpStatus}` ? -1 : 1)),
  ).toEqual([
    { by: 'lane', httpStatus: null, fileHash: null },
    { by: 'node', httpStatus: 200, fileHash: dataHash },
    { by: 'node', httpStatus: null, fileHash: null },
  ])
  expect(stored.every((each) => each.step === 'filed' && each.dataHash === dataHash)).toBe(true)
  expect(await tries()).toEqual({ done: 0, failed: [] })
  expect(await disputes.fileTriesOf(disputeId ?? 0n, lane, 5n)).toEqual(stored)
  // The next step is another try; the first one's rows stay.
  await market.db.dispute.update({ where: { id: disputeId ?? 0n }, data: { state: 'drawn' } })
  expect(await tries()).toEqual({ done: 1, failed: [] })
  expect((await disputes.fileTriesOf(disputeId ?? 0n, lane, 5n)).slice(0, 3)).toEqual(stored)
  // After a reorganisation the number may be another dispute's: what was tried for this one is not its evidence.
  expect(await disputes.fileTriesOf(disputeId ?? 0n, lane, 6n)).toEqual([])
  // Another worker finds it filed.
  const second = watching()
  for (let looks = 0; looks < 8; looks++) expect((await round(second)).done).toBe(0)
  expect(await withheldDisputeOf(market.writer, lane, 5)).toBe(disputeId)
}, 240_000)
