/** What an attempt shows the pool: its estimators, breakers and learned caps. */
import type { AttemptOutcome as PoolOutcome, PlacementRequest } from '@isochrone/scheduler'
import type { CompletedAttempt } from '../../ports.ts'
import type { AttemptResult } from './attempt-record.ts'

/** An attempt that never came to anything: it teaches nothing. */
export function cancelled({ tokensIn }: PlacementRequest): PoolOutcome {
  return {
    kind: 'cancelled',
    tokensIn,
    tokensCached: 0,
    tokensOut: 0,
    concurrency: 1,
    contextTokens: 0,
    engineTtftMs: null,
    tpotMs: null,
  }
}

/** Only what the node answers for counts as its failure; what a customer stopped or got wrong teaches nothing. */
const kinds: Record<AttemptResult['outcome'], PoolOutcome['kind']> = {
  completed: 'finished',
  provider_failed: 'failed',
  provider_timeout: 'failed',
  rejected: 'refused',
  client_aborted: 'cancelled',
  gateway_failed: 'cancelled',
  discarded: 'cancelled',
  // A stream that was moved away ran like any other until then.
  moved: 'finished',
}

/** `tokensBefore`: of an answer that it went on with, which it prefilled beside the prompt. */
export function outcomeOf(
  { outcome, declinedBehind, invalidRequest, target, seen }: AttemptResult,
  { tokensIn, tokensCached, tokensOut }: CompletedAttempt,
  streamsBefore: number,
  tokensBefore = 0,
): PoolOutcome {
  const { attemptTtftMs, durationMs } = seen
  return {
    kind: invalidRequest || declinedBehind !== null ? 'cancelled' : kinds[outcome],
    tokensIn: tokensIn + tokensCached + tokensBefore,
    tokensCached,
    tokensOut,
    concurrency: Math.min(target.session.concurrencyMax, streamsBefore + 1),
    contextTokens: target.session.reported?.contextTokens ?? 0,
    engineTtftMs: attemptTtftMs === null ? null : Math.max(0, attemptTtftMs - target.rttMs),
    tpotMs: attemptTtftMs === null || tokensOut < 2 ? null : (durationMs - attemptTtftMs) / (tokensOut - 1),
  }
}
