/** Rounds of settlement are bounded: what can never go on must not fill them for everybody else. */
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDb, type Db } from './create-db.ts'
import { createStore, type Store } from './store.ts'

let stack: TestStack
let db: Db
let store: Store
const NOW_S = 1_000

beforeAll(async () => {
  stack = await startTestStack({ postgres: true })
  db = createDb(stack.databaseUrl)
  store = createStore(db)
  await db.epoch.createMany({
    data: [
      ...epochsOf('0xstuck', 30, 'closed'),
      ...epochsOf('0xhonest', 2, 'closed', 100n),
      ...epochsOf('0xshared', 40, 'anchored', 200n),
    ],
  })
  await db.performanceRecord.createMany({
    data: [
      ...recordsOf('refused', 20, 'signed', null),
      ...recordsOf('waiting', 20, 'reported', BigInt(NOW_S + 1)),
      ...recordsOf('honest', 1, 'signed', null, 239n),
      ...recordsOf('due', 1, 'reported', BigInt(NOW_S), 238n),
      ...recordsOf('refused pool', 20, 'final', null),
      ...recordsOf('honest pool', 1, 'final', null, 237n),
    ],
  })
  await db.slaCounts.createMany({
    data: [...countsOf('refused pool', 20), ...countsOf('honest pool', 1, 237n)],
  })
}, 300_000)
afterAll(async () => {
  await db?.$disconnect()
  await stack?.stop()
})

function epochsOf(lane: string, count: number, status: 'closed' | 'anchored', first = 1n) {
  return Array.from({ length: count }, (_, i) => ({
    lane,
    epoch: first + BigInt(i),
    status,
    root: '0x',
    count: 1n,
    sumMicroUsd: 0n,
    dataHash: '0x',
    fromSeq: BigInt(i + 1),
    toSeq: BigInt(i + 1),
    anchor: {},
    anchorSignature: '0x',
    closedAtMs: 0n,
  }))
}

const keyOf = (provider: string, epoch: bigint) => ({
  nodeId: `node of ${provider}`,
  lane: '0xshared',
  epoch,
  version: 0,
})

function recordsOf(
  providerId: string,
  count: number,
  status: 'signed' | 'reported' | 'final',
  finalAtS: bigint | null,
  first = 200n,
) {
  return Array.from({ length: count }, (_, i) => ({
    ...keyOf(providerId, first + BigInt(i)),
    status,
    finalAtS,
    providerId,
    earnedMicroUsd: 0n,
    attempts: 0,
    faults: 0,
    countsRoot: '0x',
    record: {},
    laneSignature: '0x',
  }))
}

function countsOf(provider: string, count: number, first = 200n) {
  return Array.from({ length: count }, (_, i) => ({
    ...keyOf(provider, first + BigInt(i)),
    channelId: '0xchannel',
    termsHash: '0xterms',
    leaf: '0x',
    counts: {},
  }))
}

test('a lane whose epochs cannot be anchored leaves room for the others, each in its own order', async () => {
  const rows = await store.epochs.inStatus('closed', 10)
  expect(rows.filter(({ lane }) => lane === '0xhonest').map(({ epoch }) => epoch)).toEqual([100n, 101n])
  const stuck = rows.filter(({ lane }) => lane === '0xstuck').map(({ epoch }) => epoch)
  expect(stuck).toEqual([1n, 2n, 3n, 4n, 5n, 6n, 7n, 8n])
  expect(rows[0]).toMatchObject({ anchor: {}, status: 'closed', fromSeq: 1n })
})

test('records that the chain refuses, or that wait for their window, leave room for the others', async () => {
  const rows = await store.records.underWay(10, NOW_S)
  expect(rows).toHaveLength(10)
  const providers = new Set(rows.map(({ providerId }) => providerId))
  expect([...providers].toSorted()).toEqual(['due', 'honest', 'refused'])
})

test('counts that the chain refuses leave room for the others', async () => {
  const rows = await store.records.uncounted(10)
  expect(rows).toHaveLength(10)
  expect(rows.at(-1)).toMatchObject({ nodeId: 'node of honest pool', epoch: 237n, counts: {} })
})
