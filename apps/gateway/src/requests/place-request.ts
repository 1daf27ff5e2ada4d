/**
 * Placement at this gateway: shows `decide` the replicas that are linked here now, and turns its choice into targets.
 *
 * A node counts when it is linked, admitted and serves the model. Money and law come from the control state, load from
 * heartbeats, speed from what this gateway measured.
 */
import { AppError, type Clock, type Prng } from '@isochrone/domain'
import type { Hex, NodeState } from '@isochrone/protocol'
import { decide, type PlacementRequest, type ReplicaView } from '@isochrone/scheduler/snapshot'
import type { ControlView } from '../control/control-state.ts'
import type { NodeSession, Sessions } from '../ports.ts'
import type { Measurements } from './node-measurements.ts'
import type { RequestContext, Target } from './request-context.ts'

/** What a renter expects where it has not said otherwise, ms. */
const SLO = { ttftMs: 1_000, tpotMs: 50 }
const VALUE_OF_SECOND_MICRO_USD = 200
export interface PlacerDeps {
  sessions: Sessions
  control: ControlView
  measurements: Measurements
  rng: Prng
  clock: Clock
}

export interface Placed {
  /** Best first: the choice, then its alternates. */
  targets: Target[]
  record: unknown
}

export interface Placer {
  /** Throws `capacity_unavailable` or `invalid_input` where no replica may serve; `record` is then in the details. */
  place(ctx: RequestContext, excludeNodeIds: readonly string[]): Placed
  /** Counts a stream that is about to open, so that requests of one moment do not all pick the same node. */
  hold(target: Target): () => void
  /** Nodes that serve the model here now, full or not. */
  serving(model: string): NodeState[]
}

export function createPlacer(deps: PlacerDeps): Placer {
  const { sessions, control, measurements } = deps
  const held = new Map<string, number>()

  function targetsOf(model: string, nowMs: number): Map<string, { view: ReplicaView; target: Target }> {
    const found = new Map<string, { view: ReplicaView; target: Target }>()
    for (const session of sessions.all()) {
      const node = control.node(session.nodeId)
      const served = session.models.find((candidate) => candidate.model === model)
      if (!node?.active || !served) continue
      const view = viewOf({ session, node, served, measurements, nowMs, opening: held.get(session.nodeId) ?? 0 })
      const target: Target = {
        session,
        node,
        modelHash: served.modelHash as Hex,
        activeStreams: view.activeStreams,
        rttMs: session.rttMs ?? 0,
      }
      found.set(session.nodeId, { view, target })
    }
    return found
  }

  return {
    place(ctx, excludeNodeIds) {
      const nowMs = deps.clock.nowMs()
      const found = targetsOf(ctx.request.model, nowMs)
      if (ctx.pinned) return placePinned(ctx.pinned, found)
      const request = placementRequestOf(ctx, measurements, excludeNodeIds)
      const placement = decide({ replicas: [...found.values()].map(({ view }) => view) }, request, deps.rng, nowMs)
      if (placement.kind === 'none') throw noReplica(placement.reason, placement.retryAfterS, placement.record)
      const chosen = [placement.replica, ...placement.alternates]
      return { targets: chosen.flatMap(({ nodeId }) => found.get(nodeId)?.target ?? []), record: placement.record }
    },
    hold(target) {
      const { nodeId } = target.session
      held.set(nodeId, (held.get(nodeId) ?? 0) + 1)
      let holding = true
      return () => {
        if (!holding) return
        holding = false
        const left = (held.get(nodeId) ?? 1) - 1
        if (left === 0) held.delete(nodeId)
        else held.set(nodeId, left)
      }
    },
    serving: (model) => [...targetsOf(model, deps.clock.nowMs()).values()].map(({ target }) => target.node),
  }
}

function placePinned(
  pinned: NonNullable<RequestContext['pinned']>,
  found: ReadonlyMap<string, { target: Target }>,
): Placed {
  const target = found.get(pinned.nodeId)?.target
  if (!target) {
    throw new AppError('capacity_unavailable', {
      publicMessage: 'The node chosen for this job is not linked here any more.',
      retryAfterS: 1,
    })
  }
  if (target.activeStreams >= target.session.concurrencyMax) {
    throw new AppError('capacity_unavailable', {
      publicMessage: 'The node chosen for this job is busy.',
      retryAfterS: 1,
      details: { reason: 'full' },
    })
  }
  return { targets: [target], record: pinned.placement }
}

function placementRequestOf(
  { requestId, request }: RequestContext,
  measurements: Measurements,
  excludeNodeIds: readonly string[],
): PlacementRequest {
  return {
    requestId,
    model: request.model,
    tokensIn: measurements.tokensInOf(request.model, request.body.length),
    tokensOutMax: request.tokensOutMax,
    bytesIn: request.body.length,
    valueOfSecondMicroUsd: VALUE_OF_SECOND_MICRO_USD,
    priceMicroUsdMax: null,
    countries: null,
    excludeNodeIds: [...excludeNodeIds],
    sloTtftMs: SLO.ttftMs,
    sloTpotMs: SLO.tpotMs,
  }
}

interface ViewInput {
  session: NodeSession
  node: NodeState
  served: NodeSession['models'][number]
  measurements: Measurements
  nowMs: number
  opening: number
}

function viewOf({ session, node, served, measurements, nowMs, opening }: ViewInput): ReplicaView {
  const { reported } = session
  const estimator = measurements.estimator(session.nodeId, served.model)
  const elsewhere = reported ? Math.max(0, reported.activeStreams - reported.ownAtHeartbeat) : 0
  return {
    nodeId: session.nodeId,
    providerId: node.providerId,
    model: served.model,
    modelHash: served.modelHash,
    failureDomain: node.failureDomain,
    region: node.region,
    country: node.country,
    contextTokensMax: served.contextTokensMax,
    prices: {
      inPerMtok: Number(node.prices.inMicroUsdPerMtok),
      cachedPerMtok: Number(node.prices.cachedMicroUsdPerMtok),
      outPerMtok: Number(node.prices.outMicroUsdPerMtok),
      inPerGb: Number(node.prices.inMicroUsdPerGb),
      outPerGb: Number(node.prices.outMicroUsdPerGb),
    },
    concurrencyMax: session.concurrencyMax,
    activeStreams: elsewhere + session.activeStreams + opening,
    queuedStreams: reported?.queuedStreams ?? 0,
    rttMs: session.rttMs,
    stateAgeMs: reported ? Math.max(0, nowMs - reported.atMs) : null,
    draining: reported?.draining ?? false,
    breakerOpenUntilMs: estimator.breakerOpenUntilMs(),
    estimate: estimator.estimate(),
  }
}

const sentences: Partial<Record<string, string>> = {
  full: 'Every node that serves this model is busy.',
  draining: 'Every node that serves this model is about to stop.',
  stale: 'No node that serves this model has reported lately.',
  breaker_open: 'Every node that serves this model has failed lately and is given a pause.',
  outside_residency: 'No node that serves this model is inside the residency you asked for.',
  excluded: 'Every node that serves this model has failed this request.',
}

function noReplica(reason: string, retryAfterS: number, record: unknown): AppError {
  if (reason === 'context_too_long') {
    return new AppError('invalid_input', {
      publicMessage:
        'Prompt and requested completion are longer than the context of every node that serves this model.',
      field: 'max_tokens',
      details: { reason: 'context_length_exceeded', record },
    })
  }
  const why = sentences[reason] ?? 'No node serves this model at this moment.'
  return new AppError('capacity_unavailable', {
    publicMessage: `${why} Try again in ${retryAfterS} s.`,
    retryAfterS,
    details: { reason, record },
  })
}
