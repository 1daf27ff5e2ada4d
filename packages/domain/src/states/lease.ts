/** A lease of GPUs: from the moment they are taken until they and what is left of the money are given back. */
import type { StateTable } from '../state-machine.ts'

export type LeaseStatus =
  | 'requested'
  | 'provisioning'
  | 'running'
  | 'moving'
  | 'stopping'
  | 'stopped'
  | 'expired'
  | 'failed'

export type LeaseEvent =
  /** Its worst case is held in the channel's budget. */
  | 'hold'
  /** Its engine runs, and the meter with it. */
  | 'serve'
  /** Its node is gone, or would not start the engine. */
  | 'lose'
  /** Another node has taken it. */
  | 'place'
  /** Its organisation wants no more of it, or its time is up. */
  | 'stop'
  | 'end'
  | 'expire'
  | 'fail'

export const leaseTransitions: StateTable<LeaseStatus, LeaseEvent> = {
  requested: { hold: 'provisioning', stop: 'stopping', fail: 'failed' },
  provisioning: { serve: 'running', lose: 'moving', stop: 'stopping', fail: 'failed' },
  running: { lose: 'moving', stop: 'stopping', fail: 'failed' },
  moving: { place: 'provisioning', stop: 'stopping', fail: 'failed' },
  stopping: { end: 'stopped', expire: 'expired', fail: 'failed' },
  stopped: {},
  expired: {},
  failed: {},
}

/** Nothing leads out of it. */
export const leaseOver = (status: LeaseStatus): boolean => Object.keys(leaseTransitions[status]).length === 0
