/**
 * Reads an OpenAI request as far as a gateway must: model, stream, token limits, our own `routing`. All else passes
 * through untouched, so that engines may offer what this gateway has never heard of.
 *
 * Messages are checked by hand instead of by a schema, which would copy every one of a long conversation.
 */
import {
  AppError,
  EMBEDDING_BYTES_MAX,
  inputsOf,
  requestNeeds,
  tokensOutOf,
  UNNAMED_TOKENS_OUT_NEEDED,
  type RequestNeed,
  type TokensOut,
} from '@isochrone/domain'
import { parseRoutingPolicy, splitModelSuffix, type RoutingSort, type RoutingWish } from '@isochrone/scheduler'
import { errorPositionOfJson } from './json-error-position.ts'
import { isNestedBeyond } from './json-depth.ts'
import { readKnownFields } from './known-fields.ts'
import { parseSealedRequest } from './parse-sealed-request.ts'
import { promptHeadOf } from './prompt-head.ts'
import { rewriteBody } from './rewrite-body.ts'

export type InferencePath = '/v1/chat/completions' | '/v1/completions' | '/v1/embeddings'

/** Its output tokens are those that it names, or what `tokensOutOf` says where it names none. */
export interface InferenceRequest extends TokensOut {
  path: InferencePath
  model: string
  stream: boolean
  includeUsage: boolean
  /** What the node gets and what is hashed: the body as it came, less what is the gateway's own. */
  body: Uint8Array
  /** `routing` of the body: checked, and as it was sent. */
  routing: RoutingWish
  routingJson: Record<string, unknown>
  /** `:price`, `:latency` or `:throughput` behind the model's name. */
  suffix: RoutingSort | null
  /** The beginning of the prompt as text: what replicas may have in their prefix caches. */
  promptHead: string
  /** `prompt_cache_key` of the body, as it was sent. */
  session: unknown
  /** What is too long where no context holds the request: the limit of its answer, or its prompt where it names none. */
  lengthField: string
  /** What the engine must be able to do, each with the field that asks for it. */
  needs: readonly RequestNeed[]
  /** Of a sealed request: the keys that it is sealed to, and how long its prompt is about. */
  sealed?: { keys: readonly string[]; promptBytes: number }
  /** Bytes of answer that are billed at most, where the tokens do not say it. */
  bytesOutMax?: number
}

export interface ParseOptions {
  /** Models that exist under that very name, which may end like a suffix. */
  isModel?: (name: string) => boolean
}

const roles: ReadonlySet<string> = new Set(['system', 'developer', 'user', 'assistant', 'tool', 'function'])
const promptFields = {
  '/v1/chat/completions': 'messages',
  '/v1/completions': 'prompt',
  '/v1/embeddings': 'input',
} as const satisfies Record<InferencePath, string>
/** Inputs of one embeddings request, as at OpenAI. */
const INPUTS_MAX = 2_048
/** Prompts of one completion: each is reserved in full. */
const PROMPTS_MAX = 32
/** Objects and arrays inside one another; JSON schemas of tools have some tens. */
const DEPTH_MAX = 512

/** Throws `invalid_input` naming the field, or the position where the body stops being JSON. */
export function parseInferenceRequest(
  path: InferencePath,
  sentBody: Uint8Array,
  { isModel = () => false }: ParseOptions = {},
): InferenceRequest {
  const json = objectOf(parseJson(sentBody))
  const { model: name } = json
  if (name === undefined || name === null) throw missing('model')
  if (typeof name !== 'string' || name === '') throw wrong('model', 'a non-empty string')
  if (isSealed(json)) return sealedRequest(path, sentBody, json, isModel(name) ? name : splitModelSuffix(name).model)
  if (path === '/v1/embeddings') checkPrompt(json.input, 'input')
  else if (path === '/v1/completions') checkPrompt(json.prompt, 'prompt')
  else checkChat(json)
  const { stream, includeUsage, choices, tokensOutMax: named, limitField } = readKnownFields(path, json)
  const { policy: routing } = parseRoutingPolicy(json.routing)
  const { model, suffix } = isModel(name) ? { model: name, suffix: null } : splitModelSuffix(name)
  return {
    path,
    model,
    stream,
    includeUsage,
    ...tokensOutOf(path, { named, choices, prompts: inputsOf(json.prompt) }),
    body: forNode(sentBody, 'routing' in json, suffix === null ? null : model),
    routing,
    routingJson: typeof json.routing === 'object' && json.routing !== null ? { ...json.routing } : {},
    suffix,
    session: json.prompt_cache_key,
    // Engines keep no prefixes of what they embed.
    promptHead: path === '/v1/embeddings' ? '' : promptHeadOf(path === '/v1/completions' ? json.prompt : json.messages),
    lengthField: limitField ?? promptFields[path],
    needs: requestNeeds(path, json),
    ...(path === '/v1/embeddings' && { bytesOutMax: EMBEDDING_BYTES_MAX * inputsOf(json.input) }),
  }
}

/** Whether the body is, or means to be, a sealed request. */
export const isSealed = ({ sealed }: Record<string, unknown>): boolean => sealed !== undefined && sealed !== null

function sealedRequest(
  path: InferencePath,
  sentBody: Uint8Array,
  json: Record<string, unknown>,
  model: string,
): InferenceRequest {
  const header = parseSealedRequest(path, json, model)
  const { stream, includeUsage } = readKnownFields(path, { stream: json.stream, stream_options: json.stream_options })
  const suffix = model === json.model ? null : splitModelSuffix(String(json.model)).suffix
  const { ciphertext } = json.sealed as { ciphertext: string }
  return {
    path,
    model,
    stream,
    includeUsage,
    tokensOutMax: header.max_tokens,
    ...(!isNamed(json.max_tokens) && { tokensOutNeeded: Math.min(UNNAMED_TOKENS_OUT_NEEDED, header.max_tokens) }),
    body: forNode(sentBody, 'routing' in json, suffix === null ? null : model),
    routing: parseRoutingPolicy(json.routing).policy,
    routingJson: header.routing ?? {},
    suffix,
    session: null,
    promptHead: '',
    lengthField: 'max_tokens',
    // What its engine must be able to do is matched by its client, who chose the nodes.
    needs: requestNeeds(path, {}),
    sealed: { keys: header.keys, promptBytes: Math.floor(ciphertext.length * 0.75) },
  }
}

const isNamed = (limit: unknown): boolean => limit !== undefined && limit !== null

/** Engines know nothing of routing, and models by their names alone. */
function forNode(body: Uint8Array, hasRouting: boolean, newModel: string | null): Uint8Array {
  if (!hasRouting && newModel === null) return body
  const changes = new Map<string, string | null>([['routing', null]])
  if (newModel !== null) changes.set('model', JSON.stringify(newModel))
  return rewriteBody(body, changes)
}

/** The body as JSON. Throws `invalid_input` with line and column, and on what is nested beyond what any request needs. */
export function parseJson(body: Uint8Array): unknown {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const text = bytes.toString('utf8')
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new AppError('invalid_input', { publicMessage: `The body is not valid JSON${placeOf(text)}.`, cause })
  }
  // What prints or copies it afterwards recurses, `JSON.stringify` too.
  if (isNestedBeyond(DEPTH_MAX, bytes)) {
    throw new AppError('invalid_input', { publicMessage: `The body is nested more than ${DEPTH_MAX} levels deep.` })
  }
  return value
}

/** A quarter of a second for nine megabytes at worst, on a core of 2.5 GHz; `JSON.parse` alone may take longer for them. */
function placeOf(text: string): string {
  if (text.trim() === '') return ': it is empty'
  const { line, column, position } = errorPositionOfJson(text)
  return `: line ${line}, column ${column} (position ${position})`
}

function checkChat({ messages, store }: Record<string, unknown>): void {
  checkMessages(messages)
  if (store !== true) return
  throw new AppError('invalid_input', {
    publicMessage: "'store' is not supported: completions are not stored here; leave it out or set it to false.",
    field: 'store',
    details: { reason: 'unsupported_field' },
  })
}

function checkMessages(messages: unknown): void {
  if (messages === undefined || messages === null) throw missing('messages')
  if (!Array.isArray(messages) || messages.length === 0) throw wrong('messages', 'a non-empty array')
  for (const [index, message] of messages.entries()) {
    if (typeof message !== 'object' || message === null) throw wrong(`messages[${index}]`, 'an object')
    const { role, content } = message as Record<string, unknown>
    if (typeof role !== 'string' || !roles.has(role)) {
      throw wrong(`messages[${index}].role`, `one of ${[...roles].join(', ')}`)
    }
    const known = content === undefined || content === null || typeof content === 'string' || Array.isArray(content)
    if (!known) throw wrong(`messages[${index}].content`, 'a string or an array of parts')
    if (Array.isArray(content)) checkParts(content, `messages[${index}].content`)
  }
}

function checkParts(parts: readonly unknown[], field: string): void {
  for (const [index, part] of parts.entries()) {
    if (typeof part !== 'object' || part === null) throw wrong(`${field}[${index}]`, 'an object')
    if (typeof (part as Record<string, unknown>).type !== 'string') throw wrong(`${field}[${index}].type`, 'a string')
  }
}

/** A text, token ids, or several of either, as OpenAI has it; whether it takes several is the engine's to say. */
function checkPrompt(prompt: unknown, field: 'prompt' | 'input'): void {
  if (prompt === undefined || prompt === null) throw missing(field)
  if (typeof prompt === 'string') return
  if (!Array.isArray(prompt) || prompt.length === 0) throw wrong(field, 'a string or a non-empty array')
  const most = field === 'input' ? INPUTS_MAX : PROMPTS_MAX
  if (typeof prompt[0] !== 'number' && prompt.length > most) {
    throw wrong(field, `at most ${most} of them`)
  }
  for (const [index, item] of prompt.entries()) {
    const known = typeof item === 'string' || Number.isInteger(item) || Array.isArray(item)
    if (!known) throw wrong(`${field}[${index}]`, 'a string, a token id or an array of token ids')
  }
}

/** Throws `invalid_input` on JSON that is no object. */
export function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AppError('invalid_input', { publicMessage: 'The body must be a JSON object.' })
  }
  return value as Record<string, unknown>
}

const missing = (field: string): AppError =>
  new AppError('invalid_input', { publicMessage: `You must provide a '${field}' parameter.`, field })

const wrong = (field: string, expected: string): AppError =>
  new AppError('invalid_input', { publicMessage: `'${field}' must be ${expected}.`, field })
