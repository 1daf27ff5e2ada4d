/**
 * Turns a customer's body into the call that the engine gets: within what was reserved, and under the engine's own name
 * for the model. Refusals here are the customer's mistakes; the engine checks the rest itself.
 */
import type { StreamOpen } from '@isochrone/protocol'
import type { EngineCall } from '../engines/engine-driver.ts'
import { continueCall } from './continue-call.ts'
import type { PreparedCall } from './prepared-call.ts'

/** What a template may add to a prompt, tokens: a system prompt of its own, roles, the words around tools. */
const TEMPLATE_TOKENS_MAX = 2_048
/** Tokens of a byte of the body at most, templates that write tools with spaces included. */
const TOKENS_PER_BYTE_MAX = 2

export interface PrepareOptions {
  engineModel: string
  /** That the engine is known to have room for; 0: it counts on the way, or nobody knows. */
  contextTokens?: number
}

const tokenLimitFields = ['max_tokens', 'max_completion_tokens'] as const

/**
 * The engine call for `open`. Output is limited to `open.tokensOutMax`, whatever the body says; a chat of one choice that names
 * no limit is told one only where its context surely holds it, since an engine refuses what it cannot hold. Else its end is left to
 * the engine, and `runStream` stops it there; then an engine that counts at its end has not counted the prompt.
 */
export function prepareCall(
  open: StreamOpen,
  body: Uint8Array,
  { engineModel, contextTokens = 0 }: PrepareOptions,
): PreparedCall {
  const fields = parseObject(body)
  if (!fields) return { ok: false, message: 'the body is not a JSON object' }
  if (open.path === '/v1/embeddings') {
    const { stream: _never, ...rest } = fields
    return { ok: true, call: { path: open.path, body: { ...rest, model: engineModel } } }
  }
  const { n = 1 } = fields
  if (n !== null && (typeof n !== 'number' || !Number.isInteger(n) || n < 1)) {
    return { ok: false, message: 'n: must be an integer of 1 or more' }
  }
  const prompts = Array.isArray(fields.prompt) && typeof fields.prompt[0] !== 'number' ? fields.prompt.length : 1
  const choices = Math.max(1, (n ?? 1) * prompts)
  // What was reserved is over all choices; engines limit each.
  let isNamed = false
  let tokensOutMax = Math.max(1, Math.floor(open.tokensOutMax / choices))
  for (const field of tokenLimitFields) {
    const given = fields[field]
    if (given === undefined || given === null) continue
    if (typeof given !== 'number' || !Number.isInteger(given) || given < 1) {
      return { ok: false, message: `${field}: must be an integer of 1 or more` }
    }
    tokensOutMax = Math.min(tokensOutMax, given)
    isNamed = true
  }
  const { max_tokens: _limit, max_completion_tokens: _other, stream_options: _ours, ...rest } = fields
  const isOpen = !isNamed && choices === 1 && open.path === '/v1/chat/completions'
  const bytes = body.length + Buffer.byteLength(open.continuation?.text ?? '')
  const endsItself = isOpen && promptTokensMost(fields, bytes) + tokensOutMax > contextTokens
  // `max_tokens` is the field that every server of this kind knows.
  const call: EngineCall = {
    path: open.path,
    body: { ...rest, model: engineModel, ...(!endsItself && { max_tokens: tokensOutMax }) },
  }
  return open.continuation ? continueCall(call, open.continuation.text) : { ok: true, call }
}

/** Infinity where something else than text is in the prompt. */
function promptTokensMost({ messages }: Record<string, unknown>, bytes: number): number {
  const isText = (part: unknown): boolean => (part as { type?: unknown } | null)?.type === 'text'
  const isPlain = (message: unknown): boolean => {
    const { content } = (message ?? {}) as { content?: unknown }
    return Array.isArray(content) ? content.every(isText) : true
  }
  if (!Array.isArray(messages) || !messages.every(isPlain)) return Infinity
  return bytes * TOKENS_PER_BYTE_MAX + TEMPLATE_TOKENS_MAX
}

function parseObject(body: Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined
  } catch {
    return undefined
  }
}
