/**
 * What this gateway has measured of its nodes and models beside the pools' estimates: the percentiles that pages show,
 * and what prompts and answers of a model come to in tokens.
 *
 * Fed by finished attempts only. Bounded: one small ring for each node of late, one mean for each model, and
 * for each organisation that asked a model of late what its own prompts and answers came to.
 */
import { BoundedMap } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'
import { AnswerLengths, promptTokensLikely, TOKENS_PER_BYTE, TOKENS_PER_BYTE_DEFAULT } from '@isochrone/scheduler'

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
  /**
   * Output tokens that an answer to a prompt of that length is likely to have, at most `tokensOutMax`: what the same
   * organisation's prompts of about that length were answered with. Of others it knows one mean over the last thousand
   * answers of the model, to begin with; that is all that one tenant can learn of another by asking what is expected.
   */
  tokensOutOf(orgId: string, model: string, tokensIn: number, tokensOutMax: number): number
  /** How unevenly such an answer comes: `PlacementRequest.gapNoise`. Of others it knows what `tokensOutOf` does. */
  gapNoiseOf(orgId: string, model: string, tokensIn: number, tokensOutMax: number): number
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
/** Nodes and models remembered at most, and the half of them that was seen last for certain. */
const NODES_MAX = 20_000
const MODELS_MAX = 10_000
/** Organisations and models whose answers are remembered by length of the prompt: about 2 KiB each. */
const LENGTHS_MAX = 4_000
/** Before anything was counted. */
const TOKENS_OUT_DEFAULT = 200
/** Answers that a mean remembers: of one organisation's own kind of prompt, and of everybody's answers. */
const MEMORY = 16
const MEMORY_OF_ALL = 1_000
/** What a model's answers come to counts as this many answers of a new organisation, and never as more than were seen. */
const LEANING = 16

export function createMeasurements(): Measurements {
  const nodes = new BoundedMap<Hex, PerNode>(NODES_MAX)
  const tokensOutOf = new BoundedMap<string, Mean>(MODELS_MAX)
  const lengthsOf = new BoundedMap<string, AnswerLengths>(LENGTHS_MAX)
  const tokensPerByteOf = new BoundedMap<string, Mean>(MODELS_MAX)

  return {
    observe(nodeId, { ttftMs, durationMs, tokensOut }) {
      const node = nodes.get(nodeId) ?? { ttftMs: [], next: 0, tokensPerSecond: null }
      nodes.set(nodeId, node)
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
    tokensOutOf(orgId, model, tokensIn, tokensOutMax) {
      const ofAll = tokensOutOf.get(model)?.value ?? TOKENS_OUT_DEFAULT
      const expected = lengthsOf.get(keyOf(orgId, model))?.expected(tokensIn) ?? ofAll
      return Math.max(1, Math.min(tokensOutMax, Math.round(expected)))
    },
    gapNoiseOf(orgId, model, tokensIn, tokensOutMax) {
      const known = lengthsOf.get(keyOf(orgId, model))
      const lengths = known ?? new AnswerLengths(tokensOutOf.get(model)?.value ?? TOKENS_OUT_DEFAULT)
      return lengths.gapNoise(tokensIn, tokensOutMax)
    },
    learn(orgId, model, { bytesIn, tokensIn, tokensOut }) {
      if (tokensIn <= 0 || bytesIn <= 0) return
      const perByte = Math.min(TOKENS_PER_BYTE.max, Math.max(TOKENS_PER_BYTE.min, tokensIn / bytesIn))
      const key = keyOf(orgId, model)
      learnMean(tokensPerByteOf, key, perByte, TOKENS_PER_BYTE_DEFAULT, MEMORY)
      const ofAll = tokensOutOf.get(model) ?? { value: TOKENS_OUT_DEFAULT, seen: 0 }
      // A guess counts as one answer, as in the mean of all.
      const lengths = lengthsOf.get(key) ?? new AnswerLengths(ofAll.value, Math.min(LEANING, 1 + ofAll.seen))
      lengths.learn(tokensIn, tokensOut)
      lengthsOf.set(key, lengths)
      learnMean(tokensOutOf, model, tokensOut, TOKENS_OUT_DEFAULT, MEMORY_OF_ALL)
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
function learnMean(means: BoundedMap<string, Mean>, key: string, value: number, prior: number, memory: number): void {
  const mean = means.get(key) ?? { value: prior, seen: 0 }
  mean.seen = Math.min(memory, mean.seen + 1)
  mean.value += (value - mean.value) / Math.min(memory, mean.seen + 1)
  means.set(key, mean)
}
