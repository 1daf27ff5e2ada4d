/**
 * What this gateway has measured of each node: the estimators that placement reads, and the percentiles that pages show.
 *
 * Fed by finished attempts only. Bounded: one small ring for each node and one estimator for each node and model.
 */
import type { Hex } from '@isochrone/protocol'
import { createReplicaEstimator, type AttemptObservation, type ReplicaEstimator } from '@isochrone/scheduler/snapshot'
import type { NodeMeasurements } from '../link/link-server-types.ts'

export interface Measurements {
  estimator(nodeId: Hex, model: string): ReplicaEstimator
  /** `gatewayTtftMs` is dispatch → first token as the gateway saw it, round trip included. */
  observe(nodeId: Hex, model: string, seen: AttemptObservation & { gatewayTtftMs: number | null }, nowMs: number): void
  /** Prompt tokens that a body of this size is likely to be, from what the model's engines have counted. */
  tokensInOf(model: string, bytesIn: number): number
  learnTokensIn(model: string, bytesIn: number, tokensIn: number): void
  of(nodeId: Hex): NodeMeasurements
}

interface PerNode {
  ttftMs: number[]
  next: number
  tokensPerSecond: number | null
  models: Map<string, { estimator: ReplicaEstimator; observations: number }>
}

const RING = 128
/** Before anything was counted: generous for text, where four bytes a token are usual. */
const TOKENS_PER_BYTE_PRIOR = 0.3

export function createMeasurements(): Measurements {
  const nodes = new Map<Hex, PerNode>()
  const tokensPerByte = new Map<string, number>()

  const nodeOf = (nodeId: Hex): PerNode => {
    let node = nodes.get(nodeId)
    if (!node) nodes.set(nodeId, (node = { ttftMs: [], next: 0, tokensPerSecond: null, models: new Map() }))
    return node
  }
  const modelOf = (nodeId: Hex, model: string) => {
    const { models } = nodeOf(nodeId)
    let entry = models.get(model)
    if (!entry) models.set(model, (entry = { estimator: createReplicaEstimator(), observations: 0 }))
    return entry
  }

  return {
    estimator: (nodeId, model) => modelOf(nodeId, model).estimator,
    observe(nodeId, model, seen, nowMs) {
      const entry = modelOf(nodeId, model)
      entry.observations++
      entry.estimator.observe(seen, nowMs)
      const node = nodeOf(nodeId)
      if (seen.gatewayTtftMs === null) return
      node.ttftMs[node.next] = seen.gatewayTtftMs
      node.next = (node.next + 1) % RING
      const decodeMs = seen.durationMs - seen.gatewayTtftMs
      if (seen.tokensOut < 2 || decodeMs <= 0) return
      const rate = ((seen.tokensOut - 1) * 1_000) / decodeMs
      node.tokensPerSecond =
        node.tokensPerSecond === null ? rate : node.tokensPerSecond + (rate - node.tokensPerSecond) / 16
    },
    tokensInOf: (model, bytesIn) => Math.ceil(bytesIn * (tokensPerByte.get(model) ?? TOKENS_PER_BYTE_PRIOR)),
    learnTokensIn(model, bytesIn, tokensIn) {
      if (tokensIn <= 0 || bytesIn <= 0) return
      const before = tokensPerByte.get(model) ?? TOKENS_PER_BYTE_PRIOR
      tokensPerByte.set(model, before + (tokensIn / bytesIn - before) / 16)
    },
    of(nodeId) {
      const node = nodes.get(nodeId)
      const sorted = node?.ttftMs.toSorted((a, b) => a - b) ?? []
      const busiest = [...(node?.models.values() ?? [])].toSorted((a, b) => b.observations - a.observations)[0]
      const estimate = busiest?.estimator.estimate()
      return {
        ttftP50Ms: sorted[Math.floor(sorted.length * 0.5)] ?? null,
        ttftP95Ms: sorted[Math.floor(sorted.length * 0.95)] ?? null,
        tokensPerSecond: node?.tokensPerSecond ?? null,
        estimate: estimate
          ? {
              prefillMsPerToken: estimate.prefillMsPerToken,
              tpotMs: estimate.tpotMs,
              tpotMsPerStream: estimate.tpotMsPerStream,
              failureRate: estimate.failureRate,
            }
          : null,
      }
    },
  }
}
