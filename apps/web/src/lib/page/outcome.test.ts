/** Nobody is offered to do a thing anew while it may have been done. */
import type { ErrorCode } from '@isochrone/domain'
import { expect, test } from 'vitest'
import { isOutcomeUnknown, withAgain } from './outcome.ts'

const refusal = (code: ErrorCode, requestId: string | null = 'req_1') =>
  ({ ok: false, error: { code, owner: 'client', message: 'No.', field: null, requestId } }) as const

test('without an answer, and after one of a server that broke off, nobody knows', () => {
  for (const before of [false, true]) {
    expect(isOutcomeUnknown(before, refusal('internal', null))).toBe(true)
    expect(isOutcomeUnknown(before, refusal('internal'))).toBe(true)
    expect(isOutcomeUnknown(before, refusal('busy'))).toBe(true)
  }
})

test('what is done is known, and so is what was refused after a look at what there is', () => {
  expect(isOutcomeUnknown(true, { ok: true, data: null })).toBe(false)
  for (const code of ['state_conflict', 'capacity_unavailable', 'insufficient_balance', 'not_found'] as const) {
    expect(isOutcomeUnknown(true, refusal(code))).toBe(false)
  }
})

test('who is asked to sign in again, or to wait, learns nothing of an earlier request', () => {
  for (const code of ['unauthenticated', 'forbidden', 'rate_limited', 'invalid_input'] as const) {
    expect(isOutcomeUnknown(true, refusal(code))).toBe(true)
    expect(isOutcomeUnknown(false, refusal(code))).toBe(false)
  }
})

test('an open outcome says what comes of pressing again, instead of that nothing may have happened', () => {
  const lost = withAgain(refusal('internal', null).error, 'it is paid once')
  expect(lost.message).toBe('The server did not answer. Check your connection. Press again: it is paid once.')
  expect(withAgain(refusal('busy').error, 'it is paid once').message).toBe('No. Press again: it is paid once.')
})
