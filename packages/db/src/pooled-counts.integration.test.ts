/**
 * What the chain says of a payer's counts stays in what its record shows: a broken promise, the credit and the transaction, whoever
 * added the counts, in whatever order it is noted, and after a reorganisation.
 */
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createDb, type Db } from './create-db.ts'
import { createStore, type Store } from './store.ts'

const POOL = { nodeId: '0xnode', channelId: '0xchannel', termsHash: '0xterms' }
const LANE = '0xlane'
const NOTHING = { countedTx: null, broken: 0, creditMicroUsd: 0n }

let stack: TestStack
let db: Db
let store: Store

beforeAll(async () => {
  stack = await startTestStack({ postgres: true })
  db = createDb(stack.databaseUrl)
  store = createStore(db)
}, 300_000)
afterAll(async () => {
  await db?.$disconnect()
  await stack?.stop()
})

beforeEach(async () => {
  await db.slaCounts.deleteMany()
  await db.performanceRecord.deleteMany()
  for (const [epoch, version] of [
    [1, 0],
    [2, 0],
    [2, 1],
    [3, 0],
  ] as const) {
    const key = keyOf(epoch, version)
    const status = epoch === 2 && version === 0 ? ('invalid' as const) : ('final' as const)
    const signed = { providerId: '0xp', earnedMicroUsd: 0n, attempts: 0, faults: 0, countsRoot: '0x', record: {} }
    await db.performanceRecord.create({ data: { ...key, ...signed, status, laneSignature: '0x' } })
    await db.slaCounts.create({ data: { ...key, ...ofPool, leaf: `leaf ${epoch}`, counts: {} } })
  }
})

const ofPool = { channelId: POOL.channelId, termsHash: POOL.termsHash }
const keyOf = (epoch: number, version = 0) => ({ nodeId: POOL.nodeId, lane: LANE, epoch: BigInt(epoch), version })
const tested = (epoch: number, tx: string) => ({
  ...POOL,
  leaf: `leaf ${epoch}`,
  broken: 2,
  creditMicroUsd: 7n,
  countedTx: tx,
})

async function rows() {
  const found = await db.slaCounts.findMany({ orderBy: [{ epoch: 'asc' }, { version: 'asc' }] })
  return found.map(
    (row) => `${row.epoch}.${row.version}: ${row.countedTx ?? '-'} ${row.broken ?? '-'} ${row.creditMicroUsd ?? '-'}`,
  )
}

test('a test is noted at the counts that caused it, in the newest version of their record', async () => {
  await store.records.notePoolTest(tested(2, '0xa'))
  expect(await rows()).toEqual(['1.0: - - -', '2.0: - - -', '2.1: 0xa 2 7', '3.0: - - -'])
})

test('a test whose counts the chain does not name is noted where its transaction is known', async () => {
  await store.records.markCounted({ ...keyOf(3), ...ofPool }, { ...NOTHING, countedTx: '0xb' })
  await store.records.notePoolTest({ ...tested(3, '0xb'), leaf: null })
  await store.records.notePoolTest({ ...tested(1, '0xelsewhere'), leaf: null })
  expect(await rows()).toEqual(['1.0: - - -', '2.0: - - -', '2.1: - - -', '3.0: 0xb 2 7'])
})

/** A worker that died after it had sent finds its counts taken, before or after the event was read. */
test('counts that were taken before are marked so, and what the events said of them stays', async () => {
  await store.records.markCounted({ ...keyOf(1), ...ofPool }, NOTHING)
  await store.records.notePoolTest(tested(1, '0xa'))
  await store.records.notePoolTest(tested(3, '0xb'))
  await store.records.markCounted({ ...keyOf(3), ...ofPool }, NOTHING)
  expect(await rows()).toEqual(['1.0: 0xa 2 7', '2.0: - - -', '2.1: - - -', '3.0: 0xb 2 7'])
  expect((await store.records.uncounted(10)).map(({ epoch }) => epoch)).toEqual([2n])
})

test('a test that a reorganisation took away is offered again; a broken promise of another transaction stays', async () => {
  await store.records.notePoolTest(tested(1, '0xa'))
  await store.records.markCounted({ ...keyOf(2, 1), ...ofPool }, { ...NOTHING, countedTx: '0xkept' })
  await store.records.notePoolTest(tested(3, '0xgone'))
  await store.records.reopenCounts(POOL, '0xgone')
  expect(await rows()).toEqual(['1.0: 0xa 2 7', '2.0: - - -', '2.1: - - -', '3.0: - - -'])
  expect((await store.records.uncounted(10)).map(({ epoch }) => epoch)).toEqual([2n, 3n])
})
