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

/** For thousands that wait. */
export function createStopping(): Stoppable {
  return new StoppingOfMany()
}

/** For one attempt and its rival. A request has two of these, so it is small: no map of its own. */
export function createStop(): Stoppable {
  return new StoppingOfFew()
}

class StoppingOfMany implements Stoppable {
  stopped = false
  #lastId = 0
  readonly #waiting = new SlotMap<number, () => void>()

  onStop(stop: () => void): () => void {
    const id = ++this.#lastId
    if (this.stopped) stop()
    else this.#waiting.set(id, stop)
    return () => void this.#waiting.delete(id)
  }

  stop(): void {
    this.stopped = true
    for (const stop of this.#waiting.values()) stop()
    this.#waiting.clear()
  }
}

class StoppingOfFew implements Stoppable {
  stopped = false
  #waiting: (() => void)[] = []

  onStop(stop: () => void): () => void {
    if (this.stopped) stop()
    else this.#waiting.push(stop)
    return () => {
      this.#waiting = this.#waiting.filter((other) => other !== stop)
    }
  }

  stop(): void {
    this.stopped = true
    const waiting = this.#waiting
    this.#waiting = []
    for (const stop of waiting) stop()
  }
}
