import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BoundedMap } from './bounded-map.ts'

test('the newest half is always there with its newest values, and never more than so many', () => {
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 20 }), fc.array(fc.nat(40), { maxLength: 200 }), (sizeMax, keys) => {
      const map = new BoundedMap<number, number>(sizeMax)
      const lastSet = new Map<number, number>()
      for (const [at, key] of keys.entries()) {
        map.set(key, at)
        lastSet.delete(key)
        lastSet.set(key, at)
        const newest = [...lastSet].slice(-Math.floor(sizeMax / 2))
        expect(newest.map(([each]) => map.get(each))).toEqual(newest.map(([, value]) => value))
      }
      const kept = [...lastSet].filter(([key]) => map.get(key) !== undefined)
      expect(kept.length).toBeLessThanOrEqual(sizeMax)
      for (const [key, value] of kept) expect(map.get(key)).toBe(value)
    }),
  )
})
