/** What became of an attempt. */
import type { StreamEnd, StreamPrompt } from '@isochrone/protocol'
import type { AttemptSeen, CompletedAttempt } from '../../ports.ts'
import type { AttemptOutcome, StoppedBy } from './judge-attempt.ts'
import type { Target } from '../target.ts'
import type { AttemptLimits } from '../limits/attempt-limits.ts'

export interface AttemptResult {
  seen: AttemptSeen
  target: Target
  outcome: AttemptOutcome
  /** Why this gateway stopped it; null where it ended by itself. */
  stoppedBy: StoppedBy | null
  /** By which it ran. */
  limits: AttemptLimits
  /** The node told it to go elsewhere, because of so many prompt tokens that wait there; null where it did not, or may not. */
  declinedBehind: number | null
  /** What its node was told of its prompt. */
  prompt: StreamPrompt
  /** The request itself is at fault: no other node would take it. */
  invalidRequest: boolean
  /** For people; from the node. */
  message: string | null
  /** Why it did not open a sealed request, and what its engine said to one, for the client alone. */
  sealed?: Pick<StreamEnd, 'code' | 'sealed'>
  /** Chunks have left for the customer. */
  begun: boolean
}

export interface AttemptRecord {
  result: AttemptResult
  completed: CompletedAttempt
}
