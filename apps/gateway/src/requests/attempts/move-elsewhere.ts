/**
 * The way of a running stream to a faster node, should the looks at its replica ask for it: a continuation that nobody has
 * to fail for. The place is taken before the stream is stopped, so that an answer is never cut for nothing.
 *
 * Under the same conditions as a continuation (policy, text, weights, reservation), never to a failure domain that had its
 * attempt, and with one continuation left for a node that really fails.
 */
import { moveRule, type PlacementRequest, type RoutingPolicy } from '@isochrone/scheduler'
import type { StreamMove } from '../../fleet/stream-looks.ts'
import type { AnswerSoFar } from './answer-so-far.ts'
import { isContinuable, mayContinue } from './can-continue.ts'
import { covers, requestOf } from './go-on-elsewhere.ts'
import { CONTINUATIONS_MAX } from './next-step.ts'
import { cancelled } from './pool-outcome.ts'
import { worstPriceMicroUsd } from '../limits/reserve-price.ts'
import { createStop, type Stopping } from '../stopping.ts'
import type { Target } from '../target.ts'
import type { AttemptRecord } from './attempt-record.ts'
import type { Peeked, Placed } from '../placement/placer.ts'
import type { ServeDeps, Serving } from '../serving.ts'

export interface Mover {
  /** Stops the attempt that is to go on elsewhere. */
  readonly stops: Stopping
  /** The way out of an attempt at `target`, from its first token on. */
  moveOf(target: Target): StreamMove
  /** The place that was taken, once; null where there is none, where its node may not serve any more, or what was delivered costs more than foreseen. */
  taken(soFar: AnswerSoFar): Placed | null
  /** Gives a place back that was not used. */
  close(): void
}

/** What came before the attempt: those that delivered the answer so far, and everybody who was asked. */
export interface Before {
  leg: readonly AttemptRecord[]
  records: readonly AttemptRecord[]
  continuations: number
}

/** Undefined where the answer must stay where it is. */
export function createMover(deps: ServeDeps, serving: Serving, before: Before): Mover | undefined {
  const { ctx, asked, answer } = serving
  if (!mayContinue(ctx) || before.continuations + 1 >= CONTINUATIONS_MAX) return undefined
  const { model } = ctx.request
  const stops = createStop()
  const tokensBefore = before.leg.reduce((sum, { result }) => sum + result.seen.tokensDelivered, 0)
  const billedBefore = before.leg.reduce((sum, { completed }) => sum + completed.priceMicroUsd, 0n)
  let to: { place: Placed; request: PlacementRequest } | null = null
  let isAble: boolean | null = null

  /** Looked at late: few streams ever want to move. */
  const able = (): boolean => (isAble ??= isContinuable(ctx)) && answer.delivered.text() !== null

  const tokensLeft = (delivered: number): number => ctx.request.tokensOutMax - tokensBefore - delivered

  function moveOf(target: Target): StreamMove {
    const tried = [...before.records.map(({ result }) => result.target), target]
    const domains = new Set(tried.map(({ node }) => node.failureDomain))
    let found: { delivered: number; request: PlacementRequest; peeked: Peeked } | null = null

    function look(delivered: number, tpotShare: number): typeof found {
      const soFar = soFarOf(target, delivered)
      const policy = (of: RoutingPolicy): RoutingPolicy => ({
        ...of,
        admission: 'slack',
        tpotSloMs: tpotShare * of.tpotSloMs,
      })
      const rest = requestOf(
        serving,
        soFar,
        tried,
        tried.map(({ session }) => session.nodeId),
      )
      const request = { ...rest, policy: policy(rest.policy) }
      const peeked = deps.placer.peek(
        model,
        request,
        (other) => !domains.has(other.node.failureDomain) && covers(serving, soFar, other),
      )
      return peeked && { delivered, request, peeked }
    }

    return {
      tpotSloMs: asked.policy.tpotSloMs,
      tokensLeft: (delivered) => Math.max(0, Math.min(asked.tokensOutExpected, tokensLeft(delivered))),
      elsewhere(delivered) {
        found = null
        if (answer.signal.aborted || deps.stopping.stopped || stops.stopped || answer.delivered.finished) return null
        if (tokensLeft(delivered) <= 0 || !able()) return null
        found = look(delivered, 1)
        return found?.peeked ?? null
      },
      go() {
        if (!found || to) return false
        // It has lost time: a place that makes some of it up, or else the one that was good enough.
        const { request, peeked } = look(found.delivered, moveRule.movedTpotShare) ?? found
        const opening = deps.placer.open(peeked.replica, request, peeked.tokensCached)
        if (!opening) return false
        const place = { ...opening, alternates: [], ttftMs: peeked.ttftMs, record: peeked.record }
        to = { place, request }
        deps.events?.moved()
        stops.stop()
        return true
      },
    }
  }

  /** As it would stand if it stopped now: its delivered tokens are all that the node is paid for. */
  function soFarOf({ node }: Target, delivered: number): AnswerSoFar {
    const limits = { tokensInMax: 0, tokensOutMax: delivered, bytesIn: 0, bytesOutMax: 0 }
    const billedMicroUsd = billedBefore + worstPriceMicroUsd(limits, [node])
    const tokens = tokensBefore + delivered
    return { text: '', tokens, tokensLeft: tokensLeft(delivered), billedMicroUsd, delivered: [] }
  }

  return {
    stops,
    moveOf,
    taken(soFar) {
      if (to === null) return null
      const { place, request } = to
      to = null
      if (covers(serving, soFar, place.target) && deps.placer.allows(place.target, model, request)) return place
      place.ticket.closed(cancelled(asked))
      return null
    },
    close() {
      to?.place.ticket.closed(cancelled(asked))
      to = null
    },
  }
}
