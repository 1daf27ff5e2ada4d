/**
 * Layout of a replica in the pool. A hot row is 24 doubles, three cache lines, because a candidate is a random access:
 * columns in arrays of their own would touch a line each. The first two lines hold what every candidate is judged by,
 * the third what few are. What only updates need lies in a cold row.
 */
export const ROW = 24
export const P_IN = 0
export const P_OUT = 1
export const P_IN_GB = 2
export const P_OUT_GB = 3
export const CONTEXT_MAX = 4
/** Streams running and waiting: reported − own share at the heartbeat + own now. */
export const ACTIVE = 5
/** Prompt tokens that wait for prefill, counted in the same way. */
export const PREFILL_TOKENS = 6
/** Mean context of the streams, tokens; 0 = unknown. */
export const CONTEXT = 7
/** Learned cap on streams. */
export const STREAMS_MAX = 8
/** NaN = not measured. */
export const RTT = 9
export const FAILURE_RATE = 10
export const BASE = 11
export const PREFILL_MS = 12
export const TPOT_A = 13
export const TPOT_B = 14
export const TPOT_G = 15
/** Read where a prompt is cached, or where it costs more cached and a price is capped. */
export const P_CACHED = 16
/** In the pool: when the last report was taken, NaN = none yet. In a sample: its age, ms. */
export const STATE = 17
export const BREAKER_UNTIL = 18
/** 0 or 1. */
export const DRAINING = 19
export const OBSERVATIONS = 20

export const COLD = 40
/** Exponentially weighted sums of the TPOT fit: weight, x, y, xx, xy; then those of the TTFT fit. */
export const TPOT_SUMS = 0
export const TTFT_SUMS = 5
export const PRIOR_BASE = 10
export const PRIOR_PREFILL = 11
export const PRIOR_A = 12
export const PRIOR_B = 13
/** Declared g ÷ b: how much a token of context adds to a stream's step, relative to the stream itself. */
export const PRIOR_G_OVER_B = 14
/** The fit by itself: in a row, TPOT and prefill stand times the pace that counts. */
export const FIT_A = 15
export const FIT_B = 16
export const FIT_PREFILL = 17
/** Time that a token takes now ÷ what the fit says, as this gateway's streams show it; and what of it counts. */
export const PACE = 18
export const PACE_APPLIED = 19
export const FAILURES_IN_A_ROW = 20
/** 0 = closed; else how many times in a row the breaker has opened. */
export const BREAKER_LEVEL = 21
/** 1 while the single trial of a half-open breaker runs. */
export const BREAKER_TRIAL = 22
export const STREAMS_DECLARED = 23
export const REPORTED_STREAMS = 24
export const REPORTED_OWN = 25
export const OWN_STREAMS = 26
export const REPORTED_PREFILL = 27
export const REPORTED_OWN_PREFILL = 28
export const OWN_PREFILL = 29
/** Tokens of context of all streams as reported, and of own streams then and now. */
export const REPORTED_CONTEXT = 30
export const OWN_CONTEXT_THEN = 31
export const OWN_CONTEXT = 32
/** Time that a token takes there now ÷ what is usual, as the node itself says, where that counts and is more than 1; else 0. */
export const PACE_TOLD = 33

/** Bits of a slot's flags. `OPEN`: linked, breaker closed, not draining, not full. `SLACK`: open, fresh, not saturated. */
export const OPEN = 1
export const SLACK = 2
export const STALE = 4
export const BREAKER = 8
/** A prompt token costs more cached than not: who caps a price looks at both. */
export const CACHED_DEARER = 16
/** Of these bits a replica that may be chosen without a doubt has `OPEN` alone. */
export const PLAIN = OPEN | STALE | BREAKER | CACHED_DEARER
/** No flags have it: where they lag behind the clock, every row is asked. */
export const UNKNOWN = 256
