/** What a listing promises: halves are refused, slips are asked about, and the terms say what was saved. On a real database. */
import { noPromises, STAKE_MIN_MICRO_USD } from '@isochrone/services'
import { randomBytes32, regionToBytes8 } from '@isochrone/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  machine,
  models,
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

const promises = { ...noPromises, ttftBaseMs: 2_000, tpotUs: 60_000, concurrencyMax: 8, penaltyBps: 1_000 }
const promiseItem = (id: string) => lister.stepOf(id, 'promises')

/** Nobody is told of a promise that costs nothing when it is broken. */
test('a time without what comes back is refused, whoever confirms it; to promise nothing is a choice of its own', async () => {
  const { plane, listing, save } = lister
  const id = await listing()
  expect(await promiseItem(id)).toMatchObject({ state: 'open' })
  for (const half of [{ ttftBaseMs: 2_000 }, { ttftPerKtokMs: 400 }, { tpotUs: 60_000 }]) {
    await expect(save(id, 1, { promises: { ...noPromises, ...half } }, true)).rejects.toMatchObject({
      code: 'invalid_input',
      field: 'promises.penaltyBps',
      publicMessage: expect.stringContaining('nothing comes back when it is broken'),
    })
  }
  expect((await plane.listings.detail({ orgId, id })).draft.promises).toBeUndefined()
  const version = await save(id, 1, { promises: noPromises })
  expect(await promiseItem(id)).toEqual({
    step: 'promises',
    state: 'done',
    text: 'Nothing is promised, as you chose: nothing is due when it is slow.',
    fix: null,
  })
  await save(id, version, { promises })
  expect(await promiseItem(id)).toMatchObject({
    state: 'done',
    text: 'Promises are set: 10 % comes back where one is broken.',
  })
})

test('availability alone and slips of magnitude are asked about, then respected', async () => {
  const { plane, listing, save } = lister
  const id = await listing()
  const slips: [object, string, string][] = [
    [{ ...noPromises, penaltyBps: 1_000 }, 'penaltyBps', 'No time is promised'],
    [{ ...promises, tpotUs: 50 }, 'tpotUs', '0.05 ms is 600 times shorter than the usual 30 ms'],
    [{ ...promises, ttftBaseMs: 2 }, 'ttftBaseMs', 'than the usual 500 ms'],
  ]
  for (const [said, field, question] of slips) {
    await expect(save(id, 1, { promises: said })).rejects.toMatchObject({
      code: 'invalid_input',
      field,
      publicMessage: expect.stringContaining(question),
    })
  }
  await save(id, 1, { promises: slips[1]?.[0] }, true)
  expect((await plane.listings.detail({ orgId, id })).draft.promises?.tpotUs).toBe(50)
})

/** The same figure is no slip beside a machine that is known to be that quick. */
test('once the node’s agent has asked it, its own answer is what a promise is held against', async () => {
  const { plane, listing, save, join, report } = lister
  const id = await listing()
  const { token } = await plane.listings.command({
    orgId,
    providerId,
    userId,
    id,
    version: await save(id, 1, { machine, models, prices }, true),
  })
  const uuids = ['GPU-quick-a', 'GPU-quick-b']
  const { nodeKey } = await join(token, randomBytes32(), uuids)
  await report(nodeKey, { uuids })
  const { version, ownFirstTokenMs } = await plane.listings.detail({ orgId, id })
  expect(ownFirstTokenMs).toBe(120)
  await expect(save(id, version, { promises: { ...promises, ttftBaseMs: 12 } })).rejects.toMatchObject({
    field: 'ttftBaseMs',
    publicMessage: expect.stringContaining('the 120 ms that this node took when its agent asked it'),
  })
  await save(id, version, { promises: { ...promises, ttftBaseMs: 13 } })
})

/** A promise at a place where nobody measures could never be broken, and would read as one. */
test('promises hold at a region of the market’s gateways, which the terms name; any other is refused', async () => {
  const { store, db, plane, save, join, report, vaultHolds } = lister
  const id = await lister.listing()
  const at = (sloRegion: string) => ({ promises: { ...promises, sloRegion } })
  await expect(save(id, 1, at('eu-de'))).rejects.toMatchObject({
    field: 'promises.sloRegion',
    publicMessage: 'No gateway stands at eu-de, so nothing could be measured there. There is none that names a region.',
  })
  await db.gatewayLane.createMany({
    data: ['eu-de', 'us-east', 'eu-de'].map((region, index) => ({
      lane: `0x${String(index).repeat(64)}`,
      url: `http://127.0.0.1:${index + 1}`,
      region,
      country: 'DE',
    })),
  })
  expect((await plane.listings.detail({ orgId, id })).gatewayRegions).toEqual(['eu-de', 'us-east'])
  await expect(save(id, 1, at('eu-fr'), true)).rejects.toMatchObject({
    publicMessage: expect.stringContaining('There are some at: eu-de, us-east.'),
  })
  const saved = await save(id, 1, { machine, models, prices, ...at('us-east') }, true)
  const { token } = await plane.listings.command({ orgId, providerId, userId, id, version: saved })
  const uuids = ['GPU-at-a', 'GPU-at-b']
  const { nodeId, nodeKey } = await join(token, randomBytes32(), uuids)
  await report(nodeKey, { uuids })
  await vaultHolds(STAKE_MIN_MICRO_USD)
  const { version } = await plane.listings.detail({ orgId, id })
  await plane.listings.submit({ orgId, providerId, id, version })
  expect((await store.providers.node(nodeId))?.terms.values).toMatchObject({
    ttftBaseMs: 2_000,
    tpotUs: 60_000,
    penaltyBps: 1_000,
    sloRegion: regionToBytes8('us-east'),
  })
})

/** Drafts from before halves were refused are still there. */
test('half a promise that was saved earlier is not submitted, and says what misses', async () => {
  const { db, plane, listing, save, join, report } = lister
  const id = await listing()
  const saved = await save(id, 1, { machine, models, prices }, true)
  const { token } = await plane.listings.command({ orgId, providerId, userId, id, version: saved })
  const uuids = ['GPU-half-a', 'GPU-half-b']
  const { nodeKey } = await join(token, randomBytes32(), uuids)
  await report(nodeKey, { uuids })
  const draft = { machine, models, prices, promises: { ...promises, penaltyBps: 0 } }
  await db.listing.update({ where: { id }, data: { draft } })
  expect(await promiseItem(id)).toMatchObject({
    state: 'failed',
    fix: expect.stringContaining('say how much comes back'),
  })
  const { version } = await plane.listings.detail({ orgId, id })
  await expect(plane.listings.submit({ orgId, providerId, id, version })).rejects.toMatchObject({
    code: 'state_conflict',
    details: { step: 'promises' },
    publicMessage: expect.stringContaining('nothing comes back when it is broken'),
  })
})

/** Money: the first of its kind has no market to be held against, and is asked all the same. */
test('prices of an empty market and prices that contradict each other are asked about', async () => {
  const { listing, save } = lister
  const id = await listing()
  const asked = (changed: object) => save(id, 1, { prices: { ...prices, ...changed } })
  await expect(asked({ gpuHourMicroUsd: '99999999999' })).rejects.toMatchObject({ field: 'gpuHourMicroUsd' })
  await expect(asked({ cachedMicroUsdPerMtok: '100001' })).rejects.toMatchObject({ field: 'cachedMicroUsdPerMtok' })
  await expect(asked({ inMicroUsdPerMtok: '900000', outMicroUsdPerMtok: '90000' })).rejects.toMatchObject({
    field: 'outMicroUsdPerMtok',
  })
  await asked({})
})
