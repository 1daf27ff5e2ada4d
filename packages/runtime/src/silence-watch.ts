/**
 * Tells that another side is silent, never that this process was: a timer of an event loop that was held up fires before what
 * came meanwhile is read. So it reads first, and only then says that there was nothing.
 */

/**
 * Calls `action` when what the sockets hold by now has been read. Twice round the loop: with very many sockets ready, one
 * round may not come to all of them.
 */
export function afterReading(action: () => void): void {
  setImmediate(() => setImmediate(action))
}

/** Starts with its construction. Calls back once a silence; what is heard after it begins another one. */
export class SilenceWatch {
  readonly #timer: NodeJS.Timeout
  /** The time is up, and what has come is being read. */
  #isDue = false
  #isOver = false

  constructor(silenceMs: number, onSilence: () => void) {
    this.#timer = setTimeout(() => {
      this.#isDue = true
      afterReading(() => {
        if (!this.#isDue) return
        this.#isDue = false
        onSilence()
      })
    }, silenceMs)
  }

  heard(): void {
    if (this.#isOver) return
    this.#isDue = false
    this.#timer.refresh()
  }

  stop(): void {
    this.#isOver = true
    this.#isDue = false
    clearTimeout(this.#timer)
  }
}
