/** A chat completion as the response object of the Responses API: items, status and usage in its words. Pure. */

export interface ResponseHead {
  /** `resp_…`. */
  id: string
  /** Seconds since the epoch. */
  createdAt: number
  model: string
  /** Fields that repeat the request. */
  echo: Readonly<Record<string, unknown>>
}

export type ResponseItem = Record<string, unknown>

/** Usage of chat completions, as far as it is read here. */
export interface ChatUsage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  prompt_tokens_details: { cached_tokens: number }
}

/** `resp_…`, from the request's 32-byte name. */
export const responseIdOf = (requestIdHash: string): string => `resp_${requestIdHash.slice(2, 50)}`

/** Of an item of an answer. */
export const itemIdOf = (prefix: 'msg' | 'fc' | 'rs', responseId: string, index: number): string =>
  `${prefix}_${responseId.slice('resp_'.length)}_${index}`

/** The whole answer. `completion` is a chat completion without or with usage; its first choice is the answer. */
export function responseOf(
  head: ResponseHead,
  completion: Readonly<Record<string, unknown>>,
  usage: ChatUsage,
  more: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  const [choice] = (completion.choices ?? []) as {
    message?: Record<string, unknown>
    finish_reason?: unknown
    logprobs?: unknown
  }[]
  const output = itemsOf(head.id, choice?.message ?? {}, choice?.logprobs)
  // A limit cuts what was being written: the last item.
  if (cutBy(choice?.finish_reason) !== null) output.push(cutOff(output.pop() as ResponseItem))
  return { ...finished(head, choice?.finish_reason, output, usage), ...more }
}

/** Which limit ended an answer, null where none did. */
export function cutBy(finishReason: unknown): 'max_output_tokens' | 'content_filter' | null {
  if (finishReason === 'length') return 'max_output_tokens'
  return finishReason === 'content_filter' ? 'content_filter' : null
}

/** An item whose end is missing. */
export const cutOff = (item: ResponseItem): ResponseItem => ({ ...item, status: 'incomplete' })

/** A response that has ended, well or cut by a limit. */
export function finished(
  head: ResponseHead,
  finishReason: unknown,
  output: readonly ResponseItem[],
  usage: ChatUsage,
): Record<string, unknown> {
  const cut = cutBy(finishReason)
  return {
    ...envelope(head, cut === null ? 'completed' : 'incomplete', output),
    completed_at: cut === null ? Math.floor(Date.now() / 1_000) : null,
    incomplete_details: cut === null ? null : { reason: cut },
    usage: responseUsage(usage),
  }
}

/** A response at any moment; `usage` is null until it has ended. */
export function envelope(
  { id, createdAt, model, echo }: ResponseHead,
  status: 'queued' | 'in_progress' | 'completed' | 'incomplete' | 'failed' | 'cancelled',
  output: readonly ResponseItem[],
): Record<string, unknown> {
  return {
    id,
    object: 'response',
    created_at: createdAt,
    status,
    error: null,
    incomplete_details: null,
    model,
    output,
    ...echo,
    usage: null,
  }
}

export function responseUsage(usage: ChatUsage): Record<string, unknown> {
  return {
    input_tokens: usage.prompt_tokens,
    input_tokens_details: { cached_tokens: usage.prompt_tokens_details.cached_tokens },
    output_tokens: usage.completion_tokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: usage.total_tokens,
  }
}

export function messageItem(id: string, text: string, status: string, logprobs: readonly unknown[] = []): ResponseItem {
  return { id, type: 'message', status, role: 'assistant', content: [textPart(text, logprobs)] }
}

export const textPart = (text: string, logprobs: readonly unknown[] = []): Record<string, unknown> => ({
  type: 'output_text',
  text,
  annotations: [],
  logprobs,
})

export interface FunctionCall {
  callId: string
  name: string
  args: string
}

export function callItem(id: string, { callId, name, args }: FunctionCall, status: string): ResponseItem {
  return { id, type: 'function_call', status, call_id: callId, name, arguments: args }
}

export function reasoningItem(id: string, text: string): ResponseItem {
  return { id, type: 'reasoning', summary: [], content: [{ type: 'reasoning_text', text }] }
}

/** What is said of its reasoning: servers name it `reasoning_content` or `reasoning`, and some the same text by both names. */
export function reasoningOf(said: Readonly<Record<string, unknown>>): string {
  const named = [said.reasoning_content, said.reasoning]
  return named.find((text): text is string => typeof text === 'string' && text !== '') ?? ''
}

export const refusalItem = (id: string, refusal: string): ResponseItem => ({
  id,
  type: 'message',
  status: 'completed',
  role: 'assistant',
  content: [refusalPart(refusal)],
})

export const refusalPart = (refusal: string): Record<string, unknown> => ({ type: 'refusal', refusal })

function itemsOf(responseId: string, message: Readonly<Record<string, unknown>>, logprobs: unknown): ResponseItem[] {
  const items: ResponseItem[] = []
  const { content, refusal, tool_calls: calls } = message
  const reasoning = reasoningOf(message)
  const idOf = (prefix: 'msg' | 'fc' | 'rs') => itemIdOf(prefix, responseId, items.length)
  if (reasoning !== '') items.push(reasoningItem(idOf('rs'), reasoning))
  const hasCalls = Array.isArray(calls) && calls.length > 0
  const text = typeof content === 'string' ? content : ''
  const refused = typeof refusal === 'string' ? refusal : ''
  if (text !== '' || (items.length === 0 && refused === '' && !hasCalls)) {
    items.push(messageItem(idOf('msg'), text, 'completed', logprobsOf(logprobs)))
  }
  if (refused !== '') items.push(refusalItem(idOf('msg'), refused))
  for (const call of hasCalls ? (calls as Record<string, unknown>[]) : []) {
    items.push(callItem(idOf('fc'), functionCallOf(call), 'completed'))
  }
  return items
}

export function functionCallOf(call: Readonly<Record<string, unknown>>): FunctionCall {
  const fn = (call.function ?? {}) as Record<string, unknown>
  const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
  return { callId: textOf(call.id), name: textOf(fn.name), args: textOf(fn.arguments) }
}

/** Of chat completions: `{ content: [...] }`. */
export function logprobsOf(logprobs: unknown): unknown[] {
  const content = typeof logprobs === 'object' && logprobs !== null && 'content' in logprobs ? logprobs.content : null
  return Array.isArray(content) ? (content as unknown[]) : []
}
