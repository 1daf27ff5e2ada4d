/** Who ended an attempt, and who answers for it. Pure. Only `provider` may count against a provider. */
import { fault, type Fault, type StreamEnd, type StreamPrompt } from '@isochrone/protocol'
import type { AttemptEnd } from '../../ports.ts'

export type AttemptOutcome =
  | 'completed'
  | 'client_aborted'
  | 'provider_failed'
  | 'provider_timeout'
  | 'gateway_failed'
  | 'rejected'
  | 'discarded'
  | 'moved'

/**
 * Why this gateway stopped an attempt: `deadline` is the client's own, `limit` the longest that one may take, `try` the longest of
 * one try of queued work, `held_up` that its customer read too slowly, `size` that a whole answer repeats a prompt and becomes too
 * large, `gateway` that this process stops, `rival` that another attempt has begun the answer, `moved` that it goes on at a faster
 * node.
 */
export type StoppedBy =
  | 'silence'
  | 'client'
  | 'flood'
  | 'deadline'
  | 'limit'
  | 'try'
  | 'held_up'
  | 'size'
  | 'gateway'
  | 'rival'
  | 'moved'

export interface Verdict {
  outcome: AttemptOutcome
  blame: Fault
  httpStatus: number
}

const stopped: Readonly<Record<StoppedBy, Verdict>> = {
  silence: { outcome: 'provider_timeout', blame: fault.provider, httpStatus: 504 },
  client: { outcome: 'client_aborted', blame: fault.client, httpStatus: 499 },
  flood: { outcome: 'provider_failed', blame: fault.provider, httpStatus: 502 },
  deadline: { outcome: 'client_aborted', blame: fault.client, httpStatus: 504 },
  // The node did what was asked, and it is paid: the customer asked for more than fits, or did not take it.
  limit: { outcome: 'client_aborted', blame: fault.client, httpStatus: 504 },
  held_up: { outcome: 'client_aborted', blame: fault.client, httpStatus: 504 },
  size: { outcome: 'client_aborted', blame: fault.client, httpStatus: 413 },
  // The platform's own limit, and another try follows: nobody pays for this one, and no node failed.
  try: { outcome: 'gateway_failed', blame: fault.gateway, httpStatus: 504 },
  gateway: { outcome: 'gateway_failed', blame: fault.gateway, httpStatus: 503 },
  // It may have been a moment too late: that is no fault, and no sample of what it promised either.
  rival: { outcome: 'discarded', blame: fault.gateway, httpStatus: 499 },
  // It was slow and it served: that is no fault. Its tokens are paid for.
  moved: { outcome: 'moved', blame: fault.gateway, httpStatus: 200 },
}

const ended: Readonly<Record<StreamEnd['status'] | 'link_lost', Verdict>> = {
  completed: { outcome: 'completed', blame: fault.none, httpStatus: 200 },
  rejected: { outcome: 'rejected', blame: fault.capacity, httpStatus: 503 },
  invalid_request: { outcome: 'rejected', blame: fault.client, httpStatus: 400 },
  aborted: { outcome: 'provider_failed', blame: fault.provider, httpStatus: 502 },
  engine_failed: { outcome: 'provider_failed', blame: fault.provider, httpStatus: 502 },
  link_lost: { outcome: 'provider_failed', blame: fault.provider, httpStatus: 502 },
}

/**
 * A node declines when an attempt arrives: so long after it was sent, and the round trip twice, it had it waiting for something
 * better to come, or was too busy to look. Either way it was no help.
 */
const DECLINE_MS_MAX = 500

/** What is known of an attempt that a node ended as `rejected`. */
export interface DeclineInput {
  prompt: StreamPrompt
  /** From its dispatch to its end. */
  durationMs: number
  rttMs: number
  /** Something of an answer came. */
  begun: boolean
  /** Prompt tokens that wait there, as the node last said. */
  reportedTokens: number | undefined
}

/**
 * Prompt tokens before which the node declined the attempt, because fewer may wait: no fault, and its report has said it. Null: one
 * that was given no bound, whose own report says otherwise, that had begun, or that is late has refused it like any other.
 */
export function declinedBehind(end: AttemptEnd, input: DeclineInput): number | null {
  const { prompt, durationMs, rttMs, begun, reportedTokens = 0 } = input
  if (prompt.aheadMax === undefined || end.kind !== 'ended' || end.end.status !== 'rejected') return null
  if (begun || durationMs > DECLINE_MS_MAX + 2 * rttMs) return null
  const { promptsAhead = 0 } = end.end
  return promptsAhead > prompt.aheadMax && reportedTokens > prompt.aheadMax ? promptsAhead : null
}

export function judge(end: AttemptEnd, stoppedBy: StoppedBy | null): Verdict {
  return stoppedBy === null ? ended[end.kind === 'ended' ? end.end.status : 'link_lost'] : stopped[stoppedBy]
}
