import { expect, test } from 'vitest'
import { transition } from './state-machine.ts'
import { epochTransitions } from './states/epoch.ts'
import { jobTransitions } from './states/job.ts'

test('terminal states absorb: nothing leaves them', () => {
  for (const status of ['succeeded', 'failed', 'cancelled'] as const) {
    for (const event of ['start', 'requeue', 'succeed', 'fail', 'cancel'] as const) {
      expect(() => transition(jobTransitions, status, event)).toThrow('state_conflict')
    }
  }
  expect(() => transition(epochTransitions, 'settled', 'settle')).toThrow('already settled')
})

test('a job whose node failed goes back into the queue', () => {
  expect(transition(jobTransitions, 'running', 'requeue')).toBe('queued')
})
