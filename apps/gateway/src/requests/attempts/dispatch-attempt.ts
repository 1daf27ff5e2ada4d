/** One attempt from its dispatch to its bill, and what it teaches. */
import type { AnswerSoFar } from './answer-so-far.ts'
import { leftMsOf } from '../deadline.ts'
import { learn } from './learn.ts'
import type { Mover } from './move-elsewhere.ts'
import { cancelled, outcomeOf } from './pool-outcome.ts'
import type { RequestContext } from '../request-context.ts'
import { bytesOutMaxOf } from '../limits/reserve-price.ts'
import { runAttempt } from './run-attempt.ts'
import type { AttemptKind } from '../../tracing/request-trace.ts'
import type { Stopping } from '../stopping.ts'
import type { AnswerSink } from '../answer/answer-sink.ts'
import type { AttemptRecord } from './attempt-record.ts'
import type { Opening } from '../placement/placer.ts'
import type { ServeDeps, Serving } from '../serving.ts'
import type { AttemptLimits } from '../limits/attempt-limits.ts'

export interface Dispatch {
  opening: Opening
  attempt: number
  /** The decision that sent it, as it is told when the answer begins. */
  placement: () => unknown
  /** What it goes on from; null where it begins the answer. */
  soFar: AnswerSoFar | null
  /** Where its chunks go. */
  sink: AnswerSink
  /** Stops it because another attempt has begun the answer. */
  yields?: Stopping
  /** Its way to a faster node, where it has one. */
  mover?: Mover | undefined
  /** Prompt tokens that may wait before it at its node, else the node may decline it; undefined = any number. */
  prefillAheadMax?: number | undefined
  /** The second of two at once: what it did unseen is nobody's bill. */
  isHedge?: boolean
}

/** Rejects only when its intent cannot be made durable. */
export async function dispatchAttempt(
  deps: ServeDeps,
  { ctx, asked, reservedMicroUsd }: Serving,
  {
    opening: { target, ticket },
    attempt,
    placement,
    soFar,
    sink,
    yields,
    mover,
    prefillAheadMax,
    isHedge = false,
  }: Dispatch,
): Promise<AttemptRecord> {
  const span = ctx.trace?.attempt(attempt, kindOf(attempt, soFar, isHedge), target, ctx.request)
  let record: AttemptRecord | null = null
  try {
    const result = await runAttempt(deps.lane, {
      ctx,
      target,
      attempt,
      reservedMicroUsd: reservedMicroUsd - (soFar?.billedMicroUsd ?? 0n),
      bytesOutMax: bytesOutMaxOf(ctx.request),
      placement,
      sink,
      soFar,
      prompt: { tokens: ticket.promptTokens, ...(prefillAheadMax !== undefined && { aheadMax: prefillAheadMax }) },
      isHedge,
      traceparent: span?.traceparent ?? ctx.traceparent ?? null,
      limits: limitsOf(deps, ctx),
      stopping: deps.stopping,
      ...(yields && { yields }),
      mayDecline: () => ticket.mayDecline(),
      onOpened() {
        ticket.sent()
        ctx.started?.()
      },
      ...(mover && { moves: mover.stops }),
      onFirstToken() {
        const stream = ticket.firstToken()
        stream.move = mover?.moveOf(target) ?? null
        return stream
      },
    })
    if (isHedge && result.seen.tokensDelivered === 0 && result.outcome !== 'completed') result.seen.billable = false
    if (result.declinedBehind !== null) deps.events?.declined()
    const completed = deps.lane.completeAttempt(result.seen)
    record = { result, completed }
    ticket.closed(outcomeOf(result, completed, ticket.streamsBefore, soFar?.tokens))
    learn(deps.measurements, ctx, record, soFar !== null)
    return record
  } finally {
    span?.end(record)
    ticket.closed(cancelled(asked))
  }
}

function kindOf(attempt: number, soFar: AnswerSoFar | null, isHedge: boolean): AttemptKind {
  if (soFar) return 'continuation'
  return isHedge ? 'hedge' : attempt === 0 ? 'first' : 'failover'
}

/** Queued work brings the limit of one try, a lease and a client theirs. */
function limitsOf({ limits, clock }: ServeDeps, ctx: RequestContext): AttemptLimits {
  const { pinned } = ctx
  const deadlineMs = leftMsOf(ctx, clock.nowMs())
  if (!pinned && deadlineMs === null) return limits
  const totalMsMax = Math.min(limits.totalMsMax, pinned?.timeoutMs ?? limits.totalMsMax)
  return { ...limits, totalMsMax, deadlineMs, isOneTry: pinned !== null && !ctx.lease }
}
