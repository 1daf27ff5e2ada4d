/** A page claims no more than its checks found. */
import { expect, test } from 'vitest'
import { invalid, unverifiable, valid } from '../page/browser-check.ts'
import { checksHeadline, notRun } from './checks-headline.ts'

const [held, open, failed] = [valid('a', ''), unverifiable('b', ''), invalid('c', '')]

test('only a list that holds in full is called verified', () => {
  expect(checksHeadline('receipt', [held, held])).toMatch(/^Verified in your browser/)
  expect(checksHeadline('receipt', [held, open, held])).toMatch(
    /^Partly verified in your browser: 2 of 3 checks hold, the others could not be made/,
  )
  expect(checksHeadline('receipt', [open, open])).toMatch(/^Nothing could be checked/)
  expect(checksHeadline('epoch', [held, open, failed])).toBe('This epoch does not hold: see the check that failed.')
})

test('checks that could not run say so, and end', () => {
  const checks = notRun(new Error('Failed to fetch dynamically imported module\nat x'))
  expect(checks).toMatchObject([
    { verdict: 'unverifiable', detail: expect.stringContaining('Failed to fetch') as string },
  ])
  expect(checks[0]?.detail).not.toContain('at x')
  expect(checksHeadline('receipt', checks)).toMatch(/^Nothing could be checked/)
  expect(checksHeadline('receipt', null)).toMatch(/^Checking/)
})
