/** Chat completions, completions, embeddings and models: every field that the official client sends. */
import assert from 'node:assert/strict'
import type OpenAI from 'openai'
import type { ConformanceCase, Mode } from './conformance-case.ts'
import type { ConformanceWorld } from './conformance-world.ts'

type Params = Omit<OpenAI.Chat.ChatCompletionCreateParamsNonStreaming, 'model' | 'messages' | 'stream'> & {
  messages?: OpenAI.Chat.ChatCompletionMessageParam[]
}
export const hello: OpenAI.Chat.ChatCompletionMessageParam[] = [{ role: 'user', content: 'Hi' }]
export const weather: OpenAI.Chat.ChatCompletionTool[] = ['weather', 'time'].map((name) => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } } } },
}))

/** The choices of an answer, put together of the chunks where it was streamed. */
interface Choice {
  text: string
  finish: string | null
  calls: { id: string; name: string; args: string }[]
  logprobs: { token: string; top_logprobs: unknown[] }[]
}

async function ask(world: ConformanceWorld, mode: Mode, params: Params): Promise<Choice[]> {
  const body = { model: world.model, messages: hello, ...params }
  if (mode === 'whole') {
    const answer = await world.openai.chat.completions.create(body)
    return answer.choices.map(({ message, finish_reason: finish, logprobs }) => ({
      text: message.content ?? '',
      finish,
      calls: (message.tool_calls ?? []).flatMap((call) =>
        call.type === 'function' ? [{ id: call.id, name: call.function.name, args: call.function.arguments }] : [],
      ),
      logprobs: logprobs?.content ?? [],
    }))
  }
  const choices: Choice[] = []
  for await (const chunk of await world.openai.chat.completions.create({ ...body, stream: true })) {
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
  return choices
}

const sent = (world: ConformanceWorld) => world.upstream.received.at(-1)?.body ?? {}

function chat(
  feature: string,
  params: Params,
  check: (choices: Choice[], sentBody: Record<string, unknown>) => void,
): ConformanceCase[] {
  return (['whole', 'stream'] as const).map((mode) => ({
    area: 'chat',
    feature,
    client: 'openai',
    mode,
    run: async (world) => check(await ask(world, mode, params), sent(world)),
  }))
}

/** Reaches the engine as it was sent. */
const passes = (name: string, value: unknown): ConformanceCase[] =>
  chat(`\`${name}\``, { [name]: value }, ([choice], body) => {
    assert.equal(choice?.text, 'one two three four')
    assert.deepEqual(body[name], value)
  })

const SCHEMA = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
const IMAGE = 'data:image/png;base64,iVBORw0KGgo='

export const chatCases: readonly ConformanceCase[] = [
  ...chat('messages, answer, `finish_reason`', {}, ([choice]) => {
    assert.deepEqual([choice?.text, choice?.finish], ['one two three four', 'stop'])
  }),
  ...chat('`max_completion_tokens`', { max_completion_tokens: 2 }, ([choice]) => {
    assert.deepEqual([choice?.text, choice?.finish], ['one two', 'length'])
  }),
  ...chat('`max_tokens`', { max_tokens: 3 }, ([choice]) => assert.equal(choice?.text, 'one two three')),
  ...chat('`stop`', { stop: ['three'] }, ([choice]) => assert.equal(choice?.text.trim(), 'one two')),
  ...chat('`seed`', { seed: 7 }, ([choice]) => assert.equal(choice?.text, 'seed 7 says yes')),
  ...chat('`n`', { n: 3, max_tokens: 2 }, (choices) =>
    assert.deepEqual(
      choices.map(({ text, finish }) => [text, finish]),
      Array.from({ length: 3 }, () => ['one two', 'length']),
    ),
  ),
  ...chat('`logprobs`, `top_logprobs`', { logprobs: true, top_logprobs: 2 }, ([choice]) => {
    assert.equal(choice?.logprobs.map(({ token }) => token).join(''), choice?.text)
    assert.ok(choice?.logprobs.every(({ top_logprobs: top }) => top.length === 2))
  }),
  ...chat('`tools`, `tool_choice: auto`', { tools: weather }, ([choice]) => {
    assert.equal(choice?.finish, 'tool_calls')
    assert.deepEqual(choice?.calls, [
      { id: 'call_0', name: 'weather', args: '{"city":"Bern"}' },
      { id: 'call_1', name: 'time', args: '{"city":"Bern"}' },
    ])
  }),
  ...chat(
    '`tool_choice` by name, `parallel_tool_calls`',
    { tools: weather, tool_choice: { type: 'function', function: { name: 'time' } }, parallel_tool_calls: false },
    ([choice]) =>
      assert.deepEqual(
        choice?.calls.map(({ name }) => name),
        ['time'],
      ),
  ),
  ...chat('`tool_choice: none`', { tools: weather, tool_choice: 'none' }, ([choice]) =>
    assert.deepEqual([choice?.calls, choice?.text], [[], 'one two three four']),
  ),
  ...chat(
    'tool results in messages',
    {
      tools: weather,
      messages: [
        ...hello,
        {
          role: 'assistant',
          tool_calls: [{ id: 'c', type: 'function', function: { name: 'weather', arguments: '{}' } }],
        },
        { role: 'tool', tool_call_id: 'c', content: 'sunny' },
      ],
    },
    ([choice]) => assert.equal(choice?.text, 'one two three four'),
  ),
  ...chat('`response_format: json_object`', { response_format: { type: 'json_object' } }, ([choice]) =>
    assert.deepEqual(JSON.parse(choice?.text ?? ''), { ok: true }),
  ),
  ...chat(
    '`response_format: json_schema`',
    { response_format: { type: 'json_schema', json_schema: { name: 's', schema: SCHEMA, strict: true } } },
    ([choice], body) => {
      assert.equal((JSON.parse(choice?.text ?? '') as { city: string }).city, 'Bern')
      assert.deepEqual((body.response_format as { json_schema: { schema: unknown } }).json_schema.schema, SCHEMA)
    },
  ),
  ...chat(
    'images as content parts',
    {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What?' },
            { type: 'image_url', image_url: { url: IMAGE } },
          ],
        },
      ],
    },
    ([choice], body) => {
      assert.match(choice?.text ?? '', /^I see \d+ image$/)
      assert.ok(JSON.stringify(body.messages).includes(IMAGE))
    },
  ),
  ...passes('temperature', 0.3),
  ...passes('top_p', 0.5),
  ...passes('presence_penalty', 0.5),
  ...passes('frequency_penalty', -0.5),
  ...passes('logit_bias', { 50: -100 }),
  ...passes('user', 'u-1'),
  ...passes('metadata', { run: 'a' }),
  ...passes('store', false),
  {
    area: 'chat',
    feature: '`store: true`',
    client: 'fetch',
    mode: 'whole',
    refused: 'completions are not stored',
    async run({ post, model }) {
      const response = await post('/v1/chat/completions', { model, messages: hello, store: true })
      const { error } = (await response.json()) as { error: { param: string; code: string } }
      assert.deepEqual([response.status, error.param, error.code], [400, 'store', 'unsupported_field'])
    },
  },
  ...passes('service_tier', 'auto'),
  ...passes('prompt_cache_key', 'k'),
  ...passes('safety_identifier', 's'),
  ...passes('prediction', { type: 'content', content: 'x' }),
  ...passes('reasoning_effort', 'low'),
  ...passes('verbosity', 'low'),
  ...passes('a_field_of_tomorrow', { x: [1] }),
  {
    area: 'chat',
    feature: '`stream_options.include_usage`, cost and node in the last chunk',
    client: 'openai',
    mode: 'stream',
    async run({ openai, model }) {
      const ids = new Set<string>()
      let last: OpenAI.Chat.ChatCompletionChunk | undefined
      const stream = await openai.chat.completions.create({
        model,
        messages: hello,
        stream: true,
        stream_options: { include_usage: true },
      })
      for await (const chunk of stream) {
        ids.add(chunk.id)
        last = chunk
      }
      assert.equal(ids.size, 1)
      assert.equal(last?.usage?.completion_tokens, 4)
      assert.equal(last?.usage?.prompt_tokens_details?.cached_tokens, 4)
      assert.match((last as unknown as { isochrone: { priceMicroUsd: string } }).isochrone.priceMicroUsd, /^\d+$/)
    },
  },
  {
    area: 'chat',
    feature: '`x-request-id`, cost, node, region, rate limits in headers',
    client: 'openai',
    mode: 'whole',
    async run({ openai, model }) {
      const { response, data } = await openai.chat.completions.create({ model, messages: hello }).withResponse()
      const header = (name: string) => response.headers.get(name) ?? ''
      assert.match(header('x-request-id'), /^req_/)
      assert.match(header('x-isochrone-node'), /^node_/)
      assert.equal(header('x-isochrone-region'), 'local')
      assert.equal(
        header('x-isochrone-cost-micro-usd'),
        (data as unknown as { isochrone: { priceMicroUsd: string } }).isochrone.priceMicroUsd,
      )
      assert.ok(Number(header('x-ratelimit-remaining-requests')) < Number(header('x-ratelimit-limit-requests')))
      assert.match(header('x-ratelimit-reset-requests'), /^[\d.]+(ms|s)$/)
    },
  },
  ...(['whole', 'stream'] as const).map((mode): ConformanceCase => ({
    area: 'chat',
    feature: '`Idempotency-Key`: a retry gets the same answer, billed once',
    client: 'fetch',
    mode,
    async run({ post, model, upstream }) {
      const before = upstream.received.length
      const body = { model, messages: hello, stream: mode === 'stream' }
      const key = { 'idempotency-key': `k-${mode}` }
      const answers = await Promise.all([1, 2, 3].map(() => post('/v1/chat/completions', body, key)))
      const texts = await Promise.all(answers.map((answer) => answer.text()))
      assert.equal(new Set(texts).size, 1)
      assert.equal(new Set(answers.map(({ headers }) => headers.get('x-request-id'))).size, 1)
      assert.equal(upstream.received.length, before + 1)
    },
  })),
  {
    area: 'chat',
    feature: 'the client leaves: `AbortSignal`',
    client: 'openai',
    mode: 'stream',
    async run({ openai, demoModel }) {
      const gone = new AbortController()
      const stream = await openai.chat.completions.create(
        { model: demoModel, messages: hello, max_tokens: 500, stream: true },
        { signal: gone.signal },
      )
      let chunks = 0
      for await (const _chunk of stream) if (++chunks === 3) gone.abort()
      assert.ok(chunks < 500)
    },
  },
  ...(['whole', 'stream'] as const).map((mode): ConformanceCase => ({
    area: 'chat',
    feature: 'messages on the built-in engine',
    client: 'fetch',
    mode,
    async run({ post, demoModel }) {
      const response = await post('/v1/chat/completions', {
        model: demoModel,
        messages: hello,
        max_tokens: 8,
        seed: 1,
        stream: mode === 'stream',
      })
      assert.equal(response.status, 200)
      const text = await response.text()
      if (mode === 'stream') assert.ok(text.endsWith('data: [DONE]\n\n'))
      else assert.ok((JSON.parse(text) as OpenAI.Chat.ChatCompletion).usage?.completion_tokens)
    },
  })),
]
