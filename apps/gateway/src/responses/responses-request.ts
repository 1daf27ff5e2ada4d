/**
 * A request of the Responses API as the chat completion that serves it: engines speak chat, so nodes are sent chat, and
 * the receipt's `requestHash` covers that body.
 *
 * Stateless: what would need a store, or a tool that runs at OpenAI, is refused with the field's name. Fields that neither
 * API knows pass through to the engine.
 */
import { AppError } from '@isochrone/domain'
import { z } from 'zod'
import { pathText } from '../requests/read/known-fields.ts'
import { messagesOfInput } from './input-messages.ts'

/** What the answer repeats of the request, and how it is to be given. */
export interface ResponsesRequest {
  model: string
  stream: boolean
  background: boolean
  /** The body of the chat completion. */
  chatBody: Record<string, unknown>
  /** Fields of the response object that only repeat the request. */
  echo: Record<string, unknown>
}

const text = z.string({ error: 'a string' })
const flag = z.boolean({ error: 'a boolean' }).nullish()
const loose = (error = 'an object') => z.looseObject({}, { error })

const functionTool = z.looseObject({
  type: text,
  name: text.optional(),
  description: text.nullish(),
  parameters: loose().nullish(),
  strict: flag,
})
const schema = z.looseObject({
  model: text.min(1, { error: 'a non-empty string' }),
  input: z.union([text, z.array(loose())], { error: 'a string or an array of items' }),
  instructions: z.union([text, z.array(loose())], { error: 'a string' }).nullish(),
  stream: flag,
  background: flag,
  store: flag,
  max_output_tokens: z.int({ error: 'an integer of 1 or more' }).min(1, { error: 'an integer of 1 or more' }).nullish(),
  top_logprobs: z.int({ error: 'an integer from 0 to 20' }).min(0).max(20).nullish(),
  include: z.array(text, { error: 'an array of strings' }).nullish(),
  stream_options: loose().nullish(),
  tools: z.array(functionTool, { error: 'an array of tools' }).max(128, { error: 'at most 128 tools' }).nullish(),
  tool_choice: z.union([text, loose()], { error: 'a string or an object' }).nullish(),
  text: z
    .looseObject({ format: z.looseObject({ type: text }, { error: 'an object with a type' }).nullish() })
    .nullish(),
  reasoning: z
    .looseObject({ effort: text.nullish(), summary: z.unknown().optional(), generate_summary: z.unknown().optional() })
    .nullish(),
})
type Parsed = z.output<typeof schema>

/** Read here and told to the engine in its own words; every other field passes as it is. */
const translated = new Set([
  'input',
  'instructions',
  'max_output_tokens',
  'include',
  'tools',
  'tool_choice',
  'text',
  'reasoning',
  'store',
  'background',
  'truncation',
  'previous_response_id',
  'conversation',
  'prompt',
  'max_tool_calls',
  'stream_options',
])
const LOGPROBS = 'message.output_text.logprobs'
/** The second is asked for by clients that keep reasoning themselves: there is none to add where engines give it in clear. */
const includable: ReadonlySet<string> = new Set([LOGPROBS, 'reasoning.encrypted_content'])

/** Throws `invalid_input` naming the field that is wrong, or that this gateway cannot do. */
export function parseResponsesRequest(body: Record<string, unknown>): ResponsesRequest {
  const parsed = schema.safeParse(body)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const field = pathText(issue?.path ?? [])
    const missing = issue?.path.length === 1 && body[field] === undefined
    throw new AppError('invalid_input', {
      publicMessage: missing
        ? `You must provide a '${field}' parameter.`
        : `'${field}' must be ${issue?.message ?? 'something else'}.`,
      field,
    })
  }
  const { data } = parsed
  refuseState(data)
  const { model, stream, background } = data
  const passed = Object.fromEntries(Object.entries(body).filter(([name]) => !translated.has(name)))
  const chatBody: Record<string, unknown> = {
    ...passed,
    model,
    messages: messagesOfInput(data.input, data.instructions),
    ...limitsOf(data),
    ...formatOf(data),
    ...toolsOf(data),
  }
  return { model, stream: stream === true, background: background === true, chatBody, echo: echoOf(data) }
}

function refuseState(data: Parsed): void {
  const refuse = (field: string, why: string): never => {
    throw new AppError('invalid_input', {
      publicMessage: `'${field}' is not supported: ${why}.`,
      field,
      details: { reason: 'unsupported_field' },
    })
  }
  const given = (field: string): boolean => data[field] !== undefined && data[field] !== null
  const resend = 'responses are not stored here; send the whole conversation in input'
  if (given('previous_response_id')) refuse('previous_response_id', resend)
  if (given('conversation')) refuse('conversation', resend)
  if (data.store === true && data.background !== true) {
    refuse('store', 'only background responses are kept; leave it out or set it to false')
  }
  if (data.store === false && data.background === true)
    refuse('store', 'a background response is kept until you delete it')
  if (given('max_tool_calls')) refuse('max_tool_calls', 'it limits hosted tools, and only function tools run here')
  for (const [index, name] of (data.include ?? []).entries()) {
    if (!includable.has(name)) refuse(`include[${index}]`, `only ${[...includable].join(' and ')} can be included`)
  }
  const { include_obfuscation: obfuscation, ...options } = data.stream_options ?? {}
  if (obfuscation === true) refuse('stream_options.include_obfuscation', 'streams are not padded here')
  const [option] = Object.keys(options)
  if (option !== undefined) refuse(`stream_options.${option}`, 'a response streams its usage in its last event anyway')
  if (given('prompt')) refuse('prompt', 'prompt templates live at OpenAI; send instructions and input')
  if (data.truncation === 'auto') refuse('truncation', 'this gateway never shortens a prompt; use "disabled"')
  if (typeof data.n === 'number' && data.n > 1) refuse('n', 'a response has one answer; use chat completions')
  const { summary, generate_summary: older } = data.reasoning ?? {}
  if (summary ?? older) refuse('reasoning.summary', 'engines here give their reasoning as it is, or not at all')
  for (const [index, { type, name }] of (data.tools ?? []).entries()) {
    if (type !== 'function') refuse(`tools[${index}].type`, `only function tools run here, '${type}' does not`)
    if (name === undefined || name === '') refuse(`tools[${index}].name`, 'a function needs a name')
  }
}

function limitsOf({ max_output_tokens: tokens, top_logprobs: top, include }: Parsed): Record<string, unknown> {
  const logprobs = include?.includes(LOGPROBS) === true || (top ?? 0) > 0
  return {
    ...(tokens !== undefined && tokens !== null && { max_completion_tokens: tokens }),
    ...(logprobs && { logprobs: true }),
  }
}

/** `text` and `reasoning` in the words of chat completions. */
function formatOf({ text: wanted, reasoning }: Parsed): Record<string, unknown> {
  const { format, verbosity } = wanted ?? {}
  const effort = reasoning?.effort
  return {
    ...(format && format.type !== 'text' && { response_format: responseFormat(format) }),
    ...(verbosity !== undefined && verbosity !== null && { verbosity }),
    ...(effort !== undefined && effort !== null && { reasoning_effort: effort }),
  }
}

function responseFormat({ type, ...rest }: { type: string; [name: string]: unknown }): Record<string, unknown> {
  return type === 'json_schema' ? { type, json_schema: rest } : { type, ...rest }
}

function toolsOf({ tools, tool_choice: choice }: Parsed): Record<string, unknown> {
  const functions = (tools ?? []).map(({ type, ...fn }) => ({ type, function: fn }))
  return {
    ...(functions.length > 0 && { tools: functions }),
    ...(choice !== undefined && choice !== null && { tool_choice: toolChoice(choice) }),
  }
}

function toolChoice(choice: string | Record<string, unknown>): unknown {
  if (typeof choice === 'string') return choice
  if (choice.type === 'function') return { type: 'function', function: { name: choice.name } }
  throw new AppError('invalid_input', {
    publicMessage: `'tool_choice' is not supported: name a function, or say auto, none or required.`,
    field: 'tool_choice.type',
    details: { reason: 'unsupported_field' },
  })
}

function echoOf(data: Parsed): Record<string, unknown> {
  const { reasoning, text: wanted } = data
  return {
    background: data.background === true,
    instructions: data.instructions ?? null,
    max_output_tokens: data.max_output_tokens ?? null,
    metadata: data.metadata ?? {},
    parallel_tool_calls: data.parallel_tool_calls ?? true,
    previous_response_id: null,
    reasoning: { effort: reasoning?.effort ?? null, summary: null },
    store: data.background === true,
    temperature: data.temperature ?? 1,
    text: { format: wanted?.format ?? { type: 'text' } },
    tool_choice: data.tool_choice ?? 'auto',
    tools: data.tools ?? [],
    top_logprobs: data.top_logprobs ?? 0,
    top_p: data.top_p ?? 1,
    truncation: 'disabled',
    user: data.user ?? null,
  }
}
