/**
 * What this gateway has measured of its nodes and models beside the pools' estimates: the percentiles that pages show,
 * and what prompts and answers of a model come to in tokens.
 *
 * Fed by finished attempts only. Bounded: one small ring for each node of late, two numbers for each model.
 */
import type { Hex } from '@isochrone/protocol'
import { promptTokensLikely, TOKENS_PER_BYTE, TOKENS_PER_BYTE_DEFAULT } from '@isochrone/scheduler'

export interface NodePercentiles {
  ttftP50Ms: number | null
  ttftP95Ms: number | null
  tokensPerSecond: number | null
}

export interface Measurements {
  /** `ttftMs` is dispatch → first token as the gateway saw it, round trip included; null when there was none. */
  observe(nodeId: Hex, seen: { ttftMs: number | null; durationMs: number; tokensOut: number }): void
  /**
   * Prompt tokens that a body of this size is likely to be, from what the model's engines have counted for the same
   * organisation: what others send says nothing of its prompts, and must not.
   */
  tokensInOf(orgId: string, model: string, bytesIn: number): number
  /** Output tokens that an answer of the model is likely to have, at most `tokensOutMax`. */
  tokensOutOf(model: string, tokensOutMax: number): number
  learn(orgId: string, model: string, seen: { bytesIn: number; tokensIn: number; tokensOut: number }): void
  of(nodeId: Hex): NodePercentiles
}

interface PerNode {
  ttftMs: number[]
  next: number
  tokensPerSecond: number | null
}

/** A mean that forgets. */
interface Mean {
  value: number
  seen: number
}

const RING = 128
/** Nodes and models remembered; the longest unseen go first. */
const NODES_MAX = 20_000
const MODELS_MAX = 10_000
/** Before anything was counted. */
const TOKENS_OUT_DEFAULT = 200
/** Answers that a mean remembers. */
const MEMORY = 16

export function createMeasurements(): Measurements {
  const nodes = new Map<Hex, PerNode>()
  const tokensOutOf = new Map<string, Mean>()
  const tokensPerByteOf = new Map<string, Mean>()

  return {
    observe(nodeId, { ttftMs, durationMs, tokensOut }) {
      const node = nodes.get(nodeId) ?? { ttftMs: [], next: 0, tokensPerSecond: null }
      renew(nodes, nodeId, node, NODES_MAX)
      if (ttftMs === null) return
      node.ttftMs[node.next] = ttftMs
      node.next = (node.next + 1) % RING
      const decodeMs = durationMs - ttftMs
      if (tokensOut < 2 || decodeMs <= 0) return
      const rate = ((tokensOut - 1) * 1_000) / decodeMs
      node.tokensPerSecond =
        node.tokensPerSecond === null ? rate : node.tokensPerSecond + (rate - node.tokensPerSecond) / 16
    },
    tokensInOf: (orgId, model, bytesIn) => promptTokensLikely(bytesIn, tokensPerByteOf.get(keyOf(orgId, model))?.value),
    tokensOutOf: (model, tokensOutMax) =>
      Math.max(1, Math.min(tokensOutMax, Math.round(tokensOutOf.get(model)?.value ?? TOKENS_OUT_DEFAULT))),
    learn(orgId, model, { bytesIn, tokensIn, tokensOut }) {
      if (tokensIn <= 0 || bytesIn <= 0) return
      const perByte = Math.min(TOKENS_PER_BYTE.max, Math.max(TOKENS_PER_BYTE.min, tokensIn / bytesIn))
      learnMean(tokensPerByteOf, keyOf(orgId, model), perByte, TOKENS_PER_BYTE_DEFAULT)
      learnMean(tokensOutOf, model, tokensOut, TOKENS_OUT_DEFAULT)
    },
    of(nodeId) {
      const node = nodes.get(nodeId)
      const sorted = node?.ttftMs.toSorted((a, b) => a - b) ?? []
      return {
        ttftP50Ms: sorted[Math.floor(sorted.length * 0.5)] ?? null,
        ttftP95Ms: sorted[Math.floor(sorted.length * 0.95)] ?? null,
        tokensPerSecond: node?.tokensPerSecond ?? null,
      }
    },
  }
}

/** No id of an organisation has a space. */
const keyOf = (orgId: string, model: string): string => `${orgId} ${model}`

/** The prior counts as one answer: what a model really does is known after a few. */
function learnMean(means: Map<string, Mean>, key: string, value: number, prior: number): void {
  const mean = means.get(key) ?? { value: prior, seen: 0 }
  mean.seen = Math.min(MEMORY, mean.seen + 1)
  mean.value += (value - mean.value) / Math.min(MEMORY, mean.seen + 1)
  renew(means, key, mean, MODELS_MAX)
}

function renew<K, V>(map: Map<K, V>, key: K, value: V, sizeMax: number): void {
  map.delete(key)
  map.set(key, value)
  if (map.size <= sizeMax) return
  const [oldest] = map.keys()
  if (oldest !== undefined) map.delete(oldest)
}
