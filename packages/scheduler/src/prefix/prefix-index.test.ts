import fc from 'fast-check'
import { expect, test } from 'vitest'
import { prefixHashesOf } from './prefix-hashes.ts'
import { createPrefixIndex, type PrefixHolders } from './prefix-index.ts'

const room = (length = 2): PrefixHolders => ({ slot: new Int32Array(length), blocks: new Int32Array(length) })

function held(index: ReturnType<typeof createPrefixIndex>, hashes: number[], length = 2): [number, number][] {
  const out = room(length)
  const count = index.holders(hashes, out)
  return Array.from({ length: count }, (_, i) => [out.slot[i] ?? -1, out.blocks[i] ?? -1])
}

/** A trie of prompts as chained hashes: a prompt is a path of letters, each prefix of it one number. */
const path = fc.array(fc.nat(2), { maxLength: 7 })
const hashesOf = (steps: number[]): number[] =>
  steps.map((_, i) => steps.slice(0, i + 1).reduce((hash, step) => hash * 4 + step + 1, 0) + 2 ** 40)

test('the longest known prefix wins, and the second holder is the next longest', () => {
  const index = createPrefixIndex({ blocksMax: 100 })
  index.note(7, [1, 2, 3, 4, 5])
  index.note(8, [1, 2, 30])
  index.note(9, [100])
  expect(held(index, [1, 2, 3, 4, 50])).toEqual([
    [7, 4],
    [8, 2],
  ])
  expect(held(index, [77])).toEqual([])
  expect(held(index, [])).toEqual([])
})

test('with room for all, it finds for every replica what a plain search over all prompts finds', () => {
  const notes = fc.array(fc.tuple(fc.nat(3), path), { maxLength: 30 })
  fc.assert(
    fc.property(notes, path, (noted, wanted) => {
      const index = createPrefixIndex({ blocksMax: 4_096 })
      const longest = new Map<number, number>()
      for (const [slot, steps] of noted) {
        index.note(slot, hashesOf(steps))
        let shared = 0
        while (shared < Math.min(steps.length, wanted.length) && steps[shared] === wanted[shared]) shared++
        if (shared > (longest.get(slot) ?? 0)) longest.set(slot, shared)
      }
      const found = held(index, hashesOf(wanted), 4)
      expect(Object.fromEntries(found)).toEqual(Object.fromEntries(longest))
      const lengths = found.map(([, blocks]) => blocks)
      expect(lengths).toEqual(lengths.toSorted((a, b) => b - a))
    }),
  )
})

test('however long a prompt and however much of it is known, the search from its end finds what a plain one finds', () => {
  const blocks = (length: number): number[] => Array.from({ length }, (_, i) => 2 ** 40 + i)
  const notes = fc.array(fc.tuple(fc.nat(3), fc.integer({ min: 1, max: 200 })), { maxLength: 8 })
  fc.assert(
    fc.property(notes, fc.nat(220), (noted, length) => {
      const index = createPrefixIndex({ blocksMax: 4_096 })
      const longest = new Map<number, number>()
      for (const [slot, known] of noted) {
        index.note(slot, blocks(known))
        longest.set(slot, Math.max(longest.get(slot) ?? 0, Math.min(known, length)))
      }
      index.touch(blocks(length))
      const found = held(index, blocks(length), 4)
      expect(Object.fromEntries(found)).toEqual(Object.fromEntries([...longest].filter(([, known]) => known > 0)))
    }),
    { numRuns: 300 },
  )
})

test('memory stays bounded, what it names is true, and no prompt end outlives its beginning', () => {
  const steps = fc.array(fc.tuple(fc.nat(9), path, fc.boolean()), { maxLength: 60 })
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 12 }), path, (noted, blocksMax, wanted) => {
      const index = createPrefixIndex({ blocksMax })
      const ran = new Map<number, Set<number>>()
      for (const [slot, prompt, forget] of noted) {
        index.note(slot, hashesOf(prompt))
        ran.set(slot, new Set([...(ran.get(slot) ?? []), ...hashesOf(prompt)]))
        if (forget) {
          index.forget(slot)
          ran.delete(slot)
        }
        expect(index.size).toBeLessThanOrEqual(blocksMax)
      }
      const hashes = hashesOf(wanted)
      for (const [slot, blocks] of held(index, hashes)) expect(ran.get(slot)?.has(hashes[blocks - 1] ?? -1)).toBe(true)
    }),
  )
})

test('a replica that left is never named, even when its slot is used again', () => {
  const index = createPrefixIndex({ blocksMax: 10 })
  index.note(3, [1, 2])
  index.forget(3)
  expect(held(index, [1, 2])).toEqual([])
  index.note(3, [1])
  expect(held(index, [1, 2])).toEqual([[3, 1]])
})

test('what is no hash ends the chain, and nothing crashes', () => {
  const index = createPrefixIndex({ blocksMax: 10 })
  index.note(1, [5, Number.NaN, 6])
  expect(index.size).toBe(1)
  expect(held(index, [5, 0.5, -1])).toEqual([[1, 1]])
})

test('hashes of a prompt are a chain: they agree exactly as far as the prompts do, for one organisation alone', () => {
  const options = { blockBytes: 4, salt: 'org_a' }
  const first = prefixHashesOf('abcdefghijkl', options)
  const second = prefixHashesOf('abcdefgXijkl!', options)
  expect(first).toHaveLength(3)
  expect(second[0]).toBe(first[0])
  expect(second[1]).not.toBe(first[1])
  expect(second[2]).not.toBe(first[2])
  const foreign = prefixHashesOf('abcdefghijkl', { ...options, salt: 'org_b' })
  for (const hash of foreign) expect(first).not.toContain(hash)
  expect(prefixHashesOf(new TextEncoder().encode('abcdefghijkl'), options)).toEqual(first)
  expect(prefixHashesOf('x'.repeat(10_000), options)).toHaveLength(512)
  expect(first.every(Number.isSafeInteger)).toBe(true)
})

test('200,000 different blocks meet no collision', () => {
  const seen = new Set<number>()
  for (let i = 0; i < 200; i++)
    for (const hash of prefixHashesOf(`${i}:`.padEnd(1000, 'ab'), { blockBytes: 1, salt: 's', blocksMax: 1000 }).slice(
      4,
    ))
      seen.add(hash)
  expect(seen.size).toBe(200 * 996)
})

test('a common beginning is where many prompts part, however long; a long conversation has none', () => {
  const index = createPrefixIndex({ blocksMax: 1_000 })
  for (let n = 0; n < 10; n++) index.note(n % 3, [1, 2, 3, 100 + n, 200 + n])
  for (let turns = 1; turns <= 40; turns++) index.note(5, [9, ...Array.from({ length: turns }, (_, n) => 500 + n)])
  expect(index.common([1, 2, 3, 105, 205], 8)).toBe(3)
  expect(index.common([1, 2, 3, 999], 8)).toBe(3)
  expect(index.common([1, 2, 77], 8)).toBe(0)
  expect(index.common([9, 500, 501, 502], 8)).toBe(0)
  expect(index.common([], 8)).toBe(0)
})
