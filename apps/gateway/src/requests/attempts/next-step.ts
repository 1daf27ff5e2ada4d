/** What follows an attempt: nothing, another attempt from the beginning, or one that goes on where this one broke. Pure. */
import type { AttemptSeen } from '../../ports.ts'
import type { AttemptResult } from './attempt-record.ts'

/** Attempts that may begin the answer, the first included. */
export const ATTEMPTS_MAX = 3
/** Attempts that may go on with it. */
export const CONTINUATIONS_MAX = 3

export type Step = 'over' | 'again' | 'go_on'

export interface StepInput {
  result: Pick<AttemptResult, 'outcome' | 'invalidRequest'> & { seen: Pick<AttemptSeen, 'tokensDelivered'> }
  /** Something of the answer was handed on, by this attempt or by one before it. */
  begun: boolean
  /** What was handed on cannot be taken back. */
  streams: boolean
  /** The finish reason was handed on. */
  finished: boolean
  clientGone: boolean
  /** Of attempts from the beginning, and of those that went on. */
  attempts: number
  continuations: number
  /** Whether policy, request, text and limit leave something that another node may go on with. */
  mayGoOn: () => boolean
}

/** Nobody is left who could be sent more, or who could send it. */
const over: ReadonlySet<AttemptResult['outcome']> = new Set(['completed', 'client_aborted', 'gateway_failed'])

export function stepAfter(input: StepInput): Step {
  const { outcome, invalidRequest } = input.result
  if (over.has(outcome) || input.clientGone || input.finished) return 'over'
  // A node that has begun to answer can answer: another would say as much. One that has not may only be unable to go on.
  if (invalidRequest && input.result.seen.tokensDelivered > 0) return 'over'
  if (input.begun) {
    if (input.continuations < CONTINUATIONS_MAX && input.mayGoOn()) return 'go_on'
    if (input.streams) return 'over'
  } else if (invalidRequest) return 'over'
  return input.attempts < ATTEMPTS_MAX ? 'again' : 'over'
}
