/**
 * A request from admission to its receipts: reserve, place, attempt, move on where that is unseen, make it durable.
 *
 * Whoever got a token or a 200 has exactly one billed receipt; failed attempts add receipts of price 0. It returns only
 * after the outcome is durable, so the caller may send the last chunk. Bounded: three attempts.
 */
import { toAppError, type AppError } from '@isochrone/domain'
import type { RequestFinishedEntry } from '@isochrone/protocol'
import { fairCostOf, type PlacementRequest } from '@isochrone/scheduler'
import type { Logger } from '@isochrone/runtime'
import type { Budget } from '../budget/budget.ts'
import type { CompletedAttempt, Lane } from '../ports.ts'
import { clientGone, failureOf, noNodeLeft } from './attempt-failure.ts'
import { outcomeEntry, type AttemptRecord } from './outcome-entry.ts'
import type { Measurements } from './node-measurements.ts'
import { noCapacity } from './no-capacity.ts'
import type { Opening, Placed, Placer } from './place-request.ts'
import { placementRequestOf } from './placement-request.ts'
import { cancelled, outcomeOf } from './pool-outcome.ts'
import type { AnswerSink, RequestContext, Target } from './request-context.ts'
import { organisationWishOf } from './routing-of.ts'
import { bytesOutMaxOf, reservePriceMicroUsd } from './reserve-price.ts'
import { isPlaced, type WaitingRoom } from './waiting-room.ts'
import { runAttempt, type AttemptLimits, type AttemptResult } from './run-attempt.ts'

export interface ServeDeps {
  lane: Lane
  budget: Budget
  placer: Placer
  room: WaitingRoom
  measurements: Measurements
  limits: AttemptLimits
  logger: Logger
  /** How long an interactive request waits for a place, ms. Default 10 s: a burst is served late before never. */
  patienceMs?: number
  /** First attempt number that was never used for this request: a job that is dispatched again must not reuse one. */
  nextAttempt(ctx: RequestContext): number
}

/** The attempt that counts, and whether it went wrong after its first token. */
export interface Served {
  target: Target
  completed: CompletedAttempt
  placement: unknown
  /** Null when the answer is whole. Else the stream must end with this error. */
  brokenBy: AppError | null
  /** Dispatch → first token of the attempt that served, null where none came. */
  ttftMs: number | null
  /** Dispatch → end of the attempt that served. */
  durationMs: number
  /** When the first token came, ms since the epoch. */
  firstTokenAtMs: number
}

/** Attempts of a request, the first included. */
const ATTEMPTS_MAX = 3

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
  const placed = await placeFirst(deps, ctx, asked, sink.signal)
  try {
    const reservedMicroUsd = reservePriceMicroUsd(ctx.request, deps.placer.priceLists(ctx.request.model))
    const reservation = await deps.budget.reserve(ctx.channelId, reservedMicroUsd).catch((error: unknown) => {
      // What cannot be paid for is not served: the turn that it took is given back.
      charge(deps, { ctx, asked }, null)
      throw error
    })
    try {
      return await attemptAll(deps, { ctx, asked, sink, placed, reservedMicroUsd, answerOf })
    } finally {
      reservation.release()
    }
  } finally {
    // What was opened by the decision and never attempted leaves its place.
    placed.ticket.closed(cancelled(asked))
  }
}

const PATIENCE_MS = 10_000

/** Waits while every node is busy. A refusal is on record, without receipts, so that people can ask why. */
async function placeFirst(
  deps: ServeDeps,
  ctx: RequestContext,
  asked: PlacementRequest,
  signal: AbortSignal,
): Promise<Placed> {
  if (ctx.pinned) return deps.placer.placePinned(ctx, asked)
  const { model } = ctx.request
  try {
    const { policy } = asked
    const longestMs = deps.patienceMs ?? PATIENCE_MS
    // What must come within a time is not worth waiting longer for.
    const patienceMs = policy.admission === 'slack' ? Math.min(longestMs, policy.ttftSloMs) : longestMs
    const tenant = ctx.organisation.orgId
    const outcome = await deps.room.place({ model, tenant, request: asked, patienceMs, signal })
    if (isPlaced(outcome)) return outcome
    if (outcome.roomFull) throw noCapacity(outcome, { suggestions: [], limits: [] }, null)
    const contradiction = deps.placer.contradiction(model, asked)
    throw noCapacity(outcome, deps.placer.suggest(model, asked, organisationWishOf(ctx.organisation)), contradiction)
  } catch (thrown) {
    const error = signal.aborted ? clientGone() : toAppError(thrown)
    recordRefusal(deps, ctx, error)
    throw error
  }
}

function recordRefusal({ lane, logger }: ServeDeps, ctx: RequestContext, error: AppError): void {
  const placement = error.details.record ?? null
  lane
    .finishRequest(outcomeEntry({ ctx, records: [], served: null, error, placement, answer: undefined }))
    .catch((cause: unknown) => logger.error({ err: cause, requestId: ctx.requestId }, 'a refusal was not journalled'))
}

interface Serving {
  ctx: RequestContext
  asked: PlacementRequest
  sink: AnswerSink
  placed: Placed
  reservedMicroUsd: bigint
  answerOf: AnswerOf | undefined
}

async function attemptAll(deps: ServeDeps, serving: Serving): Promise<Served> {
  const { ctx, asked, sink, placed, reservedMicroUsd, answerOf } = serving
  const first = deps.nextAttempt(ctx)
  const records: AttemptRecord[] = []
  const tried: string[] = []
  let failure: AppError | null = null
  let placement = placed.record
  for (let index = 0; index < ATTEMPTS_MAX; index++) {
    const opening = index === 0 ? placed : nextOpening(deps, serving, tried)
    if (!opening) break
    const { target, ticket } = opening
    if ('record' in opening && index > 0) placement = withEarlier(opening.record, placement)
    tried.push(target.session.nodeId)
    try {
      const result = await runAttempt(deps.lane, {
        ctx,
        target,
        attempt: first + index,
        reservedMicroUsd,
        bytesOutMax: bytesOutMaxOf(ctx.request),
        placement,
        sink,
        limits: limitsOf(deps.limits, ctx),
        onOpened: ticket.sent,
        onFirstToken: ticket.firstToken,
      })
      const completed = deps.lane.completeAttempt(result.seen)
      records.push({ result, completed })
      ticket.closed(outcomeOf(result, completed, ticket.streamsBefore))
      learn(deps.measurements, ctx, result, completed)
      failure = failureOf(result, ctx.request)
      const over = failure === null || result.begun || result.outcome === 'client_aborted' || result.invalidRequest
      if (over) charge(deps, serving, completed)
      if (over) return await finish(deps, { ctx, records, placement, failure, answerOf })
    } finally {
      ticket.closed(cancelled(asked))
    }
    sink.reset()
  }
  charge(deps, serving, null)
  const error = failure ?? noNodeLeft()
  await journal(deps, { ctx, records, served: null, error, placement, answer: undefined })
  throw error
}

/** The decision that served, with those before it: each names the nodes that were tried by it. */
function withEarlier(record: unknown, before: unknown): unknown {
  if (typeof record !== 'object' || record === null) return record
  const { earlier, ...first } = before as { earlier?: unknown[] }
  return { ...record, earlier: [...(earlier ?? []), first] }
}

/** A job brings its own total limit. */
function limitsOf(limits: AttemptLimits, { pinned }: RequestContext): AttemptLimits {
  return pinned ? { ...limits, totalMsMax: Math.min(limits.totalMsMax, pinned.timeoutMs) } : limits
}

/**
 * The next alternate that is still linked; then what a fresh decision finds, as far as the reservation covers it: a dearer
 * node may have linked since. A pinned job has no other node, and neither has who allows no fallback.
 */
function nextOpening(
  deps: ServeDeps,
  { ctx, asked, placed, reservedMicroUsd }: Serving,
  tried: readonly string[],
): Opening | Placed | undefined {
  if (ctx.pinned || !asked.policy.allowFallbacks) return undefined
  const covers = ({ node }: Pick<Target, 'node'>) => reservePriceMicroUsd(ctx.request, [node]) <= reservedMicroUsd
  for (let replica = placed.alternates.shift(); replica; replica = placed.alternates.shift()) {
    if (tried.includes(replica.session.nodeId) || !covers(replica)) continue
    const opening = deps.placer.open(replica, asked)
    if (opening) return opening
  }
  const again = deps.placer.place(ctx.request.model, { ...asked, excludeNodeIds: tried })
  if (!isPlaced(again)) return undefined
  if (covers(again.target)) return again
  again.ticket.closed(cancelled(asked))
  const covered = again.alternates.find(covers)
  const opening = covered && deps.placer.open(covered, asked)
  return opening && { ...opening, alternates: [], record: again.record }
}

interface Finish {
  ctx: RequestContext
  records: AttemptRecord[]
  placement: unknown
  failure: AppError | null
  answerOf: AnswerOf | undefined
}

async function finish(deps: ServeDeps, { ctx, records, placement, failure, answerOf }: Finish): Promise<Served> {
  const last = records.at(-1)
  if (!last) throw noNodeLeft()
  const served: Served = {
    target: last.result.target,
    completed: last.completed,
    placement,
    brokenBy: failure,
    ttftMs: last.result.seen.attemptTtftMs,
    durationMs: last.result.seen.durationMs,
    firstTokenAtMs: last.result.seen.intent.startedAtMs + (last.result.seen.attemptTtftMs ?? 0),
  }
  // A request that no node would take is answered too: with its error.
  const answer = failure === null || last.result.invalidRequest ? answerOf?.(served) : undefined
  await journal(deps, { ctx, records, served, error: failure, placement, answer })
  if (failure && !last.result.begun) throw failure
  return served
}

async function journal(deps: ServeDeps, input: Parameters<typeof outcomeEntry>[0]): Promise<void> {
  const entry: Omit<RequestFinishedEntry, 'type' | 'lane'> = outcomeEntry(input)
  await deps.lane.finishRequest(entry)
}

/** What pages show, and what the next request of the model is taken for. */
function learn(
  measurements: Measurements,
  { organisation: { orgId } }: RequestContext,
  result: AttemptResult,
  completed: CompletedAttempt,
): void {
  const { outcome, invalidRequest, seen } = result
  if (outcome === 'client_aborted' || invalidRequest) return
  const { intent, attemptTtftMs, durationMs } = seen
  const { tokensOut } = completed
  measurements.observe(intent.nodeId, { ttftMs: attemptTtftMs, durationMs, tokensOut })
  if (outcome !== 'completed') return
  const tokensIn = completed.tokensIn + completed.tokensCached
  measurements.learn(orgId, intent.model, { bytesIn: intent.bytesIn, tokensIn, tokensOut })
}

/** Corrects what the organisation was charged at its placement by what it got: its next turn comes by that. */
function charge(
  { room }: ServeDeps,
  { ctx, asked }: Pick<Serving, 'ctx' | 'asked'>,
  completed: CompletedAttempt | null,
): void {
  if (ctx.pinned) return
  const estimated = fairCostOf(asked.tokensIn, asked.tokensOutExpected)
  const tokensIn = completed ? completed.tokensIn + completed.tokensCached : 0
  const tokensOut = completed?.tokensOut ?? 0
  room.charge(ctx.request.model, ctx.organisation.orgId, { tokensIn, tokensOut }, estimated)
}
