import { expect, test } from 'vitest'
import { epochTransitions } from './epoch.ts'
import { recordTransitions, statusesBefore } from './record.ts'

/** Money: what is final or invalid on the chain decides about payment and never changes but by a reorganisation. */
test('final and invalid records absorb everything but a reorganisation', () => {
  expect(recordTransitions.final).toEqual({ reorganise: 'signed' })
  expect(recordTransitions.invalid).toEqual({ reorganise: 'signed' })
  expect(statusesBefore('final')).toEqual(['signed', 'reported', 'challenged'])
  expect(statusesBefore('signed')).toEqual(['reported', 'challenged', 'final', 'invalid'])
})

test('an epoch goes forward by what the chain has, and back only where the chain took it back', () => {
  expect(epochTransitions.settled).toEqual({ reorganise: 'closed', reopen: 'claimed' })
  expect(Object.values(epochTransitions).filter((events) => 'settle' in events)).toHaveLength(1)
})
