/**
 * A request from admission to its receipts: place, reserve, attempt until the answer is whole, make it durable.
 *
 * Whoever got a token or a 200 has a billed receipt for each node that made it, each delivered token in one of them and
 * the prompt in one; failed attempts add receipts of price 0. It returns only after the outcome is durable, so the caller
 * may send the last chunk.
 */
import type { AppError, Clock } from '@isochrone/domain'
import { fairCostOf, type HedgeBudget, type PlacementRequest } from '@isochrone/scheduler'
import type { Logger } from '@isochrone/runtime'
import type { Budget } from '../budget/budget.ts'
import type { KeyBudgets } from '../budget/key-budgets.ts'
import type { CompletedAttempt, Lane } from '../ports.ts'
import { attemptAll, type Attempts, type Continuation } from './attempt-all.ts'
import { mayContinue } from './can-continue.ts'
import { followAnswer, type FollowedAnswer } from './followed-answer.ts'
import type { Hedging } from './hedging.ts'
import type { Measurements } from './node-measurements.ts'
import { placeFirst } from './place-first.ts'
import type { Placed, Placer } from './place-request.ts'
import { placementRequestOf } from './placement-request.ts'
import { cancelled } from './pool-outcome.ts'
import type { AnswerSink, RequestContext, Target } from './request-context.ts'
import { reserveMoney } from './reserve-money.ts'
import { reservePriceMicroUsd } from './reserve-price.ts'
import type { AttemptLimits } from './watch-attempt.ts'
import { inStep } from '../tracing/in-step.ts'
import { settle } from './settle-request.ts'
import type { Stopping } from './stopping.ts'
import type { Recounter } from '../recount/create-recounter.ts'
import type { WaitingRoom } from './waiting-room.ts'

export interface ServeDeps {
  lane: Lane
  budget: Budget
  keyBudgets: KeyBudgets
  placer: Placer
  room: WaitingRoom
  measurements: Measurements
  limits: AttemptLimits
  logger: Logger
  /** How long an interactive request waits for a place, ms. Default 10 s: a burst is served late before never. */
  patienceMs?: number
  /** How long an answer that broke off waits for a node to go on with it, and how often its customer hears so, ms. Default 30 s, 5 s. */
  goingOn?: { patienceMs: number; keepAliveMs: number }
  /** First attempt number that was never used for this request: a job that is dispatched again must not reuse one. */
  nextAttempt(ctx: RequestContext): number
  clock: Clock
  stopping: Stopping
  /** Nodes that may decline one request because of the prompts that wait there. Default 2. */
  declinesMax?: number
  hedging: Hedging
  /** Earns with each request; what is spent of it is spent by the looks at streams. */
  moves?: Pick<HedgeBudget, 'earn'>
  /** Counts answers again with the model's own tokenizer, where the operator has it. */
  recounter?: Recounter | null
  /** What metrics count. */
  events?: FlowEvents
}

export interface FlowEvents {
  /** An answer that broke off is sent on elsewhere. */
  continued(): void
  /** A silent attempt has got a rival. */
  hedged(): void
  /** A node went without an attempt because of the prompts that wait there. */
  declined(): void
  /** A stream goes on at a faster node. */
  moved(): void
}

/** What an answer came to, over the attempts that made it. */
export type Usage = Pick<CompletedAttempt, 'tokensIn' | 'tokensCached' | 'tokensOut' | 'priceMicroUsd'>

/** The answer as its customer sees it, and whether it went wrong after its first token. */
export interface Served {
  /** The node that served it; of a continued answer the last one. */
  target: Target
  completed: Usage
  placement: unknown
  /** Null when the answer is whole. Else the stream must end with this error. */
  brokenBy: AppError | null
  /** Dispatch → first token of the attempt that began the answer, null where none came. */
  ttftMs: number | null
  /** Dispatch of the attempt that began the answer → end of the one that ended it. */
  durationMs: number
  /** When the first token came, ms since the epoch. */
  firstTokenAtMs: number
  continuations: readonly Continuation[]
}

/** One request that has its place and its money. */
export interface Serving {
  ctx: RequestContext
  asked: PlacementRequest
  answer: FollowedAnswer
  placed: Placed
  reservedMicroUsd: bigint
}

/** What the answer of a queued job is, given its usage; journalled with the outcome. */
export type AnswerOf = (served: Served) => unknown

/**
 * Serves one request into `sink`. Resolves when the outcome is durable. Throws an `AppError` when nothing was handed on;
 * what was attempted is durable then too.
 */
export async function serveRequest(
  deps: ServeDeps,
  ctx: RequestContext,
  sink: AnswerSink,
  answerOf?: AnswerOf,
): Promise<Served> {
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
      charge(deps, { ctx, asked }, settled.served?.completed ?? null)
      if (BigInt(settled.entry.request.priceMicroUsd) > 0n) ctx.billed?.()
      await inStep(ctx, 'settle', () => deps.lane.finishRequest(settled.entry))
      if (recounts && !ctx.request.sealed) recount(deps, ctx, attempts, answer)
      if (settled.served === null) throw settled.failure
      if (settled.failure && !(answer.streams && answer.begun)) throw settled.failure
      return settled.served
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
