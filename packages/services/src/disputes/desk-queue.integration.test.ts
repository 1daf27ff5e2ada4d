/** One queue over both kinds of cases: nothing that is due is hidden behind the other kind, and every page follows the last. */
import { createDb, createStore, type Db, type Store } from '@isochrone/db'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import type { DisputeState } from '@isochrone/domain'
import { bytes32Of } from '@isochrone/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deskQueue, type DeskQueueInput } from './desk-queue.ts'
import { listDisputes } from './list-disputes.ts'
import type { DisputeDeps } from './place-order.ts'

let stack: TestStack
let db: Db
let deps: DisputeDeps

const lane = bytes32Of('lane')
const providerId = bytes32Of('provider')

beforeAll(async () => {
  stack = await startTestStack({ postgres: true })
  db = createDb(stack.databaseUrl)
  const store: Store = createStore(db)
  deps = { store } as unknown as DisputeDeps
  await db.dispute.createMany({
    data: [
      disputeOf(1n, 'executed', 10n, 1n),
      disputeOf(2n, 'drawn', 400n, 5n),
      disputeOf(3n, 'filed', 100n, 5n),
      disputeOf(4n, 'ruled', 300n, 90n),
      disputeOf(5n, 'ruled', 300n, 5n),
      disputeOf(6n, 'lapsed', 30n, 5n),
    ],
  })
  await db.performanceRecord.createMany({
    data: [
      recordOf(7n, 'challenged', 200n, 10n),
      // As dear as dispute 4 and dearer than 5, with the same deadline.
      recordOf(8n, 'challenged', 300n, 30n),
      recordOf(9n, 'final', 20n, 10n),
      // Challenged, but its challenge is not read yet: it must not be lost.
      recordOf(10n, 'challenged', null, null),
      // Nobody ever challenged it.
      recordOf(11n, 'reported', null, null),
    ],
  })
}, 300_000)
afterAll(async () => {
  await db?.$disconnect()
  await stack?.stop()
})

function disputeOf(id: bigint, state: DisputeState, deadlineS: bigint, amount: bigint) {
  const nobody = { filer: '0x', subject: `0x${id}`, channelId: '0x', providerId, lane, epoch: 1n, appellant: null }
  const money = { bondMicroUsd: 10n, frozenMicroUsd: 0n, lockedMicroUsd: 0n, refundMicroUsd: 0n, priceMicroUsd: amount }
  const appeal = { appealBondMicroUsd: 0n, appealRefundMicroUsd: 0n }
  const kind = 'overcharge' as const
  return { id, state, kind, deadlineS, amountMicroUsd: amount, filedAtMs: 0n, ...nobody, ...money, ...appeal }
}

function recordOf(
  epoch: bigint,
  status: 'challenged' | 'final' | 'reported',
  rulingEndsAtS: bigint | null,
  bond: bigint | null,
) {
  const counts = { attempts: 1, faults: 0, countsRoot: '0x', record: {}, laneSignature: '0x' }
  const challenge = { rulingEndsAtS, challengeBondMicroUsd: bond, finalAtS: 350n }
  return {
    nodeId: bytes32Of('node'),
    lane,
    epoch,
    version: 0,
    status,
    providerId,
    earnedMicroUsd: 70n,
    ...counts,
    ...challenge,
  }
}

async function queue(input: DeskQueueInput): Promise<string[]> {
  const { items } = await deskQueue(deps, input)
  return items.map((item) => (item.kind === 'dispute' ? `dispute ${item.id}` : `record ${item.record.epoch}`))
}

const due = ['dispute 3', 'record 7', 'dispute 4', 'record 8', 'dispute 5', 'record 10', 'dispute 2']

test('open cases of both kinds stand by their deadline, and of one deadline the dearest first', async () => {
  expect(await queue({ open: true })).toEqual(due)
})

test('all cases stand with the latest deadline first: what is old never hides what is new', async () => {
  const open = ['dispute 2', 'record 10', 'dispute 4', 'record 8', 'dispute 5', 'record 7', 'dispute 3']
  expect(await queue({})).toEqual([...open, 'dispute 6', 'record 9', 'dispute 1'])
})

test('pages follow one another without a gap or a repetition, and the figures are those of all', async () => {
  for (const open of [true, false]) {
    const seen: string[] = []
    let cursor: string | undefined
    for (let page = 0; page < 20; page++) {
      const { items, nextCursor, figures } = await deskQueue(deps, { open, cursor, limit: 2 })
      expect(figures).toEqual({ open: 7, ruling: 4, stakeMicroUsd: 395n, nextDeadlineMs: 100_000 })
      seen.push(
        ...items.map((item) => (item.kind === 'dispute' ? `dispute ${item.id}` : `record ${item.record.epoch}`)),
      )
      if (nextCursor === null) break
      cursor = nextCursor
    }
    expect(seen).toEqual(await queue({ open }))
  }
})

test('a party sees what is open by its deadline, and of what is closed the latest first', async () => {
  const { asProvider } = await listDisputes(deps, { orgId: 'org_provider', providerId })
  expect(asProvider.items.map(({ id }) => id)).toEqual(['3', '4', '5', '2', '6', '1'])
  const { asProvider: others } = await listDisputes(deps, { orgId: 'org_other', providerId: bytes32Of('other') })
  expect(others).toEqual({ items: [], nextCursor: null })
})

test('a party pages through its disputes without a gap or a repetition', async () => {
  const seen: string[] = []
  let providerCursor: string | undefined
  for (let page = 0; page < 10; page++) {
    const { asProvider } = await listDisputes(deps, { orgId: 'org_provider', providerId, providerCursor, limit: 2 })
    seen.push(...asProvider.items.map(({ id }) => id))
    if (asProvider.nextCursor === null) break
    providerCursor = asProvider.nextCursor
  }
  expect(seen).toEqual(['3', '4', '5', '2', '6', '1'])
  const open = await listDisputes(deps, { orgId: 'org_provider', providerId, open: true })
  expect(open.asProvider.items.map(({ id }) => id)).toEqual(['3', '4', '5', '2'])
  const forged = { orgId: 'org_provider', providerId, providerCursor: "open.1.1.1' or true" }
  await expect(listDisputes(deps, forged)).rejects.toMatchObject({ code: 'invalid_input', field: 'providerCursor' })
})

test('a payer sees the withheld files that it disputes, though they name no channel, and nobody else does', async () => {
  const asked = { id: 'order_6', action: 'withheld', account: 'managed', subject: '0x6', payload: {}, disputeId: 6n }
  await db.disputeOrder.create({ data: { ...asked, orgId: 'org_payer', requestedBy: 'user_payer' } })
  const { asPayer, asProvider } = await listDisputes(deps, { orgId: 'org_payer', providerId: null })
  expect(asPayer.items.map(({ id }) => id)).toEqual(['6'])
  expect(asProvider.items).toEqual([])
  const { asPayer: others } = await listDisputes(deps, { orgId: 'org_other', providerId: null })
  expect(others.items).toEqual([])
})

test('a cursor that nobody was given is refused', async () => {
  for (const cursor of ['', '1', '1.2.receipt.3', "1.2.dispute.3'; drop table dispute", '-1.2.dispute.3'])
    await expect(deskQueue(deps, { cursor })).rejects.toMatchObject({ code: 'invalid_input', field: 'cursor' })
})

test('what each row says: the deadline and bonds of its own kind', async () => {
  const { items } = await deskQueue(deps, { open: true })
  const byEpoch = (epoch: number) => items.find((item) => item.kind === 'record' && item.record.epoch === epoch)
  expect(byEpoch(7)).toMatchObject({ bondMicroUsd: 10n, stakeMicroUsd: 80n, deadlineMs: 200_000 })
  expect(byEpoch(10)).toMatchObject({ bondMicroUsd: null, stakeMicroUsd: 70n, deadlineMs: null })
})
