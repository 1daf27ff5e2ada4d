import fc from 'fast-check'
import { expect, test } from 'vitest'
import { prng } from './prng.ts'

test('a recorded state continues exactly where it was taken', () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat(50), (seed, skip) => {
      const first = prng(seed)
      for (let i = 0; i < skip; i++) first.uint32()
      const second = prng(first.state())
      for (let i = 0; i < 20; i++) expect(second.uint32()).toBe(first.uint32())
    }),
  )
})

test('draws stay inside their bound and reach all of it', () => {
  const rng = prng(7)
  const seen = new Set<number>()
  for (let i = 0; i < 1000; i++) seen.add(rng.below(10))
  expect([...seen].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  for (let i = 0; i < 1000; i++) expect(rng.unit()).toBeLessThan(1)
})

test('the stream is pinned: a change of generator would break every recorded decision', () => {
  const rng = prng(42)
  expect([rng.uint32(), rng.uint32(), rng.uint32()]).toMatchInlineSnapshot(`
    [
      1959603763,
      2423114712,
      2466933512,
    ]
  `)
})

test('a state copied into integers of the caller continues like one that was taken', () => {
  const rng = prng(3)
  const into = new Int32Array(4)
  for (let i = 0; i < 9; i++) rng.uint32()
  rng.copyState(into)
  expect([...into]).toEqual([...rng.state()])
})
