import { expect, test } from 'vitest'
import { safeNext } from './safe-next.ts'

test('signing in never leads to another host', () => {
  for (const evil of [
    '//evil.example',
    'https://evil.example',
    '/\\evil.example',
    'javascript:alert(1)',
    '',
    undefined,
  ]) {
    expect(safeNext(evil)).toBe('/dashboard')
  }
  expect(safeNext('/requests/req_1?x=1')).toBe('/requests/req_1?x=1')
})
