/**
 * A request from admission to its receipts: place, reserve, attempt until the answer is whole, make it durable.
 *
 * Whoever got a token or a 200 has a billed receipt for each node that made it, each delivered token in one of them and
 * the prompt in one; failed attempts add receipts of price 0. It returns only after the outcome is durable, so the caller
 * may send the last chunk.
 */
import { fairCostOf } from '@isochrone/scheduler'
import { attemptAll, type Attempts } from './attempts/attempt-all.ts'
import { mayContinue } from './attempts/can-continue.ts'
import { followAnswer, type FollowedAnswer } from './answer/followed-answer.ts'
import { placeFirst } from './place-first.ts'
import { placementRequestOf } from './placement/placement-request.ts'
import { cancelled } from './attempts/pool-outcome.ts'
import type { RequestContext } from './request-context.ts'
import { reserveMoney } from './reserve-money.ts'
import { reservePriceMicroUsd } from './limits/reserve-price.ts'
import { inStep } from '../tracing/in-step.ts'
import { settle } from './settle-request.ts'
import type { AnswerSink } from './answer/answer-sink.ts'
import type { ServeDeps, Usage, Served, Serving, AnswerOf } from './serving.ts'

/**
 * Serves one request into `sink`. Resolves with what `readyOf` makes of it while the disk works, when the outcome is durable.
 * Throws an `AppError` when nothing was handed on; what was attempted is durable then too.
 */
export async function serveRequest<Ready>(
  deps: ServeDeps,
  ctx: RequestContext,
  sink: AnswerSink,
  readyOf: (served: Served) => Ready,
  answerOf?: AnswerOf,
): Promise<Ready> {
  const asked = placementRequestOf(ctx, deps.measurements)
  const placed = await inStep(ctx, 'placement', () => placeFirst(deps, ctx, asked, sink.signal))
  try {
    const reservedMicroUsd = ctx.lease
      ? 0n
      : reservePriceMicroUsd(ctx.request, deps.placer.priceLists(ctx.request.model))
    const reservation = ctx.lease
      ? null
      : await reserveMoney(deps, ctx, reservedMicroUsd).catch((error: unknown) => {
          // What cannot be paid for is not served: the turn that it took is given back.
          charge(deps, { ctx, asked }, null)
          throw error
        })
    try {
      const kind = ctx.request.path === '/v1/chat/completions' ? 'chat' : 'completion'
      const recounts = !ctx.lease && deps.recounter?.covers(placed.target.modelHash) === true
      const answer = followAnswer(sink, kind, recounts || mayContinue(ctx))
      const attempts = await attemptAll(deps, { ctx, asked, answer, placed, reservedMicroUsd })
      const settled = settle(ctx, answer, attempts, answerOf)
      if (BigInt(settled.entry.request.priceMicroUsd) > 0n) ctx.billed?.()
      const durable = inStep(ctx, 'settle', () => deps.lane.finishRequest(settled.entry))
      try {
        charge(deps, { ctx, asked }, settled.served?.completed ?? null)
        if (settled.served === null) throw settled.failure
        if (settled.failure && !(answer.streams && answer.begun)) throw settled.failure
        return readyOf(settled.served)
      } finally {
        await durable
        if (recounts && !ctx.request.sealed) recount(deps, ctx, attempts, answer)
      }
    } finally {
      reservation?.release()
    }
  } finally {
    // What was opened by the decision and never attempted leaves its place.
    placed.ticket.closed(cancelled(asked))
  }
}

/** An answer that went on elsewhere has no text of one node's own. */
function recount({ recounter }: ServeDeps, ctx: RequestContext, attempts: Attempts, answer: FollowedAnswer): void {
  const { leg, failure } = attempts
  const [only] = leg
  if (!only || leg.length > 1 || failure !== null || only.result.outcome !== 'completed') return
  recounter?.offer(ctx, only, answer.delivered.text())
}

/** Corrects what the organisation was charged at its placement by what it got: its next turn comes by that. */
function charge({ room }: ServeDeps, { ctx, asked }: Pick<Serving, 'ctx' | 'asked'>, usage: Usage | null): void {
  if (ctx.pinned) return
  const estimated = fairCostOf(asked.tokensIn, asked.tokensOutExpected)
  const tokensIn = usage ? usage.tokensIn + usage.tokensCached : 0
  const tokensOut = usage?.tokensOut ?? 0
  room.charge(ctx.request.model, ctx.organisation.orgId, { tokensIn, tokensOut }, estimated)
}
