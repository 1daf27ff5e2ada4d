/**
 * Where an answer goes on whose node broke off: a replica of the same weights, inside the same policy, in a failure domain
 * that was not tried where there is one, and only as far as what was reserved still covers it.
 *
 * Bounded in decisions and in time. Where every other node is full it waits for a place, because a pause is better than half
 * an answer, and tells the customer so now and then: what sits in between must not take the silence for the end.
 */
import { featureMask } from '@isochrone/domain'
import type { PlacementRequest, RoutingPolicy } from '@isochrone/scheduler'
import { leftMsOf } from '../deadline.ts'
import type { AnswerSoFar } from './answer-so-far.ts'
import { cancelled } from './pool-outcome.ts'
import { bytesOutMaxOf, worstPriceMicroUsd, tokensInMaxOf } from '../limits/reserve-price.ts'
import { isPlaced } from '../placement/waiting-room.ts'
import type { Target } from '../target.ts'
import type { Placed } from '../placement/placer.ts'
import type { ServeDeps, Serving } from '../serving.ts'

/** Decisions whose choice turned out unfit, for each of the two ways to look. */
const LOOKS_MAX = 6
/** As long as a node may be silent in the middle of an answer. */
const PATIENCE_MS = 30_000
/** Proxies close what is silent for a minute, some earlier. */
const KEEP_ALIVE_MS = 5_000
const GOES_ON = featureMask(['continuation'])

/** An opening for the rest of the answer, or undefined where nobody can go on. */
export async function goOnElsewhere(
  deps: ServeDeps,
  serving: Serving,
  soFar: AnswerSoFar,
  tried: readonly Target[],
): Promise<Placed | undefined> {
  const domains = new Set(tried.map(({ node }) => node.failureDomain))
  const nodeIds = tried.map(({ session }) => session.nodeId)
  const fits = (target: Pick<Target, 'node'>) => covers(serving, soFar, target)
  const elsewhere = (target: Pick<Target, 'node'>) => fits(target) && !domains.has(target.node.failureDomain)
  const request = requestOf(serving, soFar, tried, nodeIds)
  const now = await look(deps, serving, request, elsewhere, deps.clock.nowMs())
  if (now) return now
  const { patienceMs = PATIENCE_MS, keepAliveMs = KEEP_ALIVE_MS } = deps.goingOn ?? {}
  const nowMs = deps.clock.nowMs()
  const untilMs = nowMs + Math.min(patienceMs, leftMsOf(serving.ctx, nowMs) ?? patienceMs)
  const note = `isochrone waiting for a node to go on after ${soFar.tokens} tokens`
  const alive = setInterval(() => serving.answer.note?.(note), keepAliveMs)
  try {
    return await look(deps, serving, request, fits, untilMs)
  } finally {
    clearInterval(alive)
  }
}

/** Asks until a choice is fit, leaving out those that were not. */
async function look(
  deps: ServeDeps,
  { ctx, answer }: Serving,
  request: PlacementRequest,
  fits: (target: Pick<Target, 'node'>) => boolean,
  untilMs: number,
): Promise<Placed | undefined> {
  const unfit = new Set(request.excludeNodeIds)
  for (let looks = 0; looks < LOOKS_MAX; looks++) {
    const found = await deps.room
      .place({
        model: ctx.request.model,
        tenant: ctx.organisation.orgId,
        request: { ...request, excludeNodeIds: [...unfit] },
        patienceMs: Math.max(0, untilMs - deps.clock.nowMs()),
        signal: answer.signal,
        isRunning: true,
      })
      .catch(() => null)
    if (found === null || !isPlaced(found)) return undefined
    if (fits(found.target)) return found
    found.ticket.closed(cancelled(request))
    const alternate = found.alternates.find(fits)
    const opening = alternate && deps.placer.open(alternate, request)
    if (opening) return { ...opening, alternates: [], ttftMs: 0, record: found.record }
    for (const { session } of [found.target, ...found.alternates]) unfit.add(session.nodeId)
  }
  return undefined
}

/** What was delivered is billed where it was made; the rest, and the prompt, where it goes on. */
export function covers(
  { ctx, reservedMicroUsd }: Serving,
  soFar: AnswerSoFar,
  { node }: Pick<Target, 'node'>,
): boolean {
  const rest = worstPriceMicroUsd(
    {
      tokensInMax: tokensInMaxOf(ctx.request),
      tokensOutMax: soFar.tokensLeft,
      bytesIn: ctx.request.body.length,
      bytesOutMax: bytesOutMaxOf(ctx.request),
    },
    [node],
  )
  return soFar.billedMicroUsd + rest <= reservedMicroUsd
}

/** The request for the rest of an answer: at another node, of the same weights, that can go on. */
export function requestOf(
  { asked }: Serving,
  { tokens, tokensLeft, billedMicroUsd }: AnswerSoFar,
  tried: readonly Target[],
  excludeNodeIds: string[],
): PlacementRequest {
  const { tokensIn, tokensInMin = tokensIn, tokensOutNeeded, tokensOutExpected } = asked
  return {
    ...asked,
    modelHash: tried[0]?.modelHash ?? null,
    tokensIn: tokensIn + tokens,
    tokensInMin: tokensInMin + tokens,
    tokensOutMax: tokensLeft,
    // The same context in all: where the whole might have run, its rest may.
    ...(tokensOutNeeded !== undefined && { tokensOutNeeded: Math.max(1, tokensOutNeeded - tokens) }),
    tokensOutExpected: Math.min(tokensLeft, Math.max(1, tokensOutExpected - tokens)),
    policy: restOf(asked.policy, billedMicroUsd),
    excludeNodeIds,
  }
}

/** A target that can hardly be kept any more is no reason to give up; a cap holds for the whole request. */
function restOf(policy: RoutingPolicy, billedMicroUsd: bigint): RoutingPolicy {
  const { requestMicroUsd } = policy.maxPrice
  const left = requestMicroUsd === null ? null : Math.max(0, requestMicroUsd - Number(billedMicroUsd))
  const features = (policy.features ?? 0) | GOES_ON
  return { ...policy, features, admission: 'capacity', maxPrice: { ...policy.maxPrice, requestMicroUsd: left } }
}
