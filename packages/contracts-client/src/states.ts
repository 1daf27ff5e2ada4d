/** The states and kinds that contracts give as numbers, in the order of their Solidity enums. Free of Node. */

/** `ISlaLedger.Status`. */
export const recordStatuses = ['none', 'reported', 'challenged', 'final', 'invalid'] as const
export type RecordStatus = (typeof recordStatuses)[number]

/** `IDisputeManager.Kind`; `DisputeKind` of `domain` are the same. */
export const disputeKinds = ['overcharge', 'not_delivered', 'wrong_output', 'withheld'] as const

/** `IDisputeManager.State`. */
export const disputeStates = [
  'none',
  'filed',
  'answered',
  'drawn',
  'ruled',
  'appealed',
  'appeal_drawn',
  'appeal_ruled',
  'executed',
  'dismissed',
  'lapsed',
] as const
export type DisputeState = (typeof disputeStates)[number]

/** States that a dispute never leaves. */
export const closedDisputeStates: readonly DisputeState[] = ['executed', 'dismissed', 'lapsed']
