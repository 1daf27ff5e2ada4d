/**
 * A dispute on its way through the contract, and which step each state leaves open. The chain alone moves it; this table
 * is what pages show and what services refuse early. Terminal states absorb.
 */
import type { StateTable } from '../state-machine.ts'

/** What it is about: a receipt's price, its delivery or its answer; or an epoch's file. */
export type DisputeKind = 'overcharge' | 'not_delivered' | 'wrong_output' | 'withheld'

export type DisputeState =
  | 'filed'
  | 'answered'
  | 'drawn'
  | 'ruled'
  | 'appealed'
  | 'appeal_drawn'
  | 'appeal_ruled'
  | 'executed'
  | 'dismissed'
  | 'lapsed'
/** `close` ends it without a refund by ruling, `execute` with one, `lapse` where nobody ruled in time. */
export type DisputeStep = 'respond' | 'draw' | 'rule' | 'appeal' | 'execute' | 'close' | 'lapse'

const closing = { execute: 'executed', close: 'dismissed' } as const

export const disputeTransitions: StateTable<DisputeState, DisputeStep> = {
  filed: { respond: 'answered', lapse: 'lapsed' },
  answered: { respond: 'answered', draw: 'drawn', lapse: 'lapsed' },
  drawn: { respond: 'drawn', rule: 'ruled', lapse: 'lapsed' },
  ruled: { appeal: 'appealed', ...closing },
  appealed: { draw: 'appeal_drawn', ...closing },
  appeal_drawn: { rule: 'appeal_ruled', ...closing },
  appeal_ruled: closing,
  executed: {},
  dismissed: {},
  lapsed: {},
}

export const disputeStates = Object.keys(disputeTransitions) as DisputeState[]
/** States in which something can still happen. */
export const openDisputeStates = disputeStates.filter((state) => Object.keys(disputeTransitions[state]).length > 0)

/** Whether this step can be taken in that state, deadlines apart. */
export function allowsStep(state: DisputeState, step: DisputeStep): boolean {
  return disputeTransitions[state][step] !== undefined
}
