/**
 * Puts the text of neighbouring chunks together: fewer frames to hash, to carry and to parse on both sides.
 *
 * What an engine sends together goes on together, and so does what follows the last chunk within a few milliseconds: nobody
 * reads a hundred pieces a second. The first token leaves with its turn, because a node is judged by it, and tokens that are
 * further apart than that never wait. Only plain text is merged, and the end behind it: a chunk that says anything else goes
 * alone, behind what came before it.
 */
import type { OpenAiChunk } from '../engines/engine-driver.ts'

export type CountedChunk = { readonly chunk: OpenAiChunk; readonly tokens: number }

/** From a chunk to the next one at least, while more comes. What an engine that dies leaves here was never sent, nor billed. */
export const HOLD_MS_MAX = {
  /** Of an answer that nobody reads before its end. */
  whole: 20,
  /** Of one that is read as it comes: no token waits longer. */
  streamed: 10,
} as const
const HELD_TOKENS_MAX = 256
/** Of text, in UTF-16 units. Written as JSON, and each as long as it can be, they still fit a frame. */
const HELD_LENGTH_MAX = 16 * 1024

type Text = { readonly field: 'delta' | 'text'; readonly text: string; readonly finish: string | null }
type Held = {
  chunk: OpenAiChunk
  tokens: number
  field: Text['field']
  parts: string[]
  length: number
  finish: string | null
}

export class ChunkMerger {
  readonly #holdMsMax: number
  #held: Held | undefined
  #isDue = false
  /** The first token has come. */
  #isBegun = false
  #sentMs = Number.NEGATIVE_INFINITY

  /** `holdMsMax` 0: what is held is due in the turn of the event loop in which it came. */
  constructor(holdMsMax: number) {
    this.#holdMsMax = holdMsMax
  }

  /** Tokens that are held back. */
  get heldTokens(): number {
    return this.#held?.tokens ?? 0
  }

  /** What is held back is to be flushed in this turn, when no more of it comes. */
  get isDue(): boolean {
    return this.#isDue
  }

  /** What is held back is to be flushed within the time to hold. */
  get mayWait(): boolean {
    return this.#held !== undefined && !this.#isDue
  }

  /** Takes the next chunk of the engine; returns what is to be sent now, in order. */
  add(chunk: OpenAiChunk, tokens: number, nowMs: number): CountedChunk[] {
    const plain = plainTextOf(chunk)
    const held = this.#held
    const isFirst = tokens > 0 && !this.#isBegun
    this.#isBegun ||= isFirst
    if (!plain || (held && !goesOn(held, plain, chunk))) return [...this.flush(nowMs), { chunk, tokens }]
    const { field, text, finish } = plain
    if (held) {
      held.parts.push(text)
      held.length += text.length
      held.tokens += tokens
      held.finish = finish
    } else this.#held = { chunk, tokens, field, parts: [text], length: text.length, finish }
    if (this.heldTokens >= HELD_TOKENS_MAX || (this.#held?.length ?? 0) >= HELD_LENGTH_MAX) return this.flush(nowMs)
    this.#isDue ||= isFirst || finish !== null || nowMs - this.#sentMs >= this.#holdMsMax
    return []
  }

  /** What is held back, as one chunk. */
  flush(nowMs: number): CountedChunk[] {
    const held = this.#held
    this.#held = undefined
    this.#isDue = false
    if (!held) return []
    this.#sentMs = nowMs
    const { chunk, tokens, field, parts, finish } = held
    if (parts.length === 1) return [{ chunk, tokens }]
    const text = parts.join('')
    const [choice] = chunk.choices as [Record<string, unknown>]
    const part = field === 'text' ? { text } : { delta: { ...(choice.delta as object), content: text } }
    const end = finish === null ? {} : { finish_reason: finish }
    return [{ chunk: { ...chunk, choices: [{ ...choice, ...part, ...end }] }, tokens }]
  }
}

/** Whether the text goes behind what is held; an end that says something of its own beside the choice does not. */
function goesOn(held: Held, { field, text, finish }: Text, chunk: OpenAiChunk): boolean {
  if (held.field !== field || held.finish !== null || held.length + text.length > HELD_LENGTH_MAX) return false
  if (finish !== null) for (const name in chunk) if (!(name in held.chunk)) return false
  return true
}

const choiceFields = new Set(['index', 'delta', 'text', 'logprobs', 'finish_reason'])
const deltaFields = new Set(['role', 'content'])

/** The text of a chunk that holds nothing but text of its first choice, and its end. */
function plainTextOf({ choices }: OpenAiChunk): Text | undefined {
  if (!Array.isArray(choices) || choices.length !== 1) return undefined
  const choice = choices[0] as Record<string, unknown>
  if (choice.logprobs != null || (choice.index ?? 0) !== 0) return undefined
  for (const name in choice) if (!choiceFields.has(name)) return undefined
  const { delta, text, finish_reason: reason } = choice
  const finish = typeof reason === 'string' ? reason : null
  if (typeof text === 'string' && delta === undefined) return { field: 'text', text, finish }
  if (typeof delta !== 'object' || delta === null || text !== undefined) return undefined
  for (const name in delta) if (!deltaFields.has(name)) return undefined
  const { content } = delta as { content?: unknown }
  if (typeof content === 'string') return { field: 'delta', text: content, finish }
  return finish === null || content != null ? undefined : { field: 'delta', text: '', finish }
}
