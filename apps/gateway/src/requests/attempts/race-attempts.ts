/**
 * The first attempt of a request and, where its node is silent for longer than such a node usually is, a second one at
 * a failure domain that has not failed it. The first token wins; the other attempt is stopped, unseen, and nobody pays for it.
 *
 * Bounded by the hedge budget, by the policy (a request without fallbacks has no rival, and each decision keeps every
 * constraint) and by the reservation, which covers each of the two alone: only one is ever billed.
 */
import { afterReading } from '@isochrone/runtime'
import { hedgeBeforeSloMs, hedgeTargetOf } from '@isochrone/scheduler'
import type { Decisions } from '../placement/decisions.ts'
import { dispatchAttempt, type Dispatch } from './dispatch-attempt.ts'
import type { LinkedReplica } from '../../fleet/create-fleet.ts'
import { afterWaiting } from '../placement/placement-request.ts'
import { reservePriceMicroUsd } from '../limits/reserve-price.ts'
import { createStop } from '../stopping.ts'
import type { Target } from '../target.ts'
import type { AnswerSink } from '../answer/answer-sink.ts'
import type { AttemptRecord } from './attempt-record.ts'
import type { Opening, Peeked, Placed } from '../placement/placer.ts'
import type { ServeDeps, Serving } from '../serving.ts'

export interface RaceInput extends Omit<Dispatch, 'opening' | 'sink' | 'placement'> {
  decisions: Decisions
  /** Those that failed the request before. */
  tried: readonly Target[]
}

/** One record, or two: the one that counts is last. `placed` is the opening of the first, with its alternates. */
export async function raceAttempts(
  deps: ServeDeps,
  serving: Serving,
  placed: Placed,
  { decisions, tried, ...dispatch }: RaceInput,
): Promise<AttemptRecord[]> {
  const { hedging } = deps
  const { model } = serving.ctx.request
  const { nodeId } = placed.target.session
  const race = new Race(serving.answer, (attempt) =>
    deps.lane.recordWinner({ requestIdHash: serving.ctx.requestIdHash, attempt }),
  )
  const first = race.enter(dispatch.attempt)
  const running = dispatchAttempt(deps, serving, {
    ...dispatch,
    placement: () => decisions.of(dispatch.attempt),
    opening: placed,
    sink: first,
    yields: first.yields,
  })
  let rival: Promise<AttemptRecord> | null = null
  let isOver = false
  const startRival = (isLate: boolean): void => {
    if (rival || isOver || race.winner !== null || serving.answer.signal.aborted || deps.stopping.stopped) return
    const found = rivalOf(deps, serving, placed, tried, isLate)
    if (!found) return
    const { opening, record } = found
    const attempt = dispatch.attempt + 1
    const second = race.enter(attempt)
    decisions.sent(record, { attempt, nodeId: opening.target.session.nodeId, as: 'hedge' })
    deps.events?.hedged()
    rival = dispatchAttempt(deps, serving, {
      ...dispatch,
      attempt,
      placement: () => decisions.of(attempt),
      opening,
      sink: second,
      yields: second.yields,
      prefillAheadMax: undefined,
      isHedge: true,
    })
    // Looked at below; until then it must not count as unhandled.
    rival.catch(() => undefined)
  }
  const { ttftSloMs } = serving.asked.policy
  const elapsedMs = Math.max(0, deps.clock.nowMs() - serving.ctx.receivedAtMs)
  const lateMs = hedging.lateAfterMs(nodeId, model, placed.ttftMs)
  // What is missed already no rival can save.
  const inTimeMs = elapsedMs < ttftSloMs ? hedgeBeforeSloMs(ttftSloMs, elapsedMs) : Infinity
  // A first token that waits in this process is no silence of the node.
  const late = setTimeout(() => afterReading(() => startRival(true)), lateMs)
  const inTime = inTimeMs < lateMs ? setTimeout(() => afterReading(() => startRival(false)), inTimeMs) : undefined
  const record = await running.finally(() => {
    isOver = true
    clearTimeout(late)
    clearTimeout(inTime)
  })
  const { outcome, seen } = record.result
  const came = seen.attemptTtftMs
  // A quick refusal says nothing of how late a node may be; one that was given up says that it was too late.
  const wasLate = outcome === 'provider_timeout' || outcome === 'discarded'
  if (came !== null || wasLate) hedging.observed(nodeId, model, placed.ttftMs, came)
  if (rival === null) return [record]
  const other = await (rival as Promise<AttemptRecord>).catch(() => null)
  if (!other) return [record]
  return race.winner === first || came !== null ? [other, record] : [record, other]
}

/**
 * What a fresh decision finds inside the SLO; where the node is later than it usually is, else an alternate with a place.
 * Opened, if the budget has a hedge for it, with the decision that found it.
 */
function rivalOf(
  deps: ServeDeps,
  serving: Serving,
  placed: Placed,
  tried: readonly Target[],
  isLate: boolean,
): { opening: Opening; record: unknown } | undefined {
  const { asked } = serving
  if (deps.hedging.budget.available === 0) return undefined
  const before = [...tried, placed.target]
  // Each names a node of its own. A look makes a policy of its own, which the pool has to compile and to remember.
  if (!deps.placer.hasOthers(serving.ctx.request.model, new Set(before.map(({ session }) => session.nodeId)).size))
    return undefined
  const fresh = freshRivalOf(deps, serving, before)
  const replica = fresh?.replica ?? (isLate ? alternateOf(serving, placed, before) : undefined)
  if (!replica || !deps.hedging.budget.take()) return undefined
  const opening = deps.placer.open(replica, asked, fresh?.tokensCached)
  // It has had its attempt, whatever comes of it.
  const at = placed.alternates.findIndex(({ session }) => session === replica.session)
  if (opening && at >= 0) placed.alternates.splice(at, 1)
  return opening && { opening, record: fresh?.record ?? placed.record }
}

/** By the load of now: the decision that named the alternates is as old as the silence. */
function freshRivalOf(
  deps: ServeDeps,
  { ctx, asked, reservedMicroUsd }: Serving,
  before: readonly Target[],
): Peeked | null {
  const excludeNodeIds = before.map(({ session }) => session.nodeId)
  const domains = domainsOf(before)
  const waited = afterWaiting(
    { ...asked, excludeNodeIds, policy: { ...asked.policy, admission: 'slack' } },
    deps.clock.nowMs() - ctx.receivedAtMs,
  )
  return deps.placer.peek(
    ctx.request.model,
    waited,
    (other) =>
      !domains.has(other.node.failureDomain) && reservePriceMicroUsd(ctx.request, [other.node]) <= reservedMicroUsd,
  )
}

const domainsOf = (targets: readonly Target[]): Set<string> => new Set(targets.map(({ node }) => node.failureDomain))

/** The first alternate in a failure domain that was not asked and that has a place. */
function alternateOf(
  { ctx, reservedMicroUsd }: Serving,
  { target, alternates }: Placed,
  before: readonly Target[],
): LinkedReplica | undefined {
  const domains = domainsOf(before)
  const replicas = [target, ...alternates]
  const slot = hedgeTargetOf(
    0,
    alternates.map((_replica, index) => index + 1),
    {
      failureDomainOf: (at) => replicas[at]?.node.failureDomain ?? '',
      hasSlack(at) {
        const replica = replicas[at]
        if (!replica) return false
        const { activeStreams, concurrencyMax, reported } = replica.session
        const covered = reservePriceMicroUsd(ctx.request, [replica.node]) <= reservedMicroUsd
        const hasPlace = activeStreams < concurrencyMax && reported?.draining !== true
        return covered && hasPlace && !domains.has(replica.node.failureDomain)
      },
    },
  )
  return slot === null ? undefined : alternates[slot - 1]
}

/**
 * Several attempts before one answer: whoever begins it stops the others, which have handed nothing on.
 *
 * Classes and no object literals: of a literal with a getter V8 makes a slow object, and puts the getter into a pair among the old
 * objects, which keeps what the getter sees, the whole request, until a full collection.
 */
class Race {
  /** Whose chunks the customer gets; null until the first token. */
  winner: Entrant | null = null
  readonly answer: AnswerSink
  readonly #onWon: (attempt: number) => void
  readonly #entrants: Entrant[] = []

  constructor(answer: AnswerSink, onWon: (attempt: number) => void) {
    this.answer = answer
    this.#onWon = onWon
  }

  enter(attempt: number): Entrant {
    const entrant = new Entrant(this, attempt)
    this.#entrants.push(entrant)
    return entrant
  }

  won(winner: Entrant): void {
    this.winner = winner
    if (this.#entrants.length > 1) this.#onWon(winner.attempt)
    for (const other of this.#entrants) if (other !== winner) other.yields.stop()
  }
}

/** Where one attempt's chunks go, and what stops it once another one has begun the answer. */
class Entrant implements AnswerSink {
  readonly streams: boolean
  readonly signal: AbortSignal
  readonly attempt: number
  readonly yields = createStop()
  readonly #race: Race

  constructor(race: Race, attempt: number) {
    this.#race = race
    this.attempt = attempt
    this.streams = race.answer.streams
    this.signal = race.answer.signal
  }

  begin(target: Target, placement: unknown): void {
    this.#race.won(this)
    this.#race.answer.begin(target, placement)
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    return this.#race.answer.write(chunk)
  }

  bytesOut(): number {
    return this.#race.winner === this ? this.#race.answer.bytesOut() : 0
  }

  reset(): void {
    this.#race.answer.reset()
  }
}
