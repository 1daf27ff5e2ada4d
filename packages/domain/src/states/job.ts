/** A queued inference job. `running` may go back to `queued` when its node fails: delivery is at least once. */
import type { StateTable } from '../state-machine.ts'

export type JobStatus = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled'
export type JobEvent = 'start' | 'requeue' | 'succeed' | 'fail' | 'cancel'

export const jobTransitions: StateTable<JobStatus, JobEvent> = {
  queued: { start: 'running', cancel: 'cancelled', fail: 'failed' },
  running: { start: 'running', requeue: 'queued', succeed: 'succeeded', fail: 'failed', cancel: 'cancelled' },
  succeeded: {},
  failed: {},
  cancelled: {},
}
