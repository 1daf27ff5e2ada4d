/**
 * The attempts of one request, in order: one, then others where it fails before the customer saw anything, and where it
 * breaks off later one that goes on with what was delivered. Bounded: three from the beginning, of which the first ones may
 * have a rival, two more that nodes declined because of the prompts that wait there, and three that go on.
 */
import { boundAfter, type AppError } from '@isochrone/domain'
import type { SentAttempt } from '@isochrone/scheduler'
import { answerSoFar, type AnswerSoFar } from './answer-so-far.ts'
import { clientGone, deadlinePassed, failureOf } from './attempt-failure.ts'
import { isContinuable, mayContinue } from './can-continue.ts'
import { leftMsOf } from '../deadline.ts'
import { createDecisions, type Decisions } from '../placement/decisions.ts'
import { dispatchAttempt } from './dispatch-attempt.ts'
import type { LinkedReplica } from '../../fleet/create-fleet.ts'
import { failOver } from './fail-over.ts'
import { goOnElsewhere } from './go-on-elsewhere.ts'
import { createMover, type Mover } from './move-elsewhere.ts'
import { ATTEMPTS_MAX, stepAfter } from './next-step.ts'
import { raceAttempts } from './race-attempts.ts'
import { cancelled } from './pool-outcome.ts'
import type { Target } from '../target.ts'
import type { AttemptRecord } from './attempt-record.ts'
import type { Opening, Placed } from '../placement/placer.ts'
import type { Continuation, ServeDeps, Serving } from '../serving.ts'

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

interface Run extends Omit<Attempts, 'placement'> {
  decisions: Decisions
  /** Attempts from the beginning, and those that were to go on. */
  begun: number
  goneOn: number
  /** Attempts that their nodes declined, which are none of those, and who declined the last. */
  declines: number
  declined: LinkedReplica | null
  /** It has earned its share of a hedge, as each request that may have one does once. */
  mayHedge: boolean
  /** Of the attempt that ran last. */
  mover: Mover | undefined
}

/** What is dispatched next. */
interface Next {
  opening: Opening | Placed
  goesOn: { soFar: AnswerSoFar; from: Target } | null
  /** The decision that found it, and what for. */
  record: unknown
  as: SentAttempt['as']
}

/** Runs them to the end. Rejects only when an intent cannot be made durable. */
export async function attemptAll(deps: ServeDeps, serving: Serving): Promise<Attempts> {
  const run: Run = {
    records: [],
    leg: [],
    continuations: [],
    decisions: createDecisions(serving.placed.record),
    failure: null,
    begun: 0,
    goneOn: 0,
    declines: 0,
    declined: null,
    mayHedge: false,
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
  const { records, leg, continuations, failure, decisions } = run
  return { records, leg, continuations, failure, placement: decisions.of(attemptOf(leg.at(-1) ?? records.at(-1))) }
}

const attemptOf = (record: AttemptRecord | undefined): number | undefined => record?.result.seen.intent.attempt

/** The place that it waited for its money with; another one where the policy forbids that node by now. */
async function firstOf(deps: ServeDeps, serving: Serving, run: Run): Promise<Next | undefined> {
  const { ctx, asked, placed } = serving
  // The price of a leased node's tokens is no matter; nothing was waited for there.
  if (ctx.lease || deps.placer.allows(placed.target, ctx.request.model, asked)) {
    return { opening: placed, goesOn: null, record: placed.record, as: 'first' }
  }
  placed.ticket.closed(cancelled(asked))
  return await elsewhere(deps, serving, run, [placed.target.session.nodeId])
}

async function attemptOnce(
  deps: ServeDeps,
  serving: Serving,
  run: Run,
  { opening, goesOn, record: decision, as }: Next,
  attempt: number,
): Promise<void> {
  if (goesOn) run.goneOn++
  else run.begun++
  run.mover = createMover(deps, serving, { leg: run.leg, records: run.records, continuations: run.goneOn })
  const { decisions } = run
  const prefillAheadMax = goesOn ? undefined : boundOf(opening, run, deps.declinesMax)
  const { nodeId } = opening.target.session
  decisions.sent(decision, { attempt, nodeId, as, ...(prefillAheadMax !== undefined && { prefillAheadMax }) })
  const placement = () => decisions.of(attempt)
  const dispatch = { attempt, soFar: goesOn?.soFar ?? null, mover: run.mover, prefillAheadMax }
  const races = mayRace(serving, opening, goesOn)
  if (races && !run.mayHedge) deps.hedging.budget.earn()
  run.mayHedge ||= races
  const records = races
    ? await raceAttempts(deps, serving, opening, { ...dispatch, decisions, tried: targetsOf(run) })
    : [await dispatchAttempt(deps, serving, { ...dispatch, placement, opening, sink: serving.answer })]
  run.records.push(...records)
  for (const { result } of records) {
    if (result.declinedBehind !== null) decisions.declined(result.seen.intent.attempt, result.declinedBehind)
  }
  const record = records.at(-1)
  if (!record) return
  const { result } = record
  const isDeclined = result.declinedBehind !== null
  run.declined = isDeclined ? opening.ticket.replica : null
  if (isDeclined) {
    run.begun--
    run.declines++
  }
  const served = result.outcome === 'completed' || result.seen.tokensDelivered > 0
  if (served) run.leg.push(record)
  if (served && goesOn) {
    run.continuations.push({ from: goesOn.from, to: result.target, afterTokens: goesOn.soFar.tokens })
  }
  // Why the answer broke is told, not why another node could not go on with it.
  if (served || goesOn === null) run.failure = failureOf(result, serving.ctx.request)
}

/** Prompt tokens that may wait before it; undefined = any number, as where no decision placed it. */
const boundOf = (
  opening: Opening | Placed,
  { declines }: Pick<Run, 'declines'>,
  declinesMax?: number,
): number | undefined =>
  'prefillAheadMax' in opening ? boundAfter(declines, opening.prefillAheadMax, declinesMax) : undefined

const targetsOf = ({ records }: Pick<Run, 'records'>): Target[] => records.map(({ result }) => result.target)

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
  let known: string | null | undefined
  // Put together where it is asked for: few answers go on elsewhere.
  const text = () => (known === undefined ? (known = mayContinue(ctx) ? delivered.text() : null) : known)
  const soFar = () => answerSoFar(text() ?? '', run.leg, ctx.request.tokensOutMax)
  const step = stepAfter({
    result: last.result,
    begun,
    streams,
    finished: begun && delivered.finished,
    clientGone: answer.signal.aborted,
    attempts: run.begun,
    continuations: run.goneOn,
    mayGoOn: () => text() !== null && soFar().tokensLeft > 0 && isContinuable(ctx),
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
  const tried = targetsOf(run)
  const from = run.leg.at(-1)?.result.target
  const moved = from && run.mover?.taken(soFar)
  const opening = moved ?? (from && (await goOnElsewhere(deps, serving, soFar, tried)))
  if (!from || !opening) return undefined
  const places = `from ${from.node.id} to ${opening.target.node.id}`
  serving.answer.goOn(`isochrone continuation ${places} after ${soFar.tokens} tokens`)
  deps.events?.continued()
  return { opening, goesOn: { soFar, from }, record: opening.record, as: moved ? 'move' : 'continuation' }
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
    targetsOf(run).map(({ session }) => session.nodeId),
  )
}

async function elsewhere(
  deps: ServeDeps,
  serving: Serving,
  run: Run,
  tried: readonly string[],
): Promise<Next | undefined> {
  const failedDomain = run.records.at(-1)?.result.target.node.failureDomain ?? null
  const opening = await failOver(deps, serving, tried, { declined: run.declined, failedDomain })
  if (!opening) return undefined
  // An alternate was found by the first decision.
  const record = 'record' in opening ? opening.record : serving.placed.record
  return { opening, goesOn: null, record, as: run.records.length === 0 ? 'first' : 'failover' }
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
