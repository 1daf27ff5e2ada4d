import { expect, test } from 'vitest'
import { transition } from '../state-machine.ts'
import { listingTransitions } from './listing.ts'
import { verificationAfter, verificationTransitions } from './verification.ts'

/** A cheat does not get its standing back by keeping the witnesses from measuring. */
test('a failed node stays failed until its checks pass', () => {
  expect(transition(verificationTransitions, 'failed', 'doubt')).toBe('failed')
  expect(transition(verificationTransitions, 'failed', 'pass')).toBe('verified')
})

test('one invalid verdict outweighs any number of valid ones, and no verdict is no proof', () => {
  expect(verificationAfter(['valid', 'invalid', 'unverifiable'])).toBe('fail')
  expect(verificationAfter(['valid', 'unverifiable'])).toBe('doubt')
  expect(verificationAfter(['valid', 'valid'])).toBe('pass')
  expect(verificationAfter([])).toBe('doubt')
})

/** Money follows the terms: what is on the market is changed by other terms, never in place. */
test('a listing that is live only leaves the market, and one that has left absorbs everything', () => {
  expect(listingTransitions.live).toEqual({ retire: 'retired' })
  expect(listingTransitions.retired).toEqual({})
  expect(listingTransitions.withdrawn).toEqual({})
  expect(() => transition(listingTransitions, 'draft', 'submit')).toThrow('Cannot submit what is already draft')
})
