import { expect, test } from 'vitest'
import type { TestSpecification, Vitest } from 'vitest/node'
import { filesOf } from './vitest.ts'
import { LongestFirst, longFiles } from './longest-first.ts'

test('every file that is said to take long is one of the tests', () => {
  const files = new Set([...filesOf('unit'), ...filesOf('integration')])
  expect(Object.keys(longFiles).filter((file) => !files.has(file))).toEqual([])
})

test('files that take long start first, the longest of all before them, and the others keep their order', async () => {
  const root = '/project'
  const project = { name: '', config: { isolate: true, sequence: { groupOrder: 0 } } }
  const cache = { getFileTestResults: () => undefined, getFileStats: () => ({ size: 1 }) }
  const sequencer = new LongestFirst({ config: { root }, cache } as unknown as Vitest)
  const [second, first] = Object.entries(longFiles)
    .toSorted(([, a], [, b]) => a - b)
    .slice(-2)
    .map(([file]) => file)
  const files = ['b.test.ts', second, 'a.test.ts', first].map((file) => ({ moduleId: `${root}/${file}`, project }))
  // oxlint-disable-next-line unicorn/no-array-sort -- a sequencer's, of no array
  const sorted = await sequencer.sort(files as unknown as TestSpecification[])
  expect(sorted.map(({ moduleId }) => moduleId.slice(root.length + 1))).toEqual([
    first,
    second,
    'b.test.ts',
    'a.test.ts',
  ])
})
