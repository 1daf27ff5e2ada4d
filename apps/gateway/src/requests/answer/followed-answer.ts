/**
 * One answer over all attempts that make it: what was handed on is remembered, and what a continuing attempt sends is
 * made to look like more of the same answer.
 *
 * The customer sees one `id` and `created`, one role, one finish reason. Bytes of an unbroken answer pass untouched.
 */
import { followDelivered, type AnswerHead, type DeliveredText } from './delivered-text.ts'
import type { Target } from '../target.ts'
import type { AnswerSink } from './answer-sink.ts'

export interface FollowedAnswer extends AnswerSink {
  /** What left for the customer, or into the whole answer. */
  readonly delivered: DeliveredText
  /** Something of the answer was handed on since it began, or began anew. */
  readonly begun: boolean
  /** The next attempt goes on where the last one broke off; `note` tells the customer once it does. */
  goOn(note: string): void
}

/** Follows what goes into `sink`; `follows` false: its text is not kept, so it cannot be continued. */
export function followAnswer(sink: AnswerSink, kind: 'chat' | 'completion', follows: boolean): FollowedAnswer {
  return new Followed(sink, kind, follows)
}

/** A class: see `Race` for what a literal with a getter costs. */
class Followed implements FollowedAnswer {
  readonly streams: boolean
  readonly signal: AbortSignal
  readonly delivered: DeliveredText
  begun = false
  readonly #sink: AnswerSink
  readonly #follows: boolean
  /** Of the attempts before this one. */
  #bytesBefore = 0
  /** Null while the first attempt runs. */
  #note: string | null = null

  constructor(sink: AnswerSink, kind: 'chat' | 'completion', follows: boolean) {
    this.streams = sink.streams
    this.signal = sink.signal
    this.delivered = followDelivered(kind)
    this.#sink = sink
    this.#follows = follows
  }

  begin(target: Target, placement: unknown): void {
    this.begun = true
    if (this.#note === null) this.#sink.begin(target, placement)
    else this.#sink.note?.(this.#note)
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    const written = this.#note === null ? chunk : likeTheFirst(chunk, this.delivered.head)
    if (written === null) return undefined
    if (this.#follows) this.delivered.add(written)
    return this.#sink.write(written)
  }

  bytesOut(): number {
    return this.#sink.bytesOut() - this.#bytesBefore
  }

  note(text: string): void {
    this.#sink.note?.(text)
  }

  goOn(note: string): void {
    this.#note = note
    this.#bytesBefore = this.#sink.bytesOut()
  }

  reset(): void {
    this.begun = false
    this.#note = null
    this.#bytesBefore = 0
    this.delivered.clear()
    this.#sink.reset()
  }
}

/** The chunk as if the first attempt had sent it; null where it then says nothing. */
function likeTheFirst(chunk: Uint8Array, head: AnswerHead | null): Uint8Array | null {
  const parsed = parse(chunk)
  if (!parsed) return chunk
  const choices = Array.isArray(parsed.choices) ? (parsed.choices as unknown[]).map(withoutRole) : []
  if (choices.length > 0 && choices.every(isEmpty)) return null
  const { id, created } = head ?? parsed
  return Buffer.from(JSON.stringify({ ...parsed, id, created, choices }))
}

function withoutRole(choice: unknown): unknown {
  if (typeof choice !== 'object' || choice === null || !('delta' in choice)) return choice
  const { role: _role, ...delta } = (choice.delta ?? {}) as Record<string, unknown>
  return { ...choice, delta }
}

function isEmpty(choice: unknown): boolean {
  if (typeof choice !== 'object' || choice === null) return false
  const { delta, text, finish_reason: finish } = choice as Record<string, unknown>
  if (typeof finish === 'string') return false
  if (typeof text === 'string') return text === ''
  return (
    typeof delta === 'object' && delta !== null && Object.values(delta).every((value) => value === '' || value === null)
  )
}

function parse(chunk: Uint8Array): Record<string, unknown> | null {
  try {
    const text = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('utf8')
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
