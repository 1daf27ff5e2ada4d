/** The moment at which this process gives up what still runs: after that nothing may be blamed on a node. */
export interface Stopping {
  readonly stopped: boolean
  /** Calls `stop` once when the process gives up, at once where it has. Returns how to take it back. */
  onStop(stop: () => void): () => void
}

export interface Stoppable extends Stopping {
  stop(): void
}

export function createStopping(): Stoppable {
  const waiting = new Set<() => void>()
  let stopped = false
  return {
    get stopped() {
      return stopped
    },
    onStop(stop) {
      if (stopped) stop()
      else waiting.add(stop)
      return () => void waiting.delete(stop)
    },
    stop() {
      stopped = true
      for (const stop of waiting) stop()
      waiting.clear()
    },
  }
}
