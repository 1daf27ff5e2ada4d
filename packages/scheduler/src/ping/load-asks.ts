/**
 * Which replicas are asked for their load between two heartbeats: those that a decision has just named, because they are
 * the ones that the next decisions are likely to name, and each at most once in a while.
 *
 * A heartbeat a second is old news where a place is taken every few milliseconds by several gateways. Asking all more often
 * would cost as much as it tells; asking those that count costs a few small frames a decision (Prequal, NSDI 2024, asks for
 * the same reason, but on the way of the request). Nobody waits for the answer.
 */

/** Shortest time between two asks of one replica, ms: what the figures were measured with. */
export const LOAD_ASK_MS = 50

export interface LoadAsks {
  /** True when the replica may be asked now; it then counts as asked. */
  due(replica: number, nowMs: number): boolean
}

export function createLoadAsks(everyMs: number = LOAD_ASK_MS): LoadAsks {
  const askedMs: number[] = []
  return {
    due(replica, nowMs) {
      if (nowMs - (askedMs[replica] ?? -Infinity) < everyMs) return false
      askedMs[replica] = nowMs
      return true
    },
  }
}
