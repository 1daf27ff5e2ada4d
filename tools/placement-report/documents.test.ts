import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectRoot } from '../project-root.ts'
import { withBlocks } from './blocks.ts'
import { renderedDocuments } from './documents.ts'

test('the tables and the plot of the placement documents are those of the runs beside them', () => {
  const documents = renderedDocuments(join(projectRoot, 'docs'))
  expect(documents.map(({ path }) => path.slice(projectRoot.length + 1))).toEqual([
    'docs/PLACEMENT.md',
    'docs/placement/markets.md',
    'docs/placement/gateway.md',
    'docs/images/cost-against-slo.svg',
  ])
  for (const { path, before, text } of documents) expect(before, `${path}: npm run report:placement`).toBe(text)
})

test('a table replaces the one before it and nothing else', () => {
  const text = 'Before.\n<!-- measured:a -->\nold\n<!-- end -->\nBetween.\n<!-- measured:b -->\n<!-- end -->\n'
  const once = withBlocks(text, { a: '| 1 |', b: '| 2 |' })
  expect(once).toBe(
    'Before.\n<!-- measured:a -->\n| 1 |\n<!-- end -->\nBetween.\n<!-- measured:b -->\n| 2 |\n<!-- end -->\n',
  )
  expect(withBlocks(once, { a: '| 1 |', b: '| 2 |' })).toBe(once)
})

test('a table without a place, and a place without a table, are refused', () => {
  expect(() => withBlocks('Text.', { a: '| 1 |' })).toThrow(
    'no place for a: it needs <!-- measured:a --> … <!-- end -->',
  )
  expect(() => withBlocks('<!-- measured:b -->\n<!-- end -->', {})).toThrow('nothing is measured for the place b')
})
