/**
 * What a request's work takes of a replica's time, steps and chunks included, while streams keep their TPOT SLO.
 *
 * The engine (`engine/replica-engine.ts`) at speed s: a step lasts L = s·(a + Σβ over its streams + P while any prompt
 * waits), P a chunk of prefill; while nothing decodes, prefill runs alone in s·p. So of each step s·a is nobody's work,
 * and a prompt of p ms takes p/P steps. Let S be any requests whose whole lives lie in the time T that is looked at, B the
 * sum of β over those streams of S in a step that are past their first token, and y ≤ 1 the share of the chunk that is
 * S's. For numbers v, e, k, μ ≥ 0 suppose that *every* step obeys
 *
 *     v·s·B + e·s·P·y + k ≤ L + μ·B·(L − SLO)                                                                    (1)
 *
 * where k is paid only while a stream runs whose prompt was prefilled while nothing decoded. Sum it over all steps. Each
 * stream of S keeps its mean step within the SLO, so the last terms sum to at most 0, and what is left says: T holds, for
 * each request of S, s·v·β for each token but the first, and for its prompt s·e·p; or s·p + k·tokens out, if it was
 * prefilled while nothing decoded. There are never two such streams at once: while one lives, something decodes. The first
 * token belongs to the TTFT, not to the TPOT: it takes s·β, since that lengthens L. Streams and prompts of others, late
 * requests included, only lengthen L, and the right side of (1) grows with L.
 *
 * In a slow window a step lasts f times as long as (1) knows: it holds for L/f, and L − SLO ≥ L/f − SLO; so f ms of it
 * count as one. Nothing here is an average over time: it holds for any stretch, however short.
 *
 * A stream that was served in pieces keeps its mean over all of them and not on each: where it is late by x ms in all the
 * last term gives it μ·β·x, where it is early it costs it that. Where it is late it takes s·β a token at least, as the
 * first token does: so it gains at most s·(v − 1)·β a token, for which it must be late by q = s·(v − 1)/μ a token, and
 * early elsewhere by as much. No token is early by more than the SLO less the shortest step D of the fleet: at most
 * f = (SLO − D)/(SLO − D + q) of its tokens gain so. Each piece has the whole prompt, and pays for it.
 *
 * v, e and k that obey (1): without a chunk, the least over B of s·a + s·B − v·s·B + μ·B·(s·a + s·B − SLO) is at least k
 * if v = 1 + (s·a − k)/(SLO − s·a)·(2√t − t) with μ = t·s·(s·a − k)/(SLO − s·a)², t being any tilt ≥ 0: a parabola
 * in B that touches k. With a chunk, e·s·P is the least over B ≥ 0 of L − v·s·B + μ·B·(L − SLO) − k.
 */
import type { EngineEstimate } from '@isochrone/scheduler'

export interface StepLimits {
  engine: EngineEstimate
  /** Engine time ÷ declared time. */
  speed: number
  tpotSloMs: number
  prefillChunkTokens: number
}

/** Any of them give true weights: which are the tightest depends on how much of the work is prompts. */
export interface StepChoice {
  /** t above: 1 is best for decoding; less counts prompts for more and decoding for less. 0 needs no SLO. */
  tilt: number
  /** k ÷ (s·a), 0 to 1. */
  idleShare: number
}

/** Ms of a replica's time that are taken by a ms of declared work. */
export interface StepWeights {
  decode: number
  prompt: number
  /** Where a prompt was prefilled while nothing decoded: ms for each token out beside 1 × `speed` for the prompt. */
  idleTokenMs: number
  /** q above: by how much a token that is late to the full must be made up for elsewhere; 0 where v is 1. */
  earlyMs: number
}

export function stepWeights(limits: StepLimits, { tilt, idleShare }: StepChoice): StepWeights {
  const { engine, speed, tpotSloMs, prefillChunkTokens } = limits
  const baseMs = speed * engine.tpotBaseMs
  const chunkMs = speed * prefillChunkTokens * engine.prefillMsPerToken
  const idleTokenMs = idleShare * baseMs
  const leftMs = tpotSloMs - baseMs
  // Where no step keeps the SLO there is nothing to gain from it.
  const t = leftMs > 0 ? tilt : 0
  const mu = t === 0 ? 0 : (t * speed * (baseMs - idleTokenMs)) / leftMs ** 2
  const decode = t === 0 ? 1 : 1 + ((baseMs - idleTokenMs) / leftMs) * (2 * Math.sqrt(t) - t)
  // Of the parabola in B that (1) is with a chunk: slope at 0, and the least value at B ≥ 0.
  const slope = speed * (1 - decode) + mu * (baseMs + chunkMs - tpotSloMs)
  const dip = slope < 0 ? slope ** 2 / (4 * mu * speed) : 0
  const earlyMs = mu > 0 ? (speed * (decode - 1)) / mu : 0
  return {
    decode: speed * decode,
    prompt: (speed * (baseMs + chunkMs - idleTokenMs - dip)) / chunkMs,
    idleTokenMs,
    earlyMs,
  }
}
