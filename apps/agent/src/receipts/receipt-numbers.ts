/**
 * Numbers of work receipts, reserved on the disk in blocks before they are used: none is used twice, though a receipt is seen
 * before it is on the disk itself.
 *
 * Who did not end in order goes on behind what was reserved: nothing needs the numbers of a node without gaps.
 */
import type { AppendLog } from './append-log.ts'

export const RESERVED_NUMBERS = 10_000

export class ReceiptNumbers {
  readonly #log: AppendLog
  readonly #block: number
  #last: number
  /** On the disk. */
  #reservedTo: number
  /** Asked for. */
  #askedTo: number

  /** Numbers up to `last` were used, or may have been. The next `block` is reserved when half of one is left. */
  constructor(log: AppendLog, last: number, block: number) {
    this.#log = log
    this.#block = block
    this.#last = last
    this.#reservedTo = last
    this.#askedTo = last
    this.#ask()
  }

  /** The last one that was used, or may have been. */
  get last(): number {
    return this.#last
  }

  next(): number {
    this.#last += 1
    if (this.#askedTo - this.#last < this.#block / 2) this.#ask()
    return this.#last
  }

  /** Whether it is on the disk that this number may have been used. */
  isReserved(number: number): boolean {
    return number <= this.#reservedTo
  }

  /** The last thing before the log is closed: who opens it next goes on behind the last number that was used. */
  giveBack(): void {
    // Where it cannot be written, numbers are left out.
    this.#log.append({ kind: 'numbers', upTo: this.#last }).catch(() => {})
  }

  #ask(): void {
    const upTo = this.#last + this.#block
    this.#askedTo = upTo
    this.#log.append({ kind: 'numbers', upTo }).then(
      () => (this.#reservedTo = upTo),
      // The log has failed: nothing is signed any more.
      () => {},
    )
  }
}
