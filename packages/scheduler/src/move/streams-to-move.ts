/**
 * Which streams leave a replica that has become too slow: of those that `shouldMove`, a part at a look and those first
 * that have lost most time, because each that leaves lets the others run faster.
 *
 * Pure: the caller decides where a stream would go, and spends the budget that it hands in.
 */
import type { HedgeBudget } from '../hedge/hedge-budget.ts'
import { shouldMove } from './should-move.ts'
import type { StreamProgress } from './stream-watch.ts'

/** One number set for simulator and gateway: what the figures were measured with. */
export const moveRule = {
  /** Moved streams per request at most, and at once after a quiet time. */
  share: 0.05,
  burst: 100,
  /** A stream is looked at when its replica takes this many times the TPOT SLO. */
  factor: 1.4,
  /** Of a replica's streams, at most this share moves at one look. */
  roundShare: 0.12,
  /** A moved stream has lost time: it looks for a replica that keeps this share of the TPOT SLO. */
  movedTpotShare: 0.6,
} as const

export interface MoveInput<S extends StreamProgress> {
  streams: readonly S[]
  /** ms per token of the replica's streams lately. */
  recentTpotMs: number
  nowMs: number
  factor: number
  roundShare: number
  budget: Pick<HedgeBudget, 'available' | 'take'>
  tpotSloMsOf: (stream: S) => number
  /** Tokens that are likely to come still. */
  tokensLeftOf: (stream: S) => number
  /** Prediction for the best other replica, null where none has a place for it. */
  elsewhere: (stream: S) => { ttftMs: number; tpotMs: number } | null
  /** Decisions at one look. Default: as many as there are streams. */
  decisionsMax?: number
}

/** Streams that are to go on elsewhere; each has taken one from the budget. */
export function streamsToMove<S extends StreamProgress>(input: MoveInput<S>): S[] {
  const { streams, recentTpotMs, nowMs, factor, roundShare, budget, decisionsMax = Infinity } = input
  const moving: S[] = []
  const most = Math.ceil(roundShare * streams.length)
  const tpotMs = ({ delivered, firstMs }: S): number => (nowMs - firstMs) / Math.max(1, delivered)
  let decisions = 0
  for (const stream of streams.toSorted((a, b) => tpotMs(b) - tpotMs(a))) {
    if (moving.length === most || budget.available === 0 || decisions === decisionsMax) break
    const { delivered, firstMs } = stream
    const tpotSloMs = input.tpotSloMsOf(stream)
    if (delivered < 2 || recentTpotMs <= factor * tpotSloMs) continue
    decisions++
    const found = input.elsewhere(stream)
    if (found === null) break
    const move = shouldMove({
      delivered,
      sinceFirstMs: nowMs - firstMs,
      tokensLeft: input.tokensLeftOf(stream),
      recentTpotMs,
      tpotSloMs,
      elsewhereTtftMs: found.ttftMs,
      elsewhereTpotMs: found.tpotMs,
    })
    if (move && budget.take()) moving.push(stream)
  }
  return moving
}
