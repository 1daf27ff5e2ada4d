/**
 * A policy with our gateway's hedges and moves around it: what of our lead is placement, and what is second attempts.
 *
 * When to hedge, which streams to move, and both budgets are the functions and constants that ours uses. Where a hedge or a
 * moved stream goes, the policy itself says: it is asked once more, as for a new request that has been there already. A
 * move needs a prediction for that replica, which such policies do not make: the declared curve at the last reported load.
 * A request that has left a replica no longer counts as its load, so a rule that looks for the least of it may send a slow
 * replica more requests than without hedges and moves: that is the rule's, and is measured as it is.
 */
import {
  AnswerLengths,
  createHedgeBudget,
  createStreamWatch,
  hedgeBeforeSloMs,
  moveRule,
  streamsToMove,
} from '@isochrone/scheduler'
import type { PolicyInstance, PolicyWorld, SimPolicy, SimProgress, SimRequest } from '../sim-types.ts'
import { declaredTpotMs, declaredTtftMs } from './parts/declared-capacity.ts'
import { createFleetView, observed } from './parts/fleet-view.ts'
import { createTrafficMix } from './parts/traffic-mix.ts'

/** Tokens expected of an answer before any was seen: as ours does. */
const answerTokensAtFirst = 256

/** `NAME-with-hedges-and-moves`; the rule's sentence says what was added. */
export function withHedgesAndMoves(policy: SimPolicy): SimPolicy {
  return {
    name: `${policy.name}-with-hedges-and-moves`,
    source: policy.source,
    rule: `${policy.rule} With the hedges and moves of isochrone's gateway, to where this rule says.`,
    create: (world) => createInstance(world, policy.create(world)),
  }
}

function createInstance(world: PolicyWorld, policy: PolicyInstance): PolicyInstance {
  const view = createFleetView(world)
  const mix = createTrafficMix()
  const hedges = createHedgeBudget()
  const moves = createHedgeBudget({ share: moveRule.share, burst: moveRule.burst })
  const watch = createStreamWatch<number>()
  const lengths = new AnswerLengths(answerTokensAtFirst)

  /** -1: nowhere, or not now. */
  function replicaFor(request: SimRequest, nowMs: number, tried: readonly number[]): number {
    const choice = policy.choose(request, nowMs, tried)
    return choice.kind === 'replica' ? choice.replica : -1
  }

  function predicted(index: number, tokensIn: number): { ttftMs: number; tpotMs: number } | null {
    const replica = world.replicas[index]
    if (replica === undefined) return null
    const waitingTokens = view.report(index)?.enginePrefillTokens ?? 0
    return {
      ttftMs: (world.rttMs[index] as number) + declaredTtftMs(replica, tokensIn, waitingTokens),
      tpotMs: declaredTpotMs(replica, view.streams(index) + 1, mix.contextTokens()),
    }
  }

  const wrapped: PolicyInstance = {
    ...policy,
    choose(request, nowMs, tried) {
      const choice = policy.choose(request, nowMs, tried)
      if (choice.kind === 'replica' && tried.length === 0) {
        hedges.earn()
        moves.earn()
      }
      return choice
    },
    onEnd(replica, request, outcome, nowMs) {
      watch.forget(request.index)
      if (outcome.kind === 'finished') lengths.learn(request.tokensIn, outcome.tokensOut)
      policy.onEnd?.(replica, request, outcome, nowMs)
    },
  }
  return {
    ...observed(wrapped, [view.hooks, mix.hooks]),
    hedgeAfterMs: (_, request, nowMs) => hedgeBeforeSloMs(request.ttftSloMs, nowMs - request.arriveMs),
    hedge(request, nowMs, tried) {
      if (hedges.available === 0) return -1
      const replica = replicaFor(request, nowMs, tried)
      return replica >= 0 && hedges.take() ? replica : -1
    },
    onProgress(replica, streams, nowMs) {
      const recent = watch.look(replica, streams, ({ request }) => request.index, nowMs)
      if (recent === null) return []
      const moving = streamsToMove<SimProgress>({
        streams,
        recentTpotMs: recent.tpotMs,
        nowMs,
        factor: moveRule.factor,
        roundShare: moveRule.roundShare,
        budget: moves,
        tpotSloMsOf: ({ request }) => request.tpotSloMs,
        tokensLeftOf: ({ request }) => Math.max(1, lengths.expected(request.tokensIn)),
        elsewhere({ request, delivered }) {
          const tokensIn = request.tokensIn + delivered
          const other = replicaFor({ ...request, tokensIn }, nowMs, [replica])
          return other < 0 ? null : predicted(other, tokensIn)
        },
      })
      return moving.map(({ request }) => request.index)
    },
  }
}
