/** Chat completions, completions, embeddings and models: every field that the official client sends. */
import assert from 'node:assert/strict'
import { jsonSchema, Output, tool } from 'ai'
import type OpenAI from 'openai'
import { askByFetch, askByOpenai, askBySdk, hello, type Choice, type Params, type SdkParams } from './ask-chat.ts'
import type { Client, ConformanceCase, Mode } from './conformance-case.ts'
import type { ConformanceWorld } from './conformance-world.ts'

export const weather: OpenAI.Chat.ChatCompletionTool[] = ['weather', 'time'].map((name) => ({
  type: 'function',
  function: { name, parameters: { type: 'object', properties: { city: { type: 'string' } } } },
}))

const sdkTool = tool({ inputSchema: jsonSchema({ type: 'object', properties: { city: { type: 'string' } } }) })
const sdkTools = { weather: sdkTool, time: sdkTool }
const sent = (world: ConformanceWorld) => world.upstream.received.at(-1)?.body ?? {}

/** The same question by each client, in both ways; the AI SDK's where it has words for it. */
function chat(
  feature: string,
  params: Params,
  check: (choices: Choice[], sentBody: Record<string, unknown>) => void,
  sdk?: SdkParams,
): ConformanceCase[] {
  const asks: [Client, (world: ConformanceWorld, mode: Mode) => Promise<Choice[]>][] = [
    ['openai', (world, mode) => askByOpenai(world, mode, params)],
    ['fetch', (world, mode) => askByFetch(world, mode, params)],
  ]
  if (sdk) asks.push(['ai-sdk', (world, mode) => askBySdk(world, mode, sdk)])
  return asks.flatMap(([client, ask]) =>
    (['whole', 'stream'] as const).map((mode) => ({
      area: 'chat',
      feature,
      client,
      mode,
      run: async (world) => check(await ask(world, mode), sent(world)),
    })),
  )
}

/** Reaches the engine as it was sent. By default the AI SDK's provider hands it on as it is. */
const passes = (name: string, value: unknown, sdk: SdkParams = { body: { [name]: value } }): ConformanceCase[] =>
  chat(
    `\`${name}\``,
    { [name]: value },
    ([choice], body) => {
      assert.equal(choice?.text, 'one two three four')
      assert.deepEqual(body[name], value)
    },
    sdk,
  )

const SCHEMA = { type: 'object' as const, properties: { city: { type: 'string' as const } }, required: ['city'] }
const IMAGE = 'data:image/png;base64,iVBORw0KGgo='

export const chatCases: readonly ConformanceCase[] = [
  ...chat(
    'messages, answer, `finish_reason`',
    {},
    ([choice]) => {
      assert.deepEqual([choice?.text, choice?.finish], ['one two three four', 'stop'])
    },
    {},
  ),
  ...chat('`max_completion_tokens`', { max_completion_tokens: 2 }, ([choice]) => {
    assert.deepEqual([choice?.text, choice?.finish], ['one two', 'length'])
  }),
  ...chat('`max_tokens`', { max_tokens: 3 }, ([choice]) => assert.equal(choice?.text, 'one two three'), {
    maxOutputTokens: 3,
  }),
  ...chat('`stop`', { stop: ['three'] }, ([choice]) => assert.equal(choice?.text.trim(), 'one two'), {
    stopSequences: ['three'],
  }),
  ...chat('`seed`', { seed: 7 }, ([choice]) => assert.equal(choice?.text, 'seed 7 says yes'), { seed: 7 }),
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
  ...chat(
    '`tools`, `tool_choice: auto`',
    { tools: weather },
    ([choice]) => {
      assert.equal(choice?.finish, 'tool_calls')
      assert.deepEqual(choice?.calls, [
        { id: 'call_0', name: 'weather', args: '{"city":"Bern"}' },
        { id: 'call_1', name: 'time', args: '{"city":"Bern"}' },
      ])
    },
    { tools: sdkTools },
  ),
  ...chat(
    '`tool_choice` by name, `parallel_tool_calls`',
    { tools: weather, tool_choice: { type: 'function', function: { name: 'time' } }, parallel_tool_calls: false },
    ([choice]) =>
      assert.deepEqual(
        choice?.calls.map(({ name }) => name),
        ['time'],
      ),
    { tools: sdkTools, toolChoice: { type: 'tool', toolName: 'time' }, body: { parallel_tool_calls: false } },
  ),
  ...chat(
    '`tool_choice: none`',
    { tools: weather, tool_choice: 'none' },
    ([choice]) => assert.deepEqual([choice?.calls, choice?.text], [[], 'one two three four']),
    { tools: sdkTools, toolChoice: 'none' },
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
    {
      tools: sdkTools,
      messages: [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content: [{ type: 'tool-call', toolCallId: 'c', toolName: 'weather', input: {} }] },
        {
          role: 'tool',
          content: [
            { type: 'tool-result', toolCallId: 'c', toolName: 'weather', output: { type: 'text', value: 'sunny' } },
          ],
        },
      ],
    },
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
    { output: Output.object({ schema: jsonSchema(SCHEMA) }) },
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
    {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What?' },
            { type: 'image', image: IMAGE, mediaType: 'image/png' },
          ],
        },
      ],
    },
  ),
  ...passes('temperature', 0.3, { temperature: 0.3 }),
  ...passes('top_p', 0.5, { topP: 0.5 }),
  ...passes('presence_penalty', 0.5, { presencePenalty: 0.5 }),
  ...passes('frequency_penalty', -0.5, { frequencyPenalty: -0.5 }),
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
  ...passes('reasoning_effort', 'low', { body: { reasoningEffort: 'low' } }),
  ...passes('verbosity', 'low', { body: { textVerbosity: 'low' } }),
  ...passes('a_field_of_tomorrow', { x: [1] }),
]
