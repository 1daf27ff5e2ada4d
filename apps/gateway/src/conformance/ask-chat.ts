/** One chat completion as each client asks it and reads its answer, whole and streamed: the same fields, the same choices. */
import assert from 'node:assert/strict'
import { generateText, streamText, type ModelMessage, type ToolSet } from 'ai'
import type OpenAI from 'openai'
import type { Mode } from './conformance-case.ts'
import type { ConformanceWorld } from './conformance-world.ts'

export type Params = Omit<OpenAI.Chat.ChatCompletionCreateParamsNonStreaming, 'model' | 'messages' | 'stream'> & {
  messages?: OpenAI.Chat.ChatCompletionMessageParam[]
}
export const hello: OpenAI.Chat.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Hi' }]

/** The choices of an answer, put together of the chunks where it was streamed. */
export interface Choice {
  text: string
  finish: string | null
  calls: { id: string; name: string; args: string }[]
  logprobs: { token: string; top_logprobs: unknown[] }[]
}

/** How the AI SDK says it: settings of its own, and what its provider hands on as it is. */
export interface SdkParams {
  messages?: ModelMessage[]
  tools?: ToolSet
  toolChoice?: 'none' | { type: 'tool'; toolName: string }
  output?: NonNullable<Parameters<typeof generateText>[0]['output']>
  maxOutputTokens?: number
  stopSequences?: string[]
  seed?: number
  temperature?: number
  topP?: number
  presencePenalty?: number
  frequencyPenalty?: number
  /** Fields of the body. */
  body?: Record<string, unknown>
}

export async function askByOpenai({ openai, model }: ConformanceWorld, mode: Mode, params: Params): Promise<Choice[]> {
  const body = { model, messages: hello, ...params }
  if (mode === 'whole') return choicesOf(await openai.chat.completions.create(body))
  const choices: Choice[] = []
  for await (const chunk of await openai.chat.completions.create({ ...body, stream: true })) addTo(choices, chunk)
  return choices
}

/** Without a client: JSON, and server-sent events up to `[DONE]`. */
export async function askByFetch({ post, model }: ConformanceWorld, mode: Mode, params: Params): Promise<Choice[]> {
  const response = await post('/v1/chat/completions', { model, messages: hello, ...params, stream: mode === 'stream' })
  const text = await response.text()
  assert.equal(response.status, 200, text)
  if (mode === 'whole') return choicesOf(JSON.parse(text) as OpenAI.ChatCompletion)
  assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/)
  const events = text.split('\n\n').filter((event) => event.startsWith('data: '))
  assert.equal(events.pop(), 'data: [DONE]')
  const choices: Choice[] = []
  for (const event of events) addTo(choices, JSON.parse(event.slice(6)) as OpenAI.ChatCompletionChunk)
  return choices
}

/** By the OpenAI-compatible provider. It tells of one choice, and not of log-probabilities. */
export async function askBySdk({ compatible, model }: ConformanceWorld, mode: Mode, sdk: SdkParams): Promise<Choice[]> {
  const { body, messages = [{ role: 'user', content: 'Hi' }], ...settings } = sdk
  const asked = {
    model: compatible(model),
    messages,
    maxRetries: 0,
    ...settings,
    ...(body && { providerOptions: { isochrone: body as Record<string, never> } }),
  }
  const streamed = mode === 'stream' ? streamText({ ...asked, onError: () => undefined }) : null
  await streamed?.consumeStream()
  const answer = streamed ?? (await generateText(asked))
  const [text, finish, calls] = await Promise.all([answer.text, answer.finishReason, answer.toolCalls])
  return [
    {
      text,
      finish: finish.replaceAll('-', '_'),
      calls: calls.map(({ toolCallId: id, toolName: name, input }) => ({ id, name, args: JSON.stringify(input) })),
      logprobs: [],
    },
  ]
}

function choicesOf({ choices }: OpenAI.ChatCompletion): Choice[] {
  return choices.map(({ message, finish_reason: finish, logprobs }) => ({
    text: message.content ?? '',
    finish,
    calls: (message.tool_calls ?? []).flatMap((call) =>
      call.type === 'function' ? [{ id: call.id, name: call.function.name, args: call.function.arguments }] : [],
    ),
    logprobs: logprobs?.content ?? [],
  }))
}

function addTo(choices: Choice[], chunk: OpenAI.ChatCompletionChunk): void {
  for (const part of chunk.choices) {
    const choice = (choices[part.index] ??= { text: '', finish: null, calls: [], logprobs: [] })
    choice.text += part.delta.content ?? ''
    choice.finish = part.finish_reason ?? choice.finish
    choice.logprobs.push(...(part.logprobs?.content ?? []))
    for (const piece of part.delta.tool_calls ?? []) {
      const call = (choice.calls[piece.index] ??= { id: '', name: '', args: '' })
      call.id += piece.id ?? ''
      call.name += piece.function?.name ?? ''
      call.args += piece.function?.arguments ?? ''
    }
  }
}
