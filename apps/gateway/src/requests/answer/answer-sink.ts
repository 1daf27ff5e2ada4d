/** Where an answer goes. */
import type { Target } from '../target.ts'

/** Where the chunks of an answer go: to the customer as they come, or into one whole answer. */
export interface AnswerSink {
  /** True where a chunk that was written cannot be taken back. */
  readonly streams: boolean
  /** Aborted when the customer is gone. */
  readonly signal: AbortSignal
  /** Before the first chunk of an attempt. */
  begin(target: Target, placement: unknown): void
  /** Hands one chunk on; a promise where the customer must catch up first. It never rejects. */
  write(chunk: Uint8Array): Promise<void> | undefined
  /** Bytes handed on in this attempt, framing included. */
  bytesOut(): number
  /** Tells the customer something that is no part of the answer, where there is a way to. */
  note?(text: string): void
  /** Forgets a failed attempt whose chunks never left. */
  reset(): void
}
