/**
 * What a customer has been handed of an answer, kept so that another node can go on with it.
 *
 * Costs two comparisons of memory for a usual chunk: the chunks of a stream differ in their text alone, so only those
 * that look otherwise are parsed. Bounded. Whatever cannot be continued truthfully (tool calls, reasoning apart from the
 * text, several choices) is told as an obstacle.
 */

import { ownBytes } from '@isochrone/runtime'

/** Of the first chunk: what later chunks of the same answer must repeat. */
export interface AnswerHead {
  readonly id: unknown
  readonly created: unknown
}

export interface DeliveredText {
  add(chunk: Uint8Array): void
  /** The text so far; null where it cannot be gone on from. */
  text(): string | null
  readonly head: AnswerHead | null
  /** The chunk with the finish reason was handed on: nothing is missing. */
  readonly finished: boolean
  /** The answer starts anew. */
  clear(): void
}

/** A frame of the link holds 16 MiB with the request's body of 10 MiB; JSON writes a byte as six at most. */
const TEXT_BYTES_MAX = 512 * 1024

export function followDelivered(kind: 'chat' | 'completion'): DeliveredText {
  return new Delivered(kind)
}

/** A class: see `Race` for what a literal with a getter costs. */
class Delivered implements DeliveredText {
  head: AnswerHead | null = null
  finished = false
  readonly #kind: 'chat' | 'completion'
  /** Texts as they stand between the quotes of their chunks. */
  #literals: string[] = []
  #bytes = 0
  #frame: { before: Buffer; after: Buffer } | null = null
  #obstacle = false

  constructor(kind: 'chat' | 'completion') {
    this.#kind = kind
  }

  add(bytesOfChunk: Uint8Array): void {
    if (this.#obstacle) return
    const chunk = Buffer.from(bytesOfChunk.buffer, bytesOfChunk.byteOffset, bytesOfChunk.byteLength)
    if (!this.#addAlike(chunk)) this.#addParsed(chunk)
  }

  text(): string | null {
    if (this.#obstacle || this.#literals.length === 0) return null
    try {
      return JSON.parse(`"${this.#literals.join('')}"`) as string
    } catch {
      // A node that hides something between the quotes: nobody goes on from that.
      return null
    }
  }

  clear(): void {
    this.#literals = []
    this.#bytes = 0
    this.#frame = this.head = null
    this.#obstacle = this.finished = false
  }

  #keep(literal: string): void {
    if (literal === '') return
    this.#bytes += literal.length
    if (this.#bytes > TEXT_BYTES_MAX) this.#obstacle = true
    else this.#literals.push(literal)
  }

  /** True where the chunk is like the last one that was parsed, but for its text. */
  #addAlike(chunk: Buffer): boolean {
    if (!this.#frame) return false
    const { before, after } = this.#frame
    const to = chunk.length - after.length
    if (to < before.length || !startsWith(chunk, before) || chunk.compare(after, 0, after.length, to) !== 0)
      return false
    this.#keep(chunk.toString('utf8', before.length, to))
    return true
  }

  #addParsed(chunk: Buffer): void {
    const parsed = parse(chunk)
    this.head ??= { id: parsed?.id, created: parsed?.created }
    const part = parsed && partOf(parsed, this.#kind)
    if (part === undefined || part === null) {
      this.#obstacle = true
      return
    }
    const literal = JSON.stringify(part.text).slice(1, -1)
    this.#keep(literal)
    this.finished ||= part.finished
    if (!part.finished && literal !== '') this.#frame = frameAround(chunk, literal, this.#kind)
  }
}

interface Part {
  text: string
  finished: boolean
}

/** The text of a chunk; null where it holds something else that the customer has got. */
function partOf({ choices }: Record<string, unknown>, kind: 'chat' | 'completion'): Part | null {
  if (!Array.isArray(choices)) return null
  const [choice, ...others] = choices as (Record<string, unknown> | null)[]
  if (choice === undefined) return { text: '', finished: false }
  if (choice === null || others.length > 0 || (choice.index ?? 0) !== 0) return null
  const finished = typeof choice.finish_reason === 'string'
  if (kind === 'completion') return typeof choice.text === 'string' ? { text: choice.text, finished } : null
  const { role: _role, content, ...more } = (choice.delta ?? {}) as Record<string, unknown>
  if (!Object.values(more).every(saysNothing)) return null
  if (typeof content === 'string') return { text: content, finished }
  return saysNothing(content) ? { text: '', finished } : null
}

const saysNothing = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)

/** What stands around the text, where the chunk writes it exactly once and as we would. */
function frameAround(
  chunk: Buffer,
  literal: string,
  kind: 'chat' | 'completion',
): { before: Buffer; after: Buffer } | null {
  const marker = kind === 'chat' ? '"content":"' : '"text":"'
  const at = chunk.indexOf(marker)
  if (at < 0 || chunk.indexOf(marker, at + marker.length) >= 0) return null
  const from = at + marker.length
  const text = Buffer.from(literal, 'utf8')
  const to = from + text.length
  if (chunk.compare(text, 0, text.length, from, to) !== 0 || chunk[to] !== QUOTE) return null
  // Kept as long as the stream: a chunk is a view into a message of the link, which would be kept with it.
  return { before: ownBytes(chunk.subarray(0, from)), after: ownBytes(chunk.subarray(to)) }
}

const QUOTE = 0x22
const startsWith = (chunk: Buffer, start: Buffer): boolean =>
  chunk.compare(start, 0, start.length, 0, start.length) === 0

function parse(chunk: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(chunk.toString('utf8'))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
