import fc from 'fast-check'
import { expect, test } from 'vitest'
import { NewestKeys } from './newest-keys.ts'

test('whatever comes, the key that falls out is the one that came so many before', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.array(fc.nat(30), { maxLength: 100 }), (keysMax, keys) => {
      const newest = new NewestKeys<number>(keysMax)
      expect(keys.map((key) => newest.add(key))).toEqual(keys.map((_, at) => keys[at - keysMax]))
    }),
  )
})
