/**
 * The attempts of one request, in order: one, then others where it fails before the customer saw anything, and where it
 * breaks off later one that goes on with what was delivered. Bounded: three from the beginning, of which the first ones may
 * have a rival, and three that go on.
 */
import type { AppError } from '@isochrone/domain'
import { answerSoFar, type AnswerSoFar } from './answer-so-far.ts'
import { clientGone, deadlinePassed, failureOf } from './attempt-failure.ts'
import { isContinuable, mayContinue } from './can-continue.ts'
import { leftMsOf } from './deadline.ts'
import { dispatchAttempt } from './dispatch-attempt.ts'
import { failOver } from './fail-over.ts'
import { goOnElsewhere } from './go-on-elsewhere.ts'
import { createMover, type Mover } from './move-elsewhere.ts'
import { ATTEMPTS_MAX, stepAfter } from './next-step.ts'
import type { AttemptRecord } from './outcome-entry.ts'
import type { Opening, Placed } from './place-request.ts'
import { raceAttempts } from './race-attempts.ts'
import { cancelled } from './pool-outcome.ts'
import type { ServeDeps, Serving } from './serve-request.ts'
import type { Target } from './request-context.ts'

export interface Continuation {
  from: Target
  to: Target
  afterTokens: number
}

export interface Attempts {
  records: AttemptRecord[]
  /** Those that delivered the answer as it stands. */
  leg: AttemptRecord[]
  /** Where it went on. */
  continuations: Continuation[]
  placement: unknown
  /** Null where the answer is whole. */
  failure: AppError | null
}

interface Run extends Attempts {
  /** Attempts from the beginning, and those that were to go on. */
  begun: number
  goneOn: number
  /** Of the attempt that ran last. */
  mover: Mover | undefined
}

/** What is dispatched next. */
interface Next {
  opening: Opening | Placed
  goesOn: { soFar: AnswerSoFar; from: Target } | null
}

/** Runs them to the end. Rejects only when an intent cannot be made durable. */
export async function attemptAll(deps: ServeDeps, serving: Serving): Promise<Attempts> {
  const { record } = serving.placed
  const run: Run = {
    records: [],
    leg: [],
    continuations: [],
    placement: record,
    failure: null,
    begun: 0,
    goneOn: 0,
    mover: undefined,
  }
  const first = deps.nextAttempt(serving.ctx)
  deps.moves?.earn()
  let next = await firstOf(deps, serving, run)
  try {
    while (next) {
      await attemptOnce(deps, serving, run, next, first + run.records.length)
      next = await nextOf(deps, serving, run)
      run.mover?.close()
    }
  } finally {
    run.mover?.close()
  }
  // Of a whole answer that nobody gets, nothing is paid for.
  if (run.failure && !serving.answer.streams) billLeg(deps, run, false)
  return run
}

/** The place that it waited for its money with; another one where the policy forbids that node by now. */
async function firstOf(deps: ServeDeps, serving: Serving, run: Run): Promise<Next | undefined> {
  const { ctx, asked, placed } = serving
  // The price of a leased node's tokens is no matter; nothing was waited for there.
  if (ctx.lease || deps.placer.allows(placed.target, ctx.request.model, asked)) return { opening: placed, goesOn: null }
  placed.ticket.closed(cancelled(asked))
  return await elsewhere(deps, serving, run, [placed.target.session.nodeId])
}

async function attemptOnce(
  deps: ServeDeps,
  serving: Serving,
  run: Run,
  { opening, goesOn }: Next,
  attempt: number,
): Promise<void> {
  if (goesOn) run.goneOn++
  else run.begun++
  run.mover = createMover(deps, serving, { leg: run.leg, records: run.records, continuations: run.goneOn })
  const dispatch = { attempt, placement: run.placement, soFar: goesOn?.soFar ?? null, mover: run.mover }
  const records = mayRace(serving, opening, goesOn)
    ? await raceAttempts(
        deps,
        serving,
        opening,
        dispatch,
        run.records.map(({ result }) => result.target),
      )
    : [await dispatchAttempt(deps, serving, { ...dispatch, opening, sink: serving.answer })]
  run.records.push(...records)
  const record = records.at(-1)
  if (!record) return
  const { result } = record
  const served = result.outcome === 'completed' || result.seen.tokensDelivered > 0
  if (served) run.leg.push(record)
  if (served && goesOn) {
    run.continuations.push({ from: goesOn.from, to: result.target, afterTokens: goesOn.soFar.tokens })
  }
  // Why the answer broke is told, not why another node could not go on with it.
  if (served || goesOn === null) run.failure = failureOf(result, serving.ctx.request)
}

/** Only what a decision of this request has placed may get a rival. */
function mayRace({ ctx, asked }: Serving, opening: Opening | Placed, goesOn: Next['goesOn']): opening is Placed {
  const isAlone = goesOn !== null || ctx.pinned !== null || !asked.policy.allowFallbacks
  return !isAlone && 'alternates' in opening && opening.ttftMs > 0
}

async function nextOf(deps: ServeDeps, serving: Serving, run: Run): Promise<Next | undefined> {
  const { ctx, answer } = serving
  const last = run.records.at(-1)
  if (!last) return undefined
  const { begun, streams, delivered } = answer
  const text = mayContinue(ctx) ? delivered.text() : null
  const soFar = () => answerSoFar(text ?? '', run.leg, ctx.request.tokensOutMax)
  const step = stepAfter({
    result: last.result,
    begun,
    streams,
    finished: begun && delivered.finished,
    clientGone: answer.signal.aborted,
    attempts: run.begun,
    continuations: run.goneOn,
    mayGoOn: () => text !== null && soFar().tokensLeft > 0 && isContinuable(ctx),
  })
  const next = step === 'go_on' ? await goOn(deps, serving, run, soFar) : undefined
  if (next) return next
  if (begun && delivered.finished) run.failure = null
  else if (run.failure && answer.signal.aborted) run.failure = clientGone()
  else if (run.failure && step !== 'over' && leftMsOf(ctx, deps.clock.nowMs()) === 0)
    run.failure = deadlinePassed(begun && streams)
  const restarts = step !== 'over' && !(begun && streams) && run.begun < ATTEMPTS_MAX && !answer.signal.aborted
  return restarts ? await again(deps, serving, run) : undefined
}

async function goOn(
  deps: ServeDeps,
  serving: Serving,
  run: Run,
  soFarNow: () => AnswerSoFar,
): Promise<Next | undefined> {
  // What goes into a whole answer is paid for when it goes on, as if it had been streamed.
  billLeg(deps, run, true)
  const soFar = soFarNow()
  const tried = run.records.map(({ result }) => result.target)
  const from = run.leg.at(-1)?.result.target
  const opening = from && (run.mover?.taken(soFar) ?? (await goOnElsewhere(deps, serving, soFar, tried)))
  if (!opening) return undefined
  if ('record' in opening) run.placement = withEarlier(opening.record, run.placement)
  const places = `from ${from.node.id} to ${opening.target.node.id}`
  serving.answer.goOn(`isochrone continuation ${places} after ${soFar.tokens} tokens`)
  deps.events?.continued()
  return { opening, goesOn: { soFar, from } }
}

/** From the beginning, at another node: what went into a whole answer is thrown away. */
async function again(deps: ServeDeps, serving: Serving, run: Run): Promise<Next | undefined> {
  billLeg(deps, run, false)
  run.leg.length = 0
  run.continuations.length = 0
  serving.answer.reset()
  return await elsewhere(
    deps,
    serving,
    run,
    run.records.map(({ result }) => result.target.session.nodeId),
  )
}

async function elsewhere(
  deps: ServeDeps,
  serving: Serving,
  run: Run,
  tried: readonly string[],
): Promise<Next | undefined> {
  const opening = await failOver(deps, serving, tried)
  if (!opening) return undefined
  if ('record' in opening) run.placement = withEarlier(opening.record, run.placement)
  return { opening, goesOn: null }
}

/** The bill of an attempt that broke follows from what became of its tokens. */
function billLeg(deps: ServeDeps, { leg }: Run, billable: boolean): void {
  for (const record of leg) {
    const { seen, outcome } = record.result
    if (seen.billable === billable || outcome === 'completed' || outcome === 'client_aborted') continue
    seen.billable = billable
    record.completed = deps.lane.completeAttempt(seen)
  }
}

/** The decision that served, with those before it: each names the nodes that were tried by it. */
function withEarlier(record: unknown, before: unknown): unknown {
  if (typeof record !== 'object' || record === null) return record
  const { earlier, ...first } = before as { earlier?: unknown[] }
  return { ...record, earlier: [...(earlier ?? []), first] }
}
