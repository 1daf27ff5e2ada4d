/** Who waits too long for others in the database is told so, and nothing of what they asked is there. */
import { setTimeout as sleep } from 'node:timers/promises'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createDb, type CreateDbOptions, type Db } from './create-db.ts'
import { sayBusy, sayBusyOfCalls } from './say-busy.ts'
import { createStore, type Repositories, type Store } from './store.ts'

let stack: TestStack
let db: Db
const opened: Db[] = []

beforeAll(async () => {
  stack = await startTestStack({ postgres: true })
  db = createDb(stack.databaseUrl)
  opened.push(db)
  await db.orgSettings.createMany({ data: [{ orgId: 'org_a' }, { orgId: 'org_b' }] })
  await createStore(db).control.append([{ kind: 'first' }])
}, 300_000)
afterAll(async () => {
  await Promise.all(opened.map((each) => each.$disconnect()))
  await stack?.stop()
})

/** What people use, with less patience. */
function storeOfPeople(options: CreateDbOptions): Store {
  const own = createDb(stack.databaseUrl, options)
  opened.push(own)
  return sayBusy(createStore(own))
}

/** Holds the settings of `org_a` and the counter of control events. Resolves once it does, with what lets go of them. */
async function holdRows(): Promise<() => Promise<void>> {
  const held = Promise.withResolvers<void>()
  const enough = Promise.withResolvers<void>()
  const holding = db.$transaction(
    async (tx) => {
      await tx.$queryRaw`select 1 as one from org_settings where "orgId" = 'org_a' for update`
      await tx.$queryRaw`select 1 as one from control_counter for update`
      held.resolve()
      await enough.promise
    },
    { timeout: 120_000 },
  )
  holding.catch(held.reject)
  await held.promise
  return async () => {
    enough.resolve()
    await holding
  }
}

const insertListing = (tx: Repositories, id: string) =>
  tx.listings.insert({ id, orgId: 'org_a', draft: {}, createdBy: 'user', formKey: id })
const isWritten = async (id: string) => (await db.listing.count({ where: { id } })) === 1
const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: unknown) => error,
  )
const busy = { name: 'AppError', code: 'busy', owner: 'platform', httpStatus: 503, retryable: true, retryAfterS: 3 }

test('a transaction for which no connection was free never began', async () => {
  const store = storeOfPeople({ connectionsMax: 1, transactionMsMax: { wait: 3_000, run: 60_000 } })
  const enough = Promise.withResolvers<void>()
  const first = store.transaction(() => enough.promise)
  let began = false
  const second = store.transaction(async () => {
    began = true
  })
  expect(await failureOf(second)).toMatchObject(busy)
  expect(began).toBe(false)
  enough.resolve()
  await first
  expect(await store.transaction(async () => 'done')).toBe('done')
})

const waysToWait = {
  'a query of Prisma': (tx: Repositories) => tx.accounts.saveRouting('org_a', {}),
  'a statement of ours': (tx: Repositories) => tx.control.append([{ kind: 'waited' }]),
}
for (const [name, wait] of Object.entries(waysToWait)) {
  test(`a transaction in which ${name} waited for a row for too long has written nothing, and is done when asked again`, async () => {
    const store = storeOfPeople({ lockWaitMsMax: 200 })
    const letGo = await holdRows()
    const ask = () =>
      store.transaction(async (tx) => {
        await insertListing(tx, `list_${name}`)
        await wait(tx)
      })
    expect(await failureOf(ask())).toMatchObject(busy)
    expect(await isWritten(`list_${name}`)).toBe(false)
    await letGo()
    await ask()
    expect(await isWritten(`list_${name}`)).toBe(true)
  })
}

test('a transaction that takes too long is rolled back, also when all that is left is its end', async () => {
  const store = storeOfPeople({ transactionMsMax: { wait: 5_000, run: 300 } })
  for (const more of [true, false]) {
    const slow = store.transaction(async (tx) => {
      await insertListing(tx, `list_slow ${more}`)
      await sleep(800)
      if (more) await tx.listings.get('org_a', 'none')
    })
    expect(await failureOf(slow)).toMatchObject(busy)
    expect(await isWritten(`list_slow ${more}`)).toBe(false)
  }
})

test('of two that wait for each other one is told, and the other one’s is written', async () => {
  const store = storeOfPeople({})
  const both = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
  const ask = (index: 0 | 1) =>
    store.transaction(async (tx) => {
      const orgs = ['org_a', 'org_b'] as const
      await insertListing(tx, `list_cross ${index}`)
      await tx.accounts.saveRouting(orgs[index], { turn: index })
      both[index].resolve()
      await Promise.all(both.map(({ promise }) => promise))
      await tx.accounts.saveRouting(orgs[1 - index] ?? 'org_a', { turn: index })
    })
  const failures = await Promise.all([failureOf(ask(0)), failureOf(ask(1))])
  expect(failures.filter((each) => each)).toMatchObject([busy])
  for (const index of [0, 1] as const) {
    expect(await isWritten(`list_cross ${index}`)).toBe(failures[index] === null)
  }
})

test('a fault of another kind stays what it is', async () => {
  const store = storeOfPeople({})
  const fault = new Error('of ours')
  expect(await failureOf(store.transaction(() => Promise.reject(fault)))).toBe(fault)
  const refused = await failureOf(store.transaction((tx) => tx.leases.takeGpus('node', 2 ** 40, 2 ** 41)))
  expect(refused).toBeInstanceOf(Error)
  expect(refused).not.toMatchObject({ name: 'AppError' })
})

/** What a gateway asks of queued work. */
test('a call outside of a transaction that waited for a row for too long has done nothing, and is done when asked again', async () => {
  const own = createDb(stack.databaseUrl, { lockWaitMsMax: 200 })
  opened.push(own)
  const store = sayBusyOfCalls(createStore(own))
  const routingOf = async () => (await db.orgSettings.findFirst({ where: { orgId: 'org_a' } }))?.routing
  const before = await routingOf()
  const letGo = await holdRows()
  const asks = [
    () => store.accounts.saveRouting('org_a', { asked: 'alone' }),
    () => store.transaction((tx) => tx.accounts.saveRouting('org_a', { asked: 'in a transaction' })),
  ]
  for (const ask of asks) expect(await failureOf(ask())).toMatchObject(busy)
  expect(await routingOf()).toEqual(before)
  await letGo()
  await asks[0]?.()
  expect(await routingOf()).toEqual({ asked: 'alone' })
})

test('a call for which no connection was free never began, and one that is wrong stays what it is', async () => {
  const own = createDb(stack.databaseUrl, { connectionsMax: 1, connectionWaitMsMax: 200 })
  opened.push(own)
  const store = sayBusyOfCalls(createStore(own))
  const enough = Promise.withResolvers<void>()
  const first = store.transaction(() => enough.promise)
  expect(await failureOf(store.accounts.saveRouting('org_b', { asked: 'too early' }))).toMatchObject(busy)
  enough.resolve()
  await first
  const wrong = await failureOf(store.leases.takeGpus('node', 2 ** 40, 2 ** 41))
  expect(wrong).toBeInstanceOf(Error)
  expect(wrong).not.toMatchObject({ name: 'AppError' })
})
