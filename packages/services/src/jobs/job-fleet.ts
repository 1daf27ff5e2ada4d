/**
 * The fleet as the placer of queued jobs knows it: a pool for each model, kept in step with what gateways report and with
 * the control state.
 *
 * Only nodes that are active and that a gateway has reported; one that is linked no more ages out as stale. Load =
 * reported + own since the report, so that a burst does not go to whoever looked idle a second ago.
 */
import { offeredFeatures } from '@isochrone/domain'
import type { NodeLiveness, NodeState } from '@isochrone/protocol'
import {
  createReplicaPool,
  gatewayTuning,
  type AttemptOutcome,
  type AttemptWork,
  type EngineEstimate,
  type ReplicaOffer,
  type ReplicaPool,
} from '@isochrone/scheduler'

export interface JobFleet {
  /** Takes over what is known now. The same objects as last time cost nothing. */
  sync(states: readonly NodeState[], liveness: ReadonlyMap<string, NodeLiveness>, nowMs: number): void
  /** Undefined where no node serves the model. */
  pool(model: string): ReplicaPool | undefined
  /** Counts a dispatch at the node until it is closed; later closings do nothing. */
  open(
    model: string,
    nodeId: string,
    work: AttemptWork,
    nowMs: number,
  ): (outcome: AttemptOutcome['kind'], nowMs: number) => void
}

interface Entry {
  offer: string
  /** When the dispatches that run were begun. */
  begun: Set<{ atMs: number }>
}

interface ModelPool {
  pool: ReplicaPool
  entries: Map<string, Entry>
}

/** A gateway refuses a job for a node that is full: nothing waits at the node. What gateways have fitted is its prior. */
const TUNING = { queueShare: gatewayTuning.queueShare }
/** A report of a gateway is written once a second, and read some time after. */
const STALE_AFTER_MS = 5_000

export function createJobFleet(): JobFleet {
  const models = new Map<string, ModelPool>()
  let known: { states: unknown; liveness: unknown } | null = null

  function poolOf(model: string): ModelPool {
    let entry = models.get(model)
    if (!entry) {
      const pool = createReplicaPool({ staleAfterMs: STALE_AFTER_MS, tuning: TUNING })
      models.set(model, (entry = { pool, entries: new Map() }))
    }
    return entry
  }

  function put(state: NodeState, live: NodeLiveness, served: NodeLiveness['models'][number], nowMs: number): void {
    const { pool, entries } = poolOf(served.model)
    const offer = offerOf(state, live, served)
    const text = JSON.stringify(offer)
    let entry = entries.get(state.nodeId)
    if (!entry) entries.set(state.nodeId, (entry = { offer: '', begun: new Set() }))
    if (entry.offer !== text) pool.upsert(offer)
    entry.offer = text
    const slot = pool.slotOf(state.nodeId)
    if (slot === undefined) return
    const ownStreams = [...entry.begun].filter(({ atMs }) => atMs <= live.seenAtMs).length
    pool.report(slot, {
      atMs: live.seenAtMs,
      activeStreams: live.activeStreams,
      queuedStreams: live.queuedStreams,
      ownStreams: Math.min(ownStreams, live.activeStreams),
      // One whose checks have failed takes none until they pass; one to which the gateway that dispatches gives a pause, until that is over.
      draining: state.barred === true || live.draining === true || (live.breakerOpenUntilMs ?? 0) > nowMs,
      prefillTokens: live.prefillTokens,
      contextTokens: live.contextTokens,
    })
    pool.setRtt(slot, live.simulatedRttMs ?? live.rttMs)
  }

  return {
    sync(states, liveness, nowMs) {
      if (known?.states === states && known.liveness === liveness) return
      known = { states, liveness }
      const seen = new Map<string, Set<string>>()
      for (const state of states) {
        const live = state.active ? liveness.get(state.nodeId) : undefined
        for (const served of live?.models ?? []) {
          const nodes = seen.get(served.model) ?? new Set()
          seen.set(served.model, nodes)
          if (!live || nodes.has(state.nodeId)) continue
          nodes.add(state.nodeId)
          put(state, live, served, nowMs)
        }
      }
      for (const [model, { pool, entries }] of models) {
        for (const nodeId of entries.keys()) {
          if (seen.get(model)?.has(nodeId)) continue
          pool.remove(nodeId)
          entries.delete(nodeId)
        }
        if (entries.size === 0) models.delete(model)
      }
    },
    pool: (model) => models.get(model)?.pool,
    open(model, nodeId, work, atMs) {
      const { pool, entries } = poolOf(model)
      const entry = entries.get(nodeId)
      const slot = pool.slotOf(nodeId)
      if (!entry || slot === undefined) return () => {}
      const mark = { atMs }
      entry.begun.add(mark)
      pool.opened(slot, work)
      return (kind, nowMs) => {
        // A node that left and came back meanwhile is another entry: this dispatch is none of its own.
        if (!entry.begun.delete(mark) || entries.get(nodeId) !== entry) return
        pool.closed(slot, work, outcomeOf(kind, work), nowMs)
      }
    },
  }
}

/** A worker sees whether a job was answered; how fast, the gateway has measured. */
function outcomeOf(kind: AttemptOutcome['kind'], work: AttemptWork): AttemptOutcome {
  return { kind, ...work, concurrency: 1, contextTokens: 0, engineTtftMs: null, tpotMs: null }
}

/** A node's replica as placement knows it. */
export function offerOf(state: NodeState, live: NodeLiveness, served: NodeLiveness['models'][number]): ReplicaOffer {
  const { prices } = state
  const prior = priorOf(live)
  return {
    nodeId: state.nodeId,
    providerId: state.providerId,
    modelHash: served.modelHash,
    failureDomain: state.failureDomain,
    region: state.region,
    country: state.country,
    tier: state.tier,
    gpuClass: state.gpuClass,
    trust: state.trust,
    dataPolicy: state.dataPolicy,
    contextTokensMax: served.contextTokensMax,
    features: offeredFeatures(served.features),
    prices: {
      inPerMtok: Number(prices.inMicroUsdPerMtok),
      cachedPerMtok: Number(prices.cachedMicroUsdPerMtok),
      outPerMtok: Number(prices.outMicroUsdPerMtok),
      inPerGb: Number(prices.inMicroUsdPerGb),
      outPerGb: Number(prices.outMicroUsdPerGb),
    },
    concurrencyMax: live.concurrencyMax,
    ...(prior && { prior }),
  }
}

/** What the gateway has fitted, in steps coarse enough that an offer does not change with each report. */
function priorOf({ estimate }: NodeLiveness): EngineEstimate | undefined {
  if (!estimate) return undefined
  const coarse = (value: number): number => Number(value.toPrecision(2))
  return {
    baseMs: coarse(estimate.baseMs ?? 5),
    prefillMsPerToken: coarse(estimate.prefillMsPerToken),
    tpotBaseMs: coarse(estimate.tpotMs),
    tpotPerStreamMs: coarse(estimate.tpotMsPerStream),
    tpotPerStreamTokenMs: coarse(estimate.tpotMsPerStreamToken ?? 0),
  }
}
