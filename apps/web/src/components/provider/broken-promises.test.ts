import type { BrokenPromiseView } from '@isochrone/services'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { BrokenPromises } from './broken-promises.tsx'

const hash = (digit: string): string => `0x${digit.repeat(64)}`
const broken = {
  node: { name: 'ada-2' },
  nodeId: hash('2'),
  lane: hash('1'),
  epoch: 7,
  channelId: hash('4'),
  promises: ['availability', 'ttft'],
  samples: 55,
  ttftOver: 41,
  creditMicroUsd: 1_500n,
  countedTx: hash('e'),
} as unknown as BrokenPromiseView

/** Whoever pays a penalty learns by which record, and where a wrong one is contested. */
test('a broken promise names its record, what was missed and what it cost, and leads to what can be contested', () => {
  const shown = renderToStaticMarkup(createElement(BrokenPromises, { broken: [broken] }))
  expect(shown).toContain(`href="/epochs/${hash('1')}/7/records/${hash('2')}"`)
  for (const words of ['ada-2', 'availability, TTFT', '41 of 55', '$0.0015', 'Records that can be contested now']) {
    expect(shown).toContain(words)
  }
})

test('who broke none is told nothing', () => {
  expect(renderToStaticMarkup(createElement(BrokenPromises, { broken: [] }))).toBe('')
})
