/**
 * The first attempt of a request and, where its node is silent for longer than such a node usually is, a second one at
 * another failure domain. The first token wins; the other attempt is stopped, unseen, and nobody pays for it.
 *
 * Bounded by the hedge budget, by the policy (the rival is one of the decision's alternates, which a request without
 * fallbacks has none of) and by the reservation, which covers each of the two alone: only one is ever billed.
 */
import { hedgeTargetOf } from '@isochrone/scheduler'
import { dispatchAttempt, type Dispatch } from './dispatch-attempt.ts'
import type { AttemptRecord } from './outcome-entry.ts'
import type { Opening, Placed } from './place-request.ts'
import type { AnswerSink } from './request-context.ts'
import { reservePriceMicroUsd } from './reserve-price.ts'
import type { ServeDeps, Serving } from './serve-request.ts'
import { createStopping, type Stopping } from './stopping.ts'

/** One record, or two: the one that counts is last. `placed` is the opening of `dispatch`, with its alternates. */
export async function raceAttempts(
  deps: ServeDeps,
  serving: Serving,
  placed: Placed,
  dispatch: Omit<Dispatch, 'opening' | 'sink'>,
): Promise<AttemptRecord[]> {
  const { hedging } = deps
  const { model } = serving.ctx.request
  const { nodeId } = placed.target.session
  hedging.budget.earn()
  const race = createRace(serving.answer, (attempt) =>
    deps.lane.recordWinner({ requestIdHash: serving.ctx.requestIdHash, attempt }),
  )
  const first = race.enter(dispatch.attempt)
  const running = dispatchAttempt(deps, serving, {
    ...dispatch,
    opening: placed,
    sink: first.sink,
    yields: first.yields,
  })
  const lateMs = hedging.lateAfterMs(nodeId, model, placed.ttftMs)
  let rival: Promise<AttemptRecord> | null = null
  const late = setTimeout(() => {
    if (race.winner !== null || serving.answer.signal.aborted || deps.stopping.stopped) return
    const opening = rivalOf(deps, serving, placed)
    if (!opening) return
    const second = race.enter(dispatch.attempt + 1)
    deps.events?.hedged()
    rival = dispatchAttempt(deps, serving, {
      ...dispatch,
      attempt: dispatch.attempt + 1,
      opening,
      sink: second.sink,
      yields: second.yields,
      isHedge: true,
    })
    // Looked at below; until then it must not count as unhandled.
    rival.catch(() => undefined)
  }, lateMs)
  const record = await running.finally(() => clearTimeout(late))
  const { outcome, seen } = record.result
  const came = seen.attemptTtftMs
  // A quick refusal says nothing of how late a node may be; one that was given up says that it was too late.
  const isLate = outcome === 'provider_timeout' || outcome === 'discarded'
  if (came !== null || isLate) hedging.observed(nodeId, model, placed.ttftMs, came)
  if (rival === null) return [record]
  const other = await (rival as Promise<AttemptRecord>).catch(() => null)
  if (!other) return [record]
  return race.winner === first.sink || came !== null ? [other, record] : [record, other]
}

/** An alternate with a place, opened, if the budget has a hedge for it. */
function rivalOf(deps: ServeDeps, { ctx, asked, reservedMicroUsd }: Serving, placed: Placed): Opening | undefined {
  const { target, alternates } = placed
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
        return covered && activeStreams < concurrencyMax && reported?.draining !== true
      },
    },
  )
  const replica = slot === null ? undefined : alternates[slot - 1]
  if (!replica || !deps.hedging.budget.take()) return undefined
  const opening = deps.placer.open(replica, asked)
  // It has had its attempt, whatever comes of it.
  if (opening) alternates.splice(alternates.indexOf(replica), 1)
  return opening
}

interface Entrant {
  sink: AnswerSink
  yields: Stopping
}

interface Race {
  enter(attempt: number): Entrant
  /** Whose chunks the customer gets; null until the first token. */
  readonly winner: AnswerSink | null
}

/** Several attempts before one answer: whoever begins it stops the others, which have handed nothing on. */
function createRace(answer: AnswerSink, onWon: (attempt: number) => void): Race {
  const entrants: { sink: AnswerSink; yields: ReturnType<typeof createStopping> }[] = []
  let winner: AnswerSink | null = null
  return {
    get winner() {
      return winner
    },
    enter(attempt) {
      const yields = createStopping()
      const sink: AnswerSink = {
        streams: answer.streams,
        signal: answer.signal,
        begin(target, placement) {
          winner = sink
          if (entrants.length > 1) onWon(attempt)
          for (const other of entrants) if (other.sink !== sink) other.yields.stop()
          answer.begin(target, placement)
        },
        write: (chunk) => answer.write(chunk),
        bytesOut: () => (winner === sink ? answer.bytesOut() : 0),
        reset: () => answer.reset(),
      }
      entrants.push({ sink, yields })
      return { sink, yields }
    },
  }
}
