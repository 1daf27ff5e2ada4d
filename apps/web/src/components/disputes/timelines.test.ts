/** A case about a withheld file shows who was asked for it and what came, not empty lines. */
import type { DisputeCase, FileTryView } from '@isochrone/services'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { Timelines } from './timelines.tsx'

const hash = `0x${'ab'.repeat(32)}`
const asked: FileTryView = {
  atMs: Date.UTC(2026, 10, 22),
  step: 'filed',
  source: 'http://gateway.example',
  by: 'lane',
  httpStatus: null,
  bytes: null,
  fileHash: null,
  isTheFile: false,
  said: 'http://gateway.example does not answer.',
}

function shown(fileTries: FileTryView[]): string {
  const dispute = { dispute: { kind: 'withheld' }, fileTries } as unknown as DisputeCase
  return renderToStaticMarkup(createElement(Timelines, { dispute }))
}

test('each try stands under whose address it was, with its status, and its hash where a file came', () => {
  const node = { ...asked, by: 'node' as const, source: 'http://node.example', httpStatus: 200, said: null }
  const page = shown([asked, { ...node, bytes: 4_096, fileHash: hash, isTheFile: true }])
  const [, agents = '', gateways = ''] = page.split('<h3')
  expect(agents).toContain('http://node.example, while answer was open: HTTP 200.')
  expect(agents).toContain('the anchored file')
  expect(agents).toContain(hash)
  expect(gateways).toContain('The lane, while answer was open: no answer.')
  expect(gateways).toContain('does not answer')
})

test('before the first try it says that the worker asks', () => {
  expect(shown([])).toContain('No gateway was asked yet: the worker asks in each step of the dispute.')
})
