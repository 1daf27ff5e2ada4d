/**
 * The small fields of a request that OpenAI's API defines, checked before a node is troubled. Unknown fields pass: engines
 * may offer what this gateway has never heard of.
 *
 * Messages and prompts are not here: a schema would copy a long conversation.
 */
import { AppError } from '@isochrone/domain'
import { z } from 'zod'

/** Choices of one request: each is reserved in full. */
export const CHOICES_MAX = 8
/** Numbers of an embedding. */
const DIMENSIONS_MAX = 8_192
/** Output tokens of a choice. */
export const TOKENS_OUT_MAX = 1_000_000

const integer = (min: number, max: number) => {
  const error = `an integer from ${min} to ${max}`
  return z.int({ error }).min(min, { error }).max(max, { error }).nullish()
}
const number = (min: number, max: number) => {
  const error = `a number from ${min} to ${max}`
  return z.number({ error }).min(min, { error }).max(max, { error }).nullish()
}
/** Of 64 bits, as at OpenAI: one beyond 2^53 goes to the engine in the digits that were sent. */
const SEED_MAX = 2 ** 63
const isSeed = (value: unknown): boolean => Number.isInteger(value) && Math.abs(value as number) <= SEED_MAX
const boolean = z.boolean({ error: 'a boolean' }).nullish()
const text = z.string({ error: 'a string' })

const tool = z.object(
  {
    type: text,
    function: z
      .object(
        {
          name: text.min(1, { error: 'a non-empty string' }),
          parameters: z.looseObject({}, { error: 'an object' }).nullish(),
        },
        { error: 'an object' },
      )
      .optional(),
  },
  { error: 'an object' },
)
const functionTool = tool.refine((value) => value.type !== 'function' || value.function !== undefined, {
  path: ['function'],
  error: 'an object with a name',
})

const common = z.object({
  stream: boolean,
  stream_options: z.object({ include_usage: boolean }, { error: 'an object' }).nullish(),
  n: integer(1, CHOICES_MAX),
  max_tokens: integer(1, TOKENS_OUT_MAX),
  temperature: number(0, 2),
  top_p: number(0, 1),
  presence_penalty: number(-2, 2),
  frequency_penalty: number(-2, 2),
  seed: z.number({ error: 'an integer' }).refine(isSeed, { error: 'an integer of 64 bits' }).nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)], { error: 'a string or at most 4 strings' }).nullish(),
  logit_bias: z.record(z.string(), z.number(), { error: 'an object of numbers' }).nullish(),
  user: text.nullish(),
})

/** By path; a field of the other path passes as an unknown one. */
const schemas = {
  '/v1/chat/completions': common.extend({
    max_completion_tokens: integer(1, TOKENS_OUT_MAX),
    logprobs: boolean,
    top_logprobs: integer(0, 20),
    tools: z.array(functionTool, { error: 'an array of tools' }).max(128, { error: 'at most 128 tools' }).nullish(),
    tool_choice: z.union([z.string(), z.looseObject({})], { error: 'a string or an object' }).nullish(),
    parallel_tool_calls: boolean,
    response_format: z.looseObject({ type: text }, { error: 'an object' }).nullish(),
  }),
  '/v1/completions': common.extend({
    logprobs: integer(0, 20),
    echo: boolean,
    suffix: text.nullish(),
  }),
  // No part of an embedding is ready before the rest: there is nothing to stream.
  '/v1/embeddings': common.extend({
    stream: z.literal(false, { error: 'false: embeddings are not streamed' }).nullish(),
    n: z.null({ error: 'left out' }).optional(),
    encoding_format: z.enum(['float', 'base64'], { error: 'float or base64' }).nullish(),
    dimensions: integer(1, DIMENSIONS_MAX),
  }),
}

export interface KnownFields {
  stream: boolean
  includeUsage: boolean
  choices: number
  /** For each choice; null where the request names none. */
  tokensOutMax: number | null
  /** The field that names it. */
  limitField: 'max_tokens' | 'max_completion_tokens' | null
}

type Path = keyof typeof schemas

/** Throws `invalid_input` naming the field by its path, as in `tools[0].function.name`. */
export function readKnownFields(path: Path, body: Record<string, unknown>): KnownFields {
  if (path !== '/v1/embeddings' && isUsual(path, body)) return usualFieldsOf(path, body)
  const parsed = schemas[path].safeParse(body)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const field = pathText(issue?.path ?? [])
    throw new AppError('invalid_input', {
      publicMessage: `'${field}' must be ${issue?.message ?? 'something else'}.`,
      field,
    })
  }
  const { data } = parsed
  // Embeddings have no output tokens; one is the least that can be placed and reserved.
  if (path === '/v1/embeddings')
    return { stream: false, includeUsage: false, choices: 1, tokensOutMax: 1, limitField: null }
  const chatLimit = 'max_completion_tokens' in data ? data.max_completion_tokens : null
  return {
    stream: data.stream === true,
    includeUsage: data.stream_options?.include_usage === true,
    choices: data.n ?? 1,
    tokensOutMax: chatLimit ?? data.max_tokens ?? null,
    limitField: limitFieldOf(chatLimit, data.max_tokens),
  }
}

const isIn = (min: number, max: number) => (value: unknown) => typeof value === 'number' && value >= min && value <= max
const isIntegerIn = (min: number, max: number) => (value: unknown) =>
  Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
const isBoolean = (value: unknown): boolean => typeof value === 'boolean'

/**
 * What most requests send, checked by hand: the schema's own answer without its price, which is one of the largest of a request
 * that is not streamed. Whatever else comes goes to the schema, which is what decides.
 */
const usual: Readonly<Record<string, (value: unknown) => boolean>> = {
  stream: isBoolean,
  stream_options: isUsualStreamOptions,
  n: isIntegerIn(1, CHOICES_MAX),
  max_tokens: isIntegerIn(1, TOKENS_OUT_MAX),
  max_completion_tokens: isIntegerIn(1, TOKENS_OUT_MAX),
  temperature: isIn(0, 2),
  top_p: isIn(0, 1),
  presence_penalty: isIn(-2, 2),
  frequency_penalty: isIn(-2, 2),
  seed: isSeed,
  stop: (value) => typeof value === 'string',
  user: (value) => typeof value === 'string',
}
const fieldsOf: Readonly<Record<Exclude<Path, '/v1/embeddings'>, ReadonlySet<string>>> = {
  '/v1/chat/completions': new Set(Object.keys(schemas['/v1/chat/completions'].shape)),
  '/v1/completions': new Set(Object.keys(schemas['/v1/completions'].shape)),
}

function isUsual(path: keyof typeof fieldsOf, body: Record<string, unknown>): boolean {
  const fields = fieldsOf[path]
  for (const name in body) {
    if (fields.has(name) && usual[name]?.(body[name]) !== true) return false
  }
  return true
}

function isUsualStreamOptions(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const { include_usage: includeUsage } = value as Record<string, unknown>
  return includeUsage === undefined || typeof includeUsage === 'boolean'
}

function usualFieldsOf(path: Path, body: Record<string, unknown>): KnownFields {
  const { stream, stream_options: options, n, max_tokens: limit } = body as UsualBody
  const chatLimit = path === '/v1/chat/completions' ? (body as UsualBody).max_completion_tokens : undefined
  return {
    stream: stream === true,
    includeUsage: options?.include_usage === true,
    choices: n ?? 1,
    tokensOutMax: chatLimit ?? limit ?? null,
    limitField: limitFieldOf(chatLimit, limit),
  }
}

function limitFieldOf(chatLimit: number | null | undefined, limit: number | null | undefined) {
  if (typeof chatLimit === 'number') return 'max_completion_tokens'
  return typeof limit === 'number' ? 'max_tokens' : null
}

interface UsualBody {
  stream?: boolean
  stream_options?: { include_usage?: boolean }
  n?: number
  max_tokens?: number
  max_completion_tokens?: number
}

/** A path as people write it: `messages[0].role`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) =>
      /^\d+$/.test(String(part)) ? `[${String(part)}]` : `${index === 0 ? '' : '.'}${String(part)}`,
    )
    .join('')
}

/**
 * The field that an engine names at the head of its refusal (`messages.0.role: Invalid option`), if the request has it.
 * Null where the head is only a word.
 */
export function fieldOfRefusal(message: string, body: Record<string, unknown>): string | null {
  const named = /^([a-z_]{1,64}(?:\.\w{1,64}|\[\d{1,9}\]){0,8}): /i.exec(message)?.[1]
  const parts = named?.split(/[.[\]]+/).filter((part) => part !== '') ?? []
  return parts[0] !== undefined && Object.hasOwn(body, parts[0]) ? pathText(parts) : null
}
