/**
 * Reads an OpenAI request as far as a gateway must: model, stream, token limits. All else passes through untouched, so
 * that engines may offer what this gateway has never heard of.
 *
 * Checks by hand instead of a schema: a schema would copy every message of a long conversation.
 */
import { AppError } from '@isochrone/domain'
import { errorPositionOfJson } from './json-error-position.ts'

export type InferencePath = '/v1/chat/completions' | '/v1/completions'

export interface InferenceRequest {
  path: InferencePath
  model: string
  stream: boolean
  includeUsage: boolean
  /** Over all choices; `DEFAULT_TOKENS_OUT_MAX` for each where the request names no limit. */
  tokensOutMax: number
  /** The body as it came, which is what the node gets and what is hashed. */
  body: Uint8Array
}

/** A request without a token limit is reserved, and stopped, at this many output tokens. */
export const DEFAULT_TOKENS_OUT_MAX = 256
const TOKENS_OUT_MAX = 1_000_000
const CHOICES_MAX = 8
const LOCATED_CHARACTERS_MAX = 256 * 1024

/** Throws `invalid_input` naming the field, or the position where the body stops being JSON. */
export function parseInferenceRequest(path: InferencePath, body: Uint8Array): InferenceRequest {
  const json = objectOf(parseJson(body))
  const { model, stream } = json
  if (model === undefined || model === null) throw missing('model')
  if (typeof model !== 'string' || model === '') throw wrong('model', 'a non-empty string')
  if (stream !== undefined && stream !== null && typeof stream !== 'boolean') throw wrong('stream', 'a boolean')
  if (path === '/v1/chat/completions') checkMessages(json.messages)
  else checkPrompt(json.prompt)
  const choices = limitOf(json.n, 'n', CHOICES_MAX) ?? 1
  const chatLimit =
    path === '/v1/chat/completions' ? limitOf(json.max_completion_tokens, 'max_completion_tokens') : null
  const limit = chatLimit ?? limitOf(json.max_tokens, 'max_tokens') ?? DEFAULT_TOKENS_OUT_MAX
  return {
    path,
    model,
    stream: stream === true,
    includeUsage: includeUsageOf(json.stream_options),
    tokensOutMax: limit * choices,
    body,
  }
}

/** The body as JSON. Throws `invalid_input` with line and column. */
export function parseJson(body: Uint8Array): unknown {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AppError('invalid_input', { publicMessage: `The body is not valid JSON${placeOf(text)}.`, cause })
  }
}

/** Looked for in texts of a bounded length: the search holds up every other request, and recurses on long strings. */
function placeOf(text: string): string {
  if (text.trim() === '') return ': it is empty'
  if (text.length > LOCATED_CHARACTERS_MAX) return ''
  const { line, column, position } = errorPositionOfJson(text)
  return `: line ${line}, column ${column} (position ${position})`
}

function checkMessages(messages: unknown): void {
  if (messages === undefined || messages === null) throw missing('messages')
  if (!Array.isArray(messages) || messages.length === 0) throw wrong('messages', 'a non-empty array')
  for (const [index, message] of messages.entries()) {
    if (typeof message !== 'object' || message === null) throw wrong(`messages[${index}]`, 'an object')
    const { role, content } = message as Record<string, unknown>
    if (typeof role !== 'string') throw wrong(`messages[${index}].role`, 'a string')
    const known = content === undefined || content === null || typeof content === 'string' || Array.isArray(content)
    if (!known) throw wrong(`messages[${index}].content`, 'a string or an array of parts')
  }
}

function checkPrompt(prompt: unknown): void {
  if (prompt === undefined || prompt === null) throw missing('prompt')
  if (typeof prompt !== 'string' && !(Array.isArray(prompt) && prompt.length > 0)) {
    throw wrong('prompt', 'a string or a non-empty array')
  }
}

function includeUsageOf(options: unknown): boolean {
  if (options === undefined || options === null) return false
  if (typeof options !== 'object') throw wrong('stream_options', 'an object')
  const { include_usage: includeUsage } = options as Record<string, unknown>
  if (includeUsage !== undefined && includeUsage !== null && typeof includeUsage !== 'boolean') {
    throw wrong('stream_options.include_usage', 'a boolean')
  }
  return includeUsage === true
}

function limitOf(value: unknown, field: string, max = TOKENS_OUT_MAX): number | null {
  if (value === undefined || value === null) return null
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > max) {
    throw wrong(field, `an integer from 1 to ${max}`)
  }
  return value
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AppError('invalid_input', { publicMessage: 'The body must be a JSON object.' })
  }
  return value as Record<string, unknown>
}

const missing = (field: string): AppError =>
  new AppError('invalid_input', { publicMessage: `You must provide a '${field}' parameter.`, field })

const wrong = (field: string, expected: string): AppError =>
  new AppError('invalid_input', { publicMessage: `'${field}' must be ${expected}.`, field })
