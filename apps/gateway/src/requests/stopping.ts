import { SlotMap } from '@isochrone/domain'

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
  const waiting = new SlotMap<number, () => void>()
  let lastId = 0
  let stopped = false
  return {
    get stopped() {
      return stopped
    },
    onStop(stop) {
      const id = ++lastId
      if (stopped) stop()
      else waiting.set(id, stop)
      return () => void waiting.delete(id)
    },
    stop() {
      stopped = true
      for (const stop of waiting.values()) stop()
      waiting.clear()
    },
  }
}
