/**
 * A node's performance record: signed by its lane, put on the chain, open to challenge, then final or invalid. The chain
 * says which; a reorganisation takes a record back to what was signed. An invalid one is replaced by the next version.
 */
import type { StateTable } from '../state-machine.ts'

export type RecordStatus = 'signed' | 'reported' | 'challenged' | 'final' | 'invalid'
export type RecordEvent = 'report' | 'challenge' | 'dismiss' | 'finalise' | 'invalidate' | 'reorganise'

export const recordTransitions: StateTable<RecordStatus, RecordEvent> = {
  signed: { report: 'reported', challenge: 'challenged', finalise: 'final', invalidate: 'invalid' },
  reported: { challenge: 'challenged', finalise: 'final', invalidate: 'invalid', reorganise: 'signed' },
  challenged: { dismiss: 'reported', finalise: 'final', invalidate: 'invalid', reorganise: 'signed' },
  final: { reorganise: 'signed' },
  invalid: { reorganise: 'signed' },
}

/** The statuses from which the chain may take a record to `to` at once: steps between two looks are not seen. */
export function statusesBefore(to: RecordStatus): RecordStatus[] {
  const statuses = Object.keys(recordTransitions) as RecordStatus[]
  return statuses.filter((from) => Object.values(recordTransitions[from]).includes(to))
}
