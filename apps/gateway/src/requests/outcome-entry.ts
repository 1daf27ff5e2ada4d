/**
 * The outcome of a request as one journal entry: what happened, its attempts, its receipts and, for a job, its answer.
 * Pure: everything that became true together is durable together.
 */
import type { AppError } from '@isochrone/domain'
import type { RequestFinishedEntry } from '@isochrone/protocol'
import { packPlacement } from '@isochrone/scheduler'
import type { RequestContext } from './request-context.ts'
import type { AttemptResult, AttemptRecord } from './attempts/attempt-record.ts'
import type { Served } from './serving.ts'

export interface OutcomeInput {
  ctx: RequestContext
  records: readonly AttemptRecord[]
  /** The answer that the customer saw, null when none. */
  served: Served | null
  error: AppError | null
  placement: unknown
  answer: unknown
}

export function outcomeEntry(input: OutcomeInput): Omit<RequestFinishedEntry, 'type' | 'lane'> {
  const { ctx, records, served, error, placement, answer } = input
  const finishedAtMs = Date.now()
  const last = records.at(-1)
  const aborted = last?.result.outcome === 'client_aborted' || error?.details.outcome === 'client_aborted'
  const usage = served?.completed
  const tokensOut = usage?.tokensOut ?? 0
  const ttftMs = served && served.ttftMs !== null ? served.firstTokenAtMs - ctx.receivedAtMs : null
  const durationMs = finishedAtMs - ctx.receivedAtMs
  return {
    request: {
      requestId: ctx.requestId,
      orgId: ctx.organisation.orgId,
      keyId: ctx.keyId,
      jobId: ctx.jobId,
      channelId: ctx.channelId,
      path: ctx.request.path,
      model: ctx.request.model,
      stream: ctx.request.stream,
      status: error === null ? 'succeeded' : aborted ? 'aborted' : 'failed',
      httpStatus: error === null ? 200 : aborted && error.code === 'invalid_input' ? 499 : error.httpStatus,
      errorCode: error?.code ?? null,
      errorMessage: error?.publicMessage ?? null,
      receivedAtMs: ctx.receivedAtMs,
      finishedAtMs,
      ttftMs,
      tpotMs: ttftMs !== null && tokensOut > 1 ? Math.max(0, durationMs - ttftMs) / (tokensOut - 1) : null,
      tokensIn: usage?.tokensIn ?? 0,
      tokensCached: usage?.tokensCached ?? 0,
      tokensOut,
      priceMicroUsd: records.reduce((sum, { completed }) => sum + completed.priceMicroUsd, 0n).toString(),
      attempts: records.map(({ result }) => ({
        attempt: result.seen.intent.attempt,
        nodeId: result.seen.intent.nodeId,
        outcome: result.outcome,
        ttftMs: result.seen.attemptTtftMs,
        durationMs: result.seen.durationMs,
        message: result.message,
        ...declinedOf(result),
      })),
      placement: packPlacement(placement),
    },
    receipts: records.map(({ completed }) => completed.pair),
    ...(answer !== undefined && { answer }),
  }
}

function declinedOf({ declinedBehind, prompt }: AttemptResult): {
  declined?: { promptsAhead: number; aheadMax: number }
} {
  if (declinedBehind === null) return {}
  return { declined: { promptsAhead: declinedBehind, aheadMax: prompt.aheadMax ?? 0 } }
}
