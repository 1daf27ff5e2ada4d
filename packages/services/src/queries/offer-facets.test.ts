/** Nobody waits for the values of filters but the first: they are shown while newer ones are read, and not when they are old. */
import { expect, test } from 'vitest'
import type { ControlPlaneStore } from '../ports/control-plane-store.ts'
import type { OfferStore } from '../ports/offer-store.ts'
import { offerFacets } from './offers.ts'

/** A store that counts how often it is asked, and answers when it is told to. */
function facetsOf() {
  let nowMs = 1_000_000
  let asked = 0
  const open: { resolve: () => void; reject: () => void }[] = []
  const facets: OfferStore['facets'] = () => {
    const value = `model-${++asked}`
    const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<OfferStore['facets']>>>()
    open.push({
      resolve: () => resolve([{ facet: 'model', value, offers: 1 }]),
      reject: () => reject(new Error('down')),
    })
    return promise
  }
  const offers = { facets, witnesses: async () => [] } as Partial<OfferStore> as OfferStore
  const store = { offers } as ControlPlaneStore
  return {
    asked: () => asked,
    later: (ms: number) => void (nowMs += ms),
    answer: (how: 'resolve' | 'reject' = 'resolve') => open.shift()?.[how](),
    /** The one value, which says of which reading it is. */
    get: async () => (await offerFacets({ store, clock: { nowMs: () => nowMs } })).models[0]?.value,
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

test('the first waits, and those within seconds get the same', async () => {
  const facets = facetsOf()
  const both = Promise.all([facets.get(), facets.get()])
  facets.answer()
  expect(await both).toEqual(['model-1', 'model-1'])
  facets.later(4_999)
  expect(await facets.get()).toBe('model-1')
  expect(facets.asked()).toBe(1)
})

test('later ones are shown what there is while one reading is under way, then what it read', async () => {
  const facets = facetsOf()
  const first = facets.get()
  facets.answer()
  await first
  facets.later(5_000)
  expect(await Promise.all([facets.get(), facets.get()])).toEqual(['model-1', 'model-1'])
  expect(facets.asked()).toBe(2)
  facets.answer()
  await settled()
  expect(await facets.get()).toBe('model-2')
})

test('after a minute without anybody they are too old to be shown', async () => {
  const facets = facetsOf()
  const first = facets.get()
  facets.answer()
  await first
  facets.later(60_000)
  const next = facets.get()
  facets.answer()
  expect(await next).toBe('model-2')
})

test('a reading that fails costs nobody the values that there are, and the next one reads again', async () => {
  const facets = facetsOf()
  const first = facets.get()
  facets.answer()
  await first
  facets.later(5_000)
  expect(await facets.get()).toBe('model-1')
  facets.answer('reject')
  await settled()
  expect(await facets.get()).toBe('model-1')
  expect(facets.asked()).toBe(3)
  facets.answer()
  await settled()
  expect(await facets.get()).toBe('model-3')
})

test('a first reading that fails is not kept', async () => {
  const facets = facetsOf()
  const first = facets.get()
  facets.answer('reject')
  await expect(first).rejects.toThrow('down')
  await settled()
  const again = facets.get()
  facets.answer()
  expect(await again).toBe('model-2')
})
