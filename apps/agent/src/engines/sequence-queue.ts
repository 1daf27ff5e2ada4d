/**
 * A bounded first-in first-out queue for a fixed set of slots (the sequences of an engine).
 *
 * Nothing waits without a limit: one more than `queueMax` waiting is refused with 429. A waiter that aborts leaves
 * the queue at once and never takes a slot.
 */
import { EngineRequestError } from './engine-backend.ts'

type Waiter<Slot> = { readonly choose: (free: readonly Slot[]) => Slot; readonly take: (slot: Slot) => void }

export class SequenceQueue<Slot> {
  readonly #free: Slot[]
  readonly #size: number
  readonly #queueMax: number
  readonly #waiting: Waiter<Slot>[] = []

  constructor(slots: readonly Slot[], queueMax: number) {
    this.#free = [...slots]
    this.#size = slots.length
    this.#queueMax = queueMax
  }

  get running(): number {
    return this.#size - this.#free.length
  }

  get queued(): number {
    return this.#waiting.length
  }

  /**
   * A slot, picked by `choose` among the free ones, now or when the turn comes.
   * @throws {EngineRequestError} 429 when the queue is full; the abort reason when `signal` aborts first.
   */
  async acquire(choose: (free: readonly Slot[]) => Slot, signal: AbortSignal): Promise<Slot> {
    signal.throwIfAborted()
    if (this.#free.length > 0) return this.#remove(choose(this.#free))
    if (this.#waiting.length >= this.#queueMax) {
      throw new EngineRequestError(429, 'engine_busy', `the engine already has ${this.#queueMax} requests waiting`)
    }
    return await new Promise<Slot>((resolve, reject) => {
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1)
        reject(signal.reason)
      }
      const take = (slot: Slot) => {
        signal.removeEventListener('abort', leave)
        resolve(slot)
      }
      const waiter: Waiter<Slot> = { choose, take }
      this.#waiting.push(waiter)
      signal.addEventListener('abort', leave, { once: true })
    })
  }

  /** Gives a slot back, or a fresh one in place of a broken one. */
  release(slot: Slot): void {
    this.#free.push(slot)
    const next = this.#waiting.shift()
    if (next) next.take(this.#remove(next.choose(this.#free)))
  }

  #remove(slot: Slot): Slot {
    const index = this.#free.indexOf(slot)
    if (index < 0) throw new Error('a slot was chosen that is not free')
    this.#free.splice(index, 1)
    return slot
  }
}
