/**
 * A request from admission to its receipts: reserve, place, attempt, move on where that is unseen, make it durable.
 *
 * Whoever got a token or a 200 has exactly one billed receipt; failed attempts add receipts of price 0. It returns only
 * after the outcome is durable, so the caller may send the last chunk. Bounded: three attempts.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError, toAppError } from '@isochrone/domain'
import type { RequestFinishedEntry } from '@isochrone/protocol'
import type { Logger } from '@isochrone/runtime'
import type { Budget } from '../budget/budget.ts'
import type { CompletedAttempt, Lane } from '../ports.ts'
import { fieldOfRefusal } from './known-fields.ts'
import { outcomeEntry, type AttemptRecord } from './outcome-entry.ts'
import type { Measurements } from './node-measurements.ts'
import { objectOf, parseJson, type InferenceRequest } from './parse-request.ts'
import type { Placer } from './place-request.ts'
import type { AnswerSink, RequestContext, Target } from './request-context.ts'
import { bytesOutMaxOf, reservePriceMicroUsd } from './reserve-price.ts'
import { runAttempt, type AttemptLimits, type AttemptResult } from './run-attempt.ts'

export interface ServeDeps {
  lane: Lane
  budget: Budget
  placer: Placer
  measurements: Measurements
  limits: AttemptLimits
  logger: Logger
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
  const placed = await placeFirst(deps, ctx, sink.signal)
  const serving = deps.placer.serving(ctx.request.model)
  const reserveMicroUsd = reservePriceMicroUsd(ctx.request, serving)
  const reservation = await deps.budget.reserve(ctx.channelId, reserveMicroUsd)
  try {
    return await attemptAll(deps, ctx, sink, placed, reserveMicroUsd, answerOf)
  } finally {
    reservation.release()
  }
}

type Placed = ReturnType<Placer['place']>

/** How long an interactive request waits for a place, and how often it looks: a burst is served late before never. */
const PATIENCE_MS = 10_000
const LOOK_AGAIN_MS = 25
/** Requests that wait for a place at a time; the rest are refused at once. */
const PATIENT_MAX = 2_048
let patient = 0

/** Reasons that pass by themselves. */
const passing: ReadonlySet<unknown> = new Set(['full', 'breaker_open'])

/** Waits while every node is busy. A refusal is on record, without receipts, so that people can ask why. */
async function placeFirst(deps: ServeDeps, ctx: RequestContext, signal: AbortSignal): Promise<Placed> {
  const deadline = performance.now() + PATIENCE_MS
  const waits = patient < PATIENT_MAX
  if (waits) patient++
  try {
    for (;;) {
      try {
        return deps.placer.place(ctx, [])
      } catch (error) {
        const { details } = toAppError(error)
        const goesOn = waits && passing.has(details.reason) && !signal.aborted && performance.now() < deadline
        if (!goesOn) throw error
        await sleep(LOOK_AGAIN_MS)
      }
    }
  } catch (thrown) {
    const error = toAppError(thrown)
    if (!ctx.pinned) recordRefusal(deps, ctx, error)
    throw error
  } finally {
    if (waits) patient--
  }
}

function recordRefusal({ lane, logger }: ServeDeps, ctx: RequestContext, error: AppError): void {
  const placement = error.details.record ?? null
  lane
    .finishRequest(outcomeEntry({ ctx, records: [], served: null, error, placement, answer: undefined }))
    .catch((cause: unknown) => logger.error({ err: cause, requestId: ctx.requestId }, 'a refusal was not journalled'))
}

async function attemptAll(
  deps: ServeDeps,
  ctx: RequestContext,
  sink: AnswerSink,
  placed: Placed,
  reservedMicroUsd: bigint,
  answerOf: AnswerOf | undefined,
): Promise<Served> {
  const first = deps.nextAttempt(ctx)
  const records: AttemptRecord[] = []
  const tried: string[] = []
  const queue = [...placed.targets]
  let failure: AppError | null = null
  for (let index = 0; index < ATTEMPTS_MAX; index++) {
    const target = nextTarget(deps, ctx, queue, tried, reservedMicroUsd)
    if (!target) break
    tried.push(target.session.nodeId)
    const opened = deps.placer.hold(target)
    const result = await runAttempt(deps.lane, {
      ctx,
      target,
      attempt: first + index,
      reservedMicroUsd,
      bytesOutMax: bytesOutMaxOf(ctx.request),
      placement: placed.record,
      sink,
      limits: limitsOf(deps.limits, ctx),
      onOpened: opened,
    }).finally(opened)
    const completed = deps.lane.completeAttempt(result.seen)
    records.push({ result, completed })
    observe(deps.measurements, result, completed)
    failure = failureOf(result, ctx.request)
    const over = failure === null || result.begun || result.outcome === 'client_aborted' || result.invalidRequest
    if (over) return await finish(deps, { ctx, records, placement: placed.record, failure, answerOf })
    sink.reset()
  }
  const error = failure ?? noNodeLeft()
  await journal(deps, { ctx, records, served: null, error, placement: placed.record, answer: undefined })
  throw error
}

/** A job brings its own total limit. */
function limitsOf(limits: AttemptLimits, { pinned }: RequestContext): AttemptLimits {
  return pinned ? { ...limits, totalMsMax: Math.min(limits.totalMsMax, pinned.timeoutMs) } : limits
}

/**
 * The next alternate that is still linked; then what a fresh decision finds, as far as the reservation covers it: a dearer
 * node may have linked since. A pinned job has no other node.
 */
function nextTarget(
  deps: ServeDeps,
  ctx: RequestContext,
  queue: Target[],
  tried: readonly string[],
  reservedMicroUsd: bigint,
): Target | undefined {
  for (let target = queue.shift(); target; target = queue.shift()) {
    if (!tried.includes(target.session.nodeId)) return target
  }
  if (ctx.pinned || tried.length === 0) return undefined
  try {
    const { targets } = deps.placer.place(ctx, tried)
    return targets.find(({ node }) => reservePriceMicroUsd(ctx.request, [node]) <= reservedMicroUsd)
  } catch {
    return undefined
  }
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

/** Why the attempt did not succeed, as the customer may read it; null when it did. */
function failureOf(
  { outcome, invalidRequest, message, begun }: AttemptResult,
  request: InferenceRequest,
): AppError | null {
  if (outcome === 'completed') return null
  const details = { outcome, message }
  if (outcome === 'client_aborted') {
    return new AppError('invalid_input', { publicMessage: 'The client closed the request.', details })
  }
  if (invalidRequest) {
    const publicMessage = message ?? 'The engine refused the request.'
    const field = fieldOfRefusal(publicMessage, objectOf(parseJson(request.body)))
    return new AppError('invalid_input', { publicMessage, ...(field !== null && { field }), details })
  }
  const part = begun ? ' The tokens delivered so far are billed.' : ''
  if (outcome === 'provider_timeout') {
    return new AppError('provider_timeout', { publicMessage: `The node did not answer in time.${part}`, details })
  }
  if (outcome === 'rejected') {
    return new AppError('capacity_unavailable', {
      publicMessage: 'The nodes that serve this model could not take the request. Try again shortly.',
      retryAfterS: 1,
      details,
    })
  }
  return new AppError('provider_failed', {
    publicMessage: `The node failed while it served this request.${part}`,
    details,
  })
}

function noNodeLeft(): AppError {
  return new AppError('capacity_unavailable', {
    publicMessage: 'No node serves this model at this moment. Try again shortly.',
    retryAfterS: 1,
  })
}

/** Only what the node answers for counts as its failure; what a customer stopped or got wrong teaches nothing. */
function observe(measurements: Measurements, result: AttemptResult, completed: CompletedAttempt): void {
  const { outcome, target, seen } = result
  if (outcome === 'client_aborted' || result.invalidRequest) return
  const { intent, attemptTtftMs } = seen
  measurements.observe(
    intent.nodeId,
    intent.model,
    {
      failed: outcome !== 'completed',
      tokensIn: completed.tokensIn + completed.tokensCached,
      tokensOut: completed.tokensOut,
      concurrency: Math.min(target.session.concurrencyMax, target.activeStreams + 1),
      engineTtftMs: attemptTtftMs === null ? null : Math.max(0, attemptTtftMs - target.rttMs),
      gatewayTtftMs: attemptTtftMs,
      durationMs: seen.durationMs,
    },
    Date.now(),
  )
  if (outcome === 'completed') {
    measurements.learnTokensIn(intent.model, intent.bytesIn, completed.tokensIn + completed.tokensCached)
  }
}
