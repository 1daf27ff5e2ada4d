/**
 * Puts the text of neighbouring chunks together for an answer that nobody reads before its end: fewer frames to hash, to
 * carry and to parse on both sides.
 *
 * The first token leaves at once, because the time to it is measured; after it, what comes within a few milliseconds goes
 * together. Only plain text is merged: a chunk that says anything else goes alone, behind what came before it.
 */
import type { OpenAiChunk } from '../engines/engine-driver.ts'

export type CountedChunk = { readonly chunk: OpenAiChunk; readonly tokens: number }

/** How long text is held back at most while more comes. What an engine that dies leaves here was never sent, nor billed. */
const HOLD_MS_MAX = 20
const HELD_TOKENS_MAX = 256

type Text = { readonly field: 'delta' | 'text'; readonly text: string }

export class ChunkMerger {
  #held: { chunk: OpenAiChunk; tokens: number; field: Text['field']; parts: string[] } | undefined
  #sentMs = Number.NEGATIVE_INFINITY

  /** Tokens that are held back. */
  get heldTokens(): number {
    return this.#held?.tokens ?? 0
  }

  /** Takes the next chunk of the engine; returns what is to be sent now, in order. */
  add(chunk: OpenAiChunk, tokens: number, nowMs: number): CountedChunk[] {
    const plain = plainTextOf(chunk)
    const held = this.#held
    if (!plain || (held && held.field !== plain.field)) return [...this.flush(nowMs), { chunk, tokens }]
    if (held) {
      held.parts.push(plain.text)
      held.tokens += tokens
    } else this.#held = { chunk, tokens, field: plain.field, parts: [plain.text] }
    const isDue = nowMs - this.#sentMs >= HOLD_MS_MAX || this.heldTokens >= HELD_TOKENS_MAX
    return isDue ? this.flush(nowMs) : []
  }

  /** What is held back, as one chunk. */
  flush(nowMs: number): CountedChunk[] {
    const held = this.#held
    this.#held = undefined
    if (!held) return []
    this.#sentMs = nowMs
    const text = held.parts.join('')
    const [choice] = held.chunk.choices as [Record<string, unknown>]
    const part = held.field === 'text' ? { text } : { delta: { ...(choice.delta as object), content: text } }
    return [{ chunk: { ...held.chunk, choices: [{ ...choice, ...part }] }, tokens: held.tokens }]
  }
}

const choiceFields = new Set(['index', 'delta', 'text', 'logprobs', 'finish_reason'])
const deltaFields = new Set(['role', 'content'])

/** The text of a chunk that holds nothing but text of its first choice. */
function plainTextOf({ choices }: OpenAiChunk): Text | undefined {
  if (!Array.isArray(choices) || choices.length !== 1) return undefined
  const choice = choices[0] as Record<string, unknown>
  if (choice.finish_reason != null || choice.logprobs != null || (choice.index ?? 0) !== 0) return undefined
  for (const name in choice) if (!choiceFields.has(name)) return undefined
  if (typeof choice.text === 'string' && choice.delta === undefined) return { field: 'text', text: choice.text }
  const { delta } = choice
  if (typeof delta !== 'object' || delta === null || choice.text !== undefined) return undefined
  for (const name in delta) if (!deltaFields.has(name)) return undefined
  const { content } = delta as { content?: unknown }
  return typeof content === 'string' ? { field: 'delta', text: content } : undefined
}
