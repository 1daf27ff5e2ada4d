import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SlotMap } from './slot-map.ts'

const operation = fc.oneof(
  fc.record({ do: fc.constant('set' as const), key: fc.nat(9), value: fc.nat() }),
  fc.record({ do: fc.constant('delete' as const), key: fc.nat(9) }),
  fc.record({ do: fc.constant('clear' as const) }),
)

/** Whoever replaces a map by it sees no difference. */
test('it holds what a map would, in the same order', () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
      const [map, slots] = [new Map<number, number>(), new SlotMap<number, number>()]
      for (const each of operations) {
        if (each.do === 'clear') {
          map.clear()
          slots.clear()
        } else if (each.do === 'delete') expect(slots.delete(each.key)).toBe(map.delete(each.key))
        else {
          map.set(each.key, each.value)
          slots.set(each.key, each.value)
        }
        expect([...slots]).toEqual([...map])
      }
      expect([...slots.values()]).toEqual([...map.values()])
      expect([...slots.keys()]).toEqual([...map.keys()])
      expect(slots.size).toBe(map.size)
      for (let key = 0; key < 10; key++) expect([slots.has(key), slots.get(key)]).toEqual([map.has(key), map.get(key)])
    }),
  )
})

/** A link that is lost ends its streams, each of which leaves the map as it ends. */
test('entries may leave while all are looked at', () => {
  const slots = new SlotMap<number, number>()
  for (let key = 0; key < 100; key++) slots.set(key, key)
  const seen: number[] = []
  for (const value of slots.values()) {
    seen.push(value)
    slots.delete(value)
    slots.delete(value + 1)
  }
  expect(seen).toEqual(Array.from({ length: 50 }, (_, index) => index * 2))
  expect(slots.size).toBe(0)
})
