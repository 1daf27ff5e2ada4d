/** When a node is checked next: what is asked during a check is judged by another one, not by what the check began with. */
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { createDb, type Db } from './create-db.ts'
import { createStore, type Store } from './store.ts'

const NODE = '0xnode'
let stack: TestStack
let db: Db
let store: Store['verification']

beforeAll(async () => {
  stack = await startTestStack({ postgres: true })
  db = createDb(stack.databaseUrl)
  store = createStore(db).verification
}, 300_000)
afterAll(async () => {
  await db?.$disconnect()
  await stack?.stop()
})
beforeEach(async () => {
  await db.nodeVerification.deleteMany()
})

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds))
const due = async () => (await db.nodeVerification.findUniqueOrThrow({ where: { nodeId: NODE } })).dueAt
const check = { nodeId: NODE, status: 'verified', checkedAt: at(10), dueAt: at(1_000) } as const

test('a check that nobody interrupts is due again as it says, and the node is free at once', async () => {
  await store.makeDue(NODE, at(5))
  expect(await store.claimDue(at(9), at(300), 4)).toEqual([NODE])
  expect(await store.claimDue(at(11), at(300), 4)).toEqual([])
  await store.finish(check)
  expect(await due()).toEqual(at(1_000))
  expect(await store.standing([NODE])).toMatchObject([{ status: 'verified', checkedAt: at(10), claimedTo: null }])
})

test('what is asked while a check runs outlives its end', async () => {
  await store.makeDue(NODE, at(5))
  await store.claimDue(at(9), at(300), 4)
  await store.makeDue(NODE, at(20))
  await store.finish(check)
  expect(await due()).toEqual(at(20))
  expect(await store.claimDue(at(21), at(300), 4)).toEqual([NODE])
})

test('what is asked between two checks brings the time forward, never back', async () => {
  await store.makeDue(NODE, at(5))
  await store.claimDue(at(9), at(300), 4)
  await store.finish(check)
  await store.makeDue(NODE, at(2_000))
  expect(await due()).toEqual(at(1_000))
  await store.makeDue(NODE, at(40))
  expect(await due()).toEqual(at(40))
})
