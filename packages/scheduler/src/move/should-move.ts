/**
 * Whether a stream should go on elsewhere: its replica has become too slow to keep the TPOT SLO, and another would keep it.
 *
 * A slow machine is a death by degrees, so the answer is the same continuation: prompt and delivered tokens are prefilled
 * on another replica, which costs their input price and one TTFT of silence. Both count here.
 */
export interface StreamView {
  /** Tokens received, and ms since the first of them. */
  delivered: number
  sinceFirstMs: number
  /** Tokens that are likely to come still. */
  tokensLeft: number
  /** ms per token of this replica's streams lately. */
  recentTpotMs: number
  tpotSloMs: number
  /** Prediction of `decide` for the best other replica, ms. */
  elsewhereTtftMs: number
  elsewhereTpotMs: number
}

/** A stay that is projected this close under the SLO is safe enough to be left alone. */
const SAFE_SHARE = 0.98
/** A move must bring the projected TPOT at least this far down: what is moved for nothing is paid for. */
const GAIN_MIN = 0.1

/** Projects the stream's TPOT over its whole life, (last token − first token) ÷ (tokens − 1), for staying and for moving. */
export function shouldMove(stream: StreamView): boolean {
  const { delivered, sinceFirstMs, tokensLeft, recentTpotMs, tpotSloMs, elsewhereTtftMs, elsewhereTpotMs } = stream
  const gaps = delivered - 1 + tokensLeft
  if (!(gaps > 0)) return false
  const stay = (sinceFirstMs + tokensLeft * recentTpotMs) / gaps
  const move = (sinceFirstMs + elsewhereTtftMs + tokensLeft * elsewhereTpotMs) / gaps
  return stay > SAFE_SHARE * tpotSloMs && move < tpotSloMs && move < stay * (1 - GAIN_MIN)
}
