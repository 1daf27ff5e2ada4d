/** A batch: many requests in a file, answered in slack. It ends once, and only after each of its lines has one answer. */
import type { StateTable } from '../state-machine.ts'

export type BatchStatus =
  | 'validating'
  | 'in_progress'
  | 'finalizing'
  | 'completed'
  | 'failed'
  | 'expired'
  | 'cancelling'
  | 'cancelled'

export type BatchEvent =
  /** Its lines were read and none was at fault. */
  | 'accept'
  /** A line is at fault: nothing was run. */
  | 'refuse'
  | 'cancel'
  /** None of its lines is under way any more: its files are written. */
  | 'gather'
  | 'complete'
  | 'expire'
  | 'end'

export const batchTransitions: StateTable<BatchStatus, BatchEvent> = {
  validating: { accept: 'in_progress', refuse: 'failed', cancel: 'cancelling' },
  in_progress: { cancel: 'cancelling', gather: 'finalizing' },
  cancelling: { gather: 'finalizing' },
  finalizing: { complete: 'completed', expire: 'expired', end: 'cancelled' },
  completed: {},
  failed: {},
  expired: {},
  cancelled: {},
}

export const isBatchOver = (status: BatchStatus): boolean => Object.keys(batchTransitions[status]).length === 0
