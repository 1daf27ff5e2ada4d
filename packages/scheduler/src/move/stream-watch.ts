/**
 * How fast the streams of a replica advance between two looks at them: what `ReplicaPool.paced` is told.
 *
 * A stream counts in a look when it had its first token before the last one: its prompt was no part of the time that went
 * by. Nothing here knows a clock; the caller says when it looks, and forgets streams that are over.
 */

/** A stream as it stands at a look. */
export interface StreamProgress {
  /** Tokens received in all. */
  readonly delivered: number
  /** When the first of them came, ms by the clock of the looks. */
  readonly firstMs: number
}

/** What the streams of one replica took between two looks. */
export interface RecentPace {
  /** ms per token of a stream. */
  tpotMs: number
  /** Tokens of all that counted. */
  tokens: number
  /** Time between the two looks. */
  elapsedMs: number
}

export interface StreamWatch<K> {
  /** Null where no stream counts. `keyOf` names a stream over all its looks. */
  look<S extends StreamProgress>(
    replica: number,
    streams: readonly S[],
    keyOf: (stream: S) => K,
    nowMs: number,
  ): RecentPace | null
  /** The stream is over, or its last interval says nothing: it counts again from the look after the next. */
  forget(key: K): void
}

export function createStreamWatch<K>(): StreamWatch<K> {
  /** Tokens received when the stream was last looked at; and when its replica was. */
  const seen = new Map<K, number>()
  const seenMs: number[] = []

  return {
    look(replica, streams, keyOf, nowMs) {
      const elapsedMs = nowMs - (seenMs[replica] ?? 0)
      seenMs[replica] = nowMs
      let tokens = 0
      let streamMs = 0
      for (const stream of streams) {
        const { delivered, firstMs } = stream
        const key = keyOf(stream)
        const before = seen.get(key)
        seen.set(key, delivered)
        if (before === undefined || delivered < before || nowMs - firstMs < elapsedMs) continue
        tokens += delivered - before
        streamMs += elapsedMs
      }
      return streamMs === 0 ? null : { tpotMs: streamMs / Math.max(1, tokens), tokens, elapsedMs }
    },
    forget: (key) => void seen.delete(key),
  }
}
