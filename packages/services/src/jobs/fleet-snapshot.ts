/** The fleet as the worker's placement sees it: gateways' reports joined with what the control plane knows. */
import type { NodeLiveness, NodeState } from '@isochrone/protocol'
import type { FleetSnapshot, ReplicaView } from '@isochrone/scheduler/snapshot'
import type { OwnDispatches } from './own-dispatches.ts'

/** Only nodes that are active and that a gateway has reported; one that is linked no more ages out as `stale`. */
export function fleetSnapshotOf(
  states: readonly NodeState[],
  liveness: ReadonlyMap<string, NodeLiveness>,
  own: OwnDispatches,
  nowMs: number,
): FleetSnapshot {
  const replicas: ReplicaView[] = []
  for (const state of states) {
    const live = liveness.get(state.nodeId)
    if (!state.active || live === undefined) continue
    for (const model of live.models) replicas.push(replicaOf(state, live, model, own, nowMs))
  }
  return { replicas }
}

function replicaOf(
  state: NodeState,
  live: NodeLiveness,
  model: NodeLiveness['models'][number],
  own: OwnDispatches,
  nowMs: number,
): ReplicaView {
  const { prices } = state
  const estimate = live.estimate ?? { prefillMsPerToken: 0.05, tpotMs: 5, tpotMsPerStream: 0.5, failureRate: 0 }
  const rttMs = live.simulatedRttMs ?? live.rttMs
  return {
    nodeId: state.nodeId,
    providerId: state.providerId,
    model: model.model,
    modelHash: model.modelHash,
    failureDomain: state.failureDomain,
    region: state.region,
    country: state.country,
    contextTokensMax: model.contextTokensMax,
    prices: {
      inPerMtok: Number(prices.inMicroUsdPerMtok),
      cachedPerMtok: Number(prices.cachedMicroUsdPerMtok),
      outPerMtok: Number(prices.outMicroUsdPerMtok),
      inPerGb: Number(prices.inMicroUsdPerGb),
      outPerGb: Number(prices.outMicroUsdPerGb),
    },
    concurrencyMax: live.concurrencyMax,
    activeStreams: live.activeStreams + own.countSince(state.nodeId, live.seenAtMs),
    queuedStreams: live.queuedStreams,
    rttMs,
    stateAgeMs: Math.max(0, nowMs - live.seenAtMs),
    draining: false,
    breakerOpenUntilMs: 0,
    estimate: {
      baseMs: Math.max(1, (live.ttftP50Ms ?? 5) - (rttMs ?? 0)),
      ...estimate,
      attemptMs: 500,
      // A gateway publishes an estimate once it has one; by then the node has earned its places.
      observations: live.estimate === null ? 0 : live.concurrencyMax,
    },
  }
}
