/** What no listing gets around, and its ways off the market: stake, checks that turn invalid, withdrawing, retiring. */
import { systemClock } from '@isochrone/domain'
import { randomBytes32 } from '@isochrone/protocol'
import { createJoinToken, noPromises, publishListings, STAKE_MIN_MICRO_USD, verifyNode } from '@isochrone/services'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  inventory,
  machine,
  orgId,
  prices,
  providerId,
  startTestLister,
  userId,
  type TestLister,
} from './testing/test-lister.ts'

let lister: TestLister

beforeAll(async () => {
  lister = await startTestLister()
})
afterAll(() => lister?.stop())

/** Whoever lists passes the wizard's checks, stake and question about prices: no token goes around them. */
test('a token that no listing owns admits nobody, though its proof is right', async () => {
  const { store, join } = lister
  const prices = { inMicroUsdPerMtok: 0n, cachedMicroUsdPerMtok: 0n, outMicroUsdPerMtok: 1n }
  const { token } = await createJoinToken(
    { store, clock: systemClock },
    {
      providerId,
      userId,
      nodeName: 'around',
      region: 'eu-de',
      country: 'DE',
      expiresInHours: 1,
      prices: { ...prices, inMicroUsdPerGb: 0n, outMicroUsdPerGb: 0n },
      promises: noPromises,
    },
  )
  await expect(join(token)).rejects.toMatchObject({ code: 'unauthenticated' })
  expect((await store.providers.nodes(providerId)).some(({ name }) => name === 'around')).toBe(false)
})

test('a stake that failed holds a submitted listing back, says why, and stops the next one from being submitted', async () => {
  const { store, plane, vaultHolds, checked, waiting, stepOf, submitted } = lister
  await vaultHolds(0n)
  await plane.providers.requestStake({ providerId, userId, microUsd: STAKE_MIN_MICRO_USD })
  const { id, nodeId } = await submitted(['GPU-failing-a', 'GPU-failing-b'])
  const [order] = await store.listings.openStakeOrders(10)
  const error = 'The managed account has no money.'
  await store.listings.endStakeOrder({ id: order?.id ?? '', status: 'failed', txHash: null, error })
  await checked(nodeId, 'unverified')
  await publishListings({ store })
  expect(await waiting()).not.toContain(nodeId)
  expect(await stepOf(id, 'stake')).toEqual({
    step: 'stake',
    state: 'failed',
    text: 'Your stake of $100.00 did not reach the chain: The managed account has no money.',
    fix: 'Ask for it again.',
  })
  await expect(submitted(['GPU-next-a', 'GPU-next-b'])).rejects.toMatchObject({
    code: 'state_conflict',
    publicMessage: expect.stringContaining('did not reach the chain: The managed account has no money.'),
  })
  await plane.providers.requestStake({ providerId, userId, microUsd: STAKE_MIN_MICRO_USD })
  await vaultHolds(STAKE_MIN_MICRO_USD)
  await publishListings({ store })
  expect(await waiting()).toContain(nodeId)
})

/** Fairness: whoever submits more listings than a round takes, and never stakes, holds up nobody who does. */
test('listings that wait for ever do not keep those behind them from the market', async () => {
  const { store, db, plane, vaultHolds, checked, submitted } = lister
  const stuck = 1_050
  const longAgo = new Date('2026-01-01T00:00:00Z')
  const row = {
    orgId: 'org_stuck',
    status: 'submitted',
    draft: {},
    createdBy: 'user_stuck',
    updatedAt: longAgo,
  } as const
  const ids = Array.from({ length: stuck }, (_, index) => `list_stuck${String(index).padStart(4, '0')}`)
  await db.listing.createMany({ data: ids.map((id) => ({ id, ...row })) })
  await vaultHolds(STAKE_MIN_MICRO_USD)
  const { id, nodeId } = await submitted(['GPU-behind-a', 'GPU-behind-b'])
  await checked(nodeId, 'unverified')
  await store.chain.activateNode(nodeId, '0xkey')
  const place = { after: null }
  expect(await publishListings({ store }, place)).toBe(0)
  expect(place.after).toMatchObject({ id: ids[999], updatedAt: longAgo })
  expect(await publishListings({ store }, place)).toBeGreaterThan(0)
  expect((await plane.listings.detail({ orgId, id })).status).toBe('live')
  // The end: the next round begins with those that have waited longest.
  expect(place.after).toBeNull()
  await db.listing.deleteMany({ where: { orgId: row.orgId } })
})

test('no stake and nothing agreed is no stake: the node takes no lease', async () => {
  const { store, vaultHolds, checked, live } = lister
  const { nodeId } = await live(['GPU-lent-a', 'GPU-lent-b'])
  const barred = () => store.leases.barredFromLeases([nodeId], STAKE_MIN_MICRO_USD)
  expect(await barred()).toEqual(new Map())
  await vaultHolds(STAKE_MIN_MICRO_USD - 1n)
  expect(await barred()).toEqual(new Map([[nodeId, 'stake']]))
  await vaultHolds(STAKE_MIN_MICRO_USD)
  await checked(nodeId, 'failed')
  expect(await barred()).toEqual(new Map([[nodeId, 'checks']]))
})

test('what is said of the machine changes until it is submitted, and its node is checked by what is said now', async () => {
  const { store, plane, listing, save, join } = lister
  const id = await listing()
  const { token } = await plane.listings.command({
    orgId,
    providerId,
    userId,
    id,
    version: await save(id, 1, { machine, prices }, true),
  })
  const { nodeId } = await join(token, randomBytes32(), ['GPU-moved-a', 'GPU-moved-b'])
  const { version } = await plane.listings.detail({ orgId, id })
  await save(id, version, { machine: { ...machine, region: 'us-east', country: 'US', sharedHost: true } })
  expect(await store.providers.node(nodeId)).toMatchObject({
    region: 'us-east',
    country: 'US',
    terms: { document: { region: 'us-east', sharedHost: true } },
  })
  // Terms that nobody submitted cost no transaction.
  const { termsHash } = (await store.providers.node(nodeId)) ?? {}
  expect((await store.chain.unregisteredTerms(50)).map(({ hash }) => hash)).not.toContain(termsHash)
})

/** Whoever gives a machine up can list it again at once, and nobody is locked out by a listing that is no more. */
test('a withdrawn listing gives its GPUs free: its node is revoked, and the same machine is listed again', async () => {
  const { store, plane, checked, waiting, submitted } = lister
  const uuids = ['GPU-again-a', 'GPU-again-b']
  const first = await submitted(uuids)
  await plane.listings.withdraw({ orgId, id: first.id, version: first.version })
  expect((await store.providers.node(first.nodeId))?.status).toBe('revoked')
  await publishListings({ store })
  expect(await waiting()).not.toContain(first.nodeId)
  const second = await submitted(uuids)
  expect(await store.verification.otherClaims(second.nodeId)).toEqual({ namedEarlier: [], namedLater: [] })
  await checked(second.nodeId, 'unverified')
  await publishListings({ store })
  expect(await waiting()).toContain(second.nodeId)
})

test('a live node leaves the market for good: gateways hear of it, its key is retired, and it is listed again with another', async () => {
  const { store, db, plane, submitted, live } = lister
  const uuids = ['GPU-leaves-a', 'GPU-leaves-b']
  const { id, nodeId, version } = await live(uuids)
  await expect(plane.listings.withdraw({ orgId, id, version })).rejects.toMatchObject({ code: 'state_conflict' })
  await expect(plane.listings.retire({ orgId, id, version: version - 1 })).rejects.toMatchObject({
    code: 'state_conflict',
  })
  await expect(plane.listings.retire({ orgId: 'org_other', id, version })).rejects.toMatchObject({ code: 'not_found' })
  const both = await Promise.allSettled([1, 2].map(() => plane.listings.retire({ orgId, id, version })))
  expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  expect(await plane.listings.detail({ orgId, id })).toMatchObject({ status: 'retired', node: { status: 'revoked' } })
  expect((await store.control.nodes([nodeId]))[0]).toMatchObject({ active: false })
  const told = (await db.controlEvent.findMany({ orderBy: { version: 'desc' }, take: 1 }))[0]
  expect(told?.state).toMatchObject({ kind: 'node', nodeId, active: false })
  expect((await store.chain.nodesToRetire(10)).map((row) => row.nodeId)).toContain(nodeId)
  await store.chain.setKeyRetired(nodeId, '0xretired')
  expect((await store.chain.nodesToRetire(10)).map((row) => row.nodeId)).not.toContain(nodeId)
  const again = await submitted(uuids)
  expect(await store.verification.otherClaims(again.nodeId)).toEqual({ namedEarlier: [], namedLater: [] })
})

/** A transaction may be on its way while its owner changes their mind. */
test('a key that reaches the chain after its listing was withdrawn is retired there', async () => {
  const { store, plane, checked, waiting, submitted } = lister
  const { id, nodeId, version } = await submitted(['GPU-late-a', 'GPU-late-b'])
  await checked(nodeId, 'unverified')
  await publishListings({ store })
  expect(await waiting()).toContain(nodeId)
  await plane.listings.withdraw({ orgId, id, version })
  await store.chain.setKeyRetired(nodeId, 'earlier')
  expect(await store.chain.activateNode(nodeId, '0xlate')).toBe(false)
  expect((await store.chain.nodesToRetire(10)).map((row) => row.nodeId)).toContain(nodeId)
})

/** What was caught after it was listed sells nothing more, at no gateway, until all of its checks pass. */
test('a live node whose check turns invalid is barred, gateways hear of it, and its owner is told why', async () => {
  const { store, db, plane, live } = lister
  const uuids = ['GPU-honest-a', 'GPU-honest-b']
  const honest = await live(uuids)
  const cheat = await live(['GPU-other-a', 'GPU-other-b'])
  await store.verification.claimGpus(cheat.nodeId, uuids, new Date())
  await db.node.update({
    where: { nodeId: cheat.nodeId },
    data: { inventory: { ...inventory, gpus: inventory.gpus.map((gpu) => ({ ...gpu, uuids })) } },
  })
  const verify = (nodeId: string) =>
    verifyNode(
      { store, witnesses: [], replay: null, clock: systemClock, periodMs: 60_000, seed: () => 1 },
      nodeId as `0x${string}`,
    )
  const barred = async () => (await store.control.nodes([cheat.nodeId]))[0]?.barred
  const events = () => db.controlEvent.count()
  expect(await barred()).toBe(false)
  const before = await events()
  expect(await verify(cheat.nodeId)).toBe('failed')
  expect(await barred()).toBe(true)
  expect(await events()).toBe(before + 1)
  const told = await db.controlEvent.findFirst({ orderBy: { version: 'desc' } })
  expect(told?.state).toMatchObject({ nodeId: cheat.nodeId, active: true, barred: true })
  // Still failed: nothing new to tell.
  expect(await verify(cheat.nodeId)).toBe('failed')
  expect(await events()).toBe(before + 1)
  expect(await verify(honest.nodeId)).toBe('unverified')
  expect((await store.control.nodes([honest.nodeId]))[0]?.barred).toBe(false)
  const { id } = (await store.providers.node(cheat.nodeId)) ?? {}
  const seen = (await plane.providers.verification({ providerId })).find((node) => node.id === id)
  expect(seen).toMatchObject({ standing: 'failed', onMarket: true })
  expect(seen?.checks.find(({ verdict }) => verdict === 'invalid')).toMatchObject({ kind: 'gpu_uuids' })
  await store.verification.finish({
    nodeId: cheat.nodeId,
    status: 'verified',
    dueAt: new Date(),
    checkedAt: new Date(),
  })
  expect(await barred()).toBe(false)
})
