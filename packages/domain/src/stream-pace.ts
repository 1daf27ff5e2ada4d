/**
 * How fast a node is now, next to what is usual there: ms per token of its streams ÷ what such a load usually takes. The same for
 * the agent and for the simulator's nodes.
 *
 * A node sees all its streams, and when prompts wait beside them; a gateway sees its own alone, and nothing where it has none. What
 * is usual is learned here, as a line in streams and in the share of the time in which a prompt waits.
 */

/** One stream, from its prompt on. */
export interface PacedStream {
  /** So many tokens have come. Those that come with the first were no step of their own, and do not count. */
  tokens(tokens: number, nowMs: number): void
  /** Whether it stands still because nobody reads it: that is no step of the engine's. */
  held(isHeld: boolean, nowMs: number): void
  /** It is over. Later calls of any do nothing. */
  over(nowMs: number): void
}

/** A shorter time says too little, ms. */
const LOOK_MS = 250
/** Looks that what is usual remembers, and how many it takes before anything is said: minutes, and ten seconds. */
const MEMORY_LOOKS = 400
const LOOKS_MIN = 40
/** Weight of one look with many tokens, and tokens of half that weight. */
const LOOK_WEIGHT = 0.7
const HALF_TOKENS = 16
/** A look that is further from what is usual teaches only so much: a slow half minute must not become usual, a slow hour may. */
const TEACHES_MAX = 1.25
/** No machine is that much slower or faster than it was. */
export const PACE_MAX = 5
/** Where nothing runs, half of the way back to usual, ms. */
const RELAX_MS = 5_000
/** Keeps the line flat where nothing has told its slopes apart. */
const RIDGE = 1e-5
const TERMS = 3

export class StreamPace {
  #atMs = 0
  #lookedMs = 0
  #waiting = 0
  #streams = 0
  /** Since the last look: time of all streams, time in which a prompt waited, and tokens. */
  #streamMs = 0
  #waitMs = 0
  #tokens = 0
  #looks = 0
  #pace = 1
  /** Sums of the line, weighted and forgetting: products of its terms, and of the terms with the times. */
  readonly #products = new Float64Array(TERMS * TERMS)
  readonly #times = new Float64Array(TERMS)

  /** Streams that count now: begun, and not held. */
  get streams(): number {
    return this.#streams
  }

  begin(nowMs: number): PacedStream {
    let state: 'waits' | 'runs' | 'held' | 'over' = 'waits'
    const become = (next: typeof state, atMs: number): void => {
      if (state === next || state === 'over') return
      this.#advance(atMs)
      if (state === 'waits') this.#waiting--
      if (state === 'runs') this.#streams--
      if (next === 'runs') this.#streams++
      state = next
    }
    this.#advance(nowMs)
    this.#waiting++
    return {
      tokens: (tokens, atMs) => {
        if (state === 'runs') this.#tokens += tokens
        else if (state === 'waits') become('runs', atMs)
      },
      held: (isHeld, atMs) => {
        if (state === (isHeld ? 'runs' : 'held')) become(isHeld ? 'held' : 'runs', atMs)
      },
      over: (atMs) => become('over', atMs),
    }
  }

  /** Tokens of streams that count, for whoever does not say them one stream at a time. */
  count(tokens: number): void {
    this.#tokens += tokens
  }

  /** 1 = as usual, 2 = everything takes twice its time; null before enough was seen. */
  now(nowMs: number): number | null {
    this.#advance(nowMs)
    if (nowMs - this.#lookedMs >= LOOK_MS) this.#look(nowMs)
    return this.#looks < LOOKS_MIN ? null : this.#pace
  }

  #advance(nowMs: number): void {
    const ms = Math.max(0, nowMs - this.#atMs)
    this.#atMs = Math.max(this.#atMs, nowMs)
    this.#streamMs += ms * this.#streams
    if (this.#waiting > 0) this.#waitMs += ms
  }

  #look(nowMs: number): void {
    const elapsedMs = nowMs - this.#lookedMs
    const tokens = this.#tokens
    if (this.#streamMs > 0 && tokens > 0) {
      const terms = [1, this.#streamMs / elapsedMs, this.#waitMs / elapsedMs]
      this.#follow(terms, this.#streamMs / tokens, tokens / (tokens + HALF_TOKENS))
    } else if (this.#streamMs === 0) this.#pace = 1 + (this.#pace - 1) * 2 ** (-elapsedMs / RELAX_MS)
    this.#lookedMs = nowMs
    this.#streamMs = this.#waitMs = this.#tokens = 0
  }

  #follow(terms: readonly number[], tokenMs: number, weight: number): void {
    let usualMs = tokenMs
    if (this.#looks >= LOOKS_MIN) {
      const expectedMs = this.#expected(terms)
      if (!(expectedMs > 0)) return
      const ratio = Math.min(PACE_MAX, Math.max(1 / PACE_MAX, tokenMs / expectedMs))
      this.#pace += LOOK_WEIGHT * weight * (ratio - this.#pace)
      usualMs = Math.min(expectedMs * TEACHES_MAX, Math.max(expectedMs / TEACHES_MAX, tokenMs))
    }
    this.#looks++
    // A tenth more is as much news of a fast engine as of a slow one.
    const counts = weight / (usualMs * usualMs)
    const keep = 1 - 1 / MEMORY_LOOKS
    for (let i = 0; i < TERMS; i++) {
      const term = terms[i] as number
      this.#times[i] = (this.#times[i] as number) * keep + counts * term * usualMs
      for (let j = 0; j < TERMS; j++) {
        const at = TERMS * i + j
        this.#products[at] = (this.#products[at] as number) * keep + counts * term * (terms[j] as number)
      }
    }
  }

  /** By least squares: ms per token under a load, or no number. */
  #expected(terms: readonly number[]): number {
    const rows = Array.from({ length: TERMS }, (_, i) => [
      ...this.#products.subarray(TERMS * i, TERMS * (i + 1)),
      this.#times[i] as number,
    ])
    const floor = RIDGE * (rows[0]?.[0] as number)
    for (const [i, row] of rows.entries()) row[i] = (row[i] as number) + floor
    for (const [i, row] of rows.entries()) {
      for (const [j, other] of rows.entries()) {
        if (i === j) continue
        const factor = (other[i] as number) / (row[i] as number)
        for (let k = i; k <= TERMS; k++) other[k] = (other[k] as number) - factor * (row[k] as number)
      }
    }
    return rows.reduce((sum, row, i) => sum + ((terms[i] as number) * (row[TERMS] as number)) / (row[i] as number), 0)
  }
}
