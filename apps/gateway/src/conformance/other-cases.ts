/** Completions, embeddings, models, and the Responses API. */
import assert from 'node:assert/strict'
import type OpenAI from 'openai'
import type { ConformanceCase } from './conformance-case.ts'
import { hello } from './ask-chat.ts'

const SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
}
const tools = [{ type: 'function' as const, name: 'weather', parameters: { type: 'object' }, strict: false }]

export const otherCases: readonly ConformanceCase[] = [
  {
    area: 'completions',
    feature: '`prompt`, `logprobs`, `echo`, `suffix`, `stop`',
    client: 'openai',
    mode: 'whole',
    async run({ openai, model }) {
      const answer = await openai.completions.create({
        model,
        prompt: 'Say',
        echo: true,
        suffix: '.',
        logprobs: 1,
        stop: 'four',
      })
      const [choice] = answer.choices
      assert.equal(choice?.text.trim(), 'Say one two three')
      assert.equal(choice?.logprobs?.tokens?.join(''), choice?.text)
    },
  },
  {
    area: 'completions',
    feature: '`prompt`, `max_tokens`',
    client: 'openai',
    mode: 'stream',
    async run({ openai, model }) {
      let text = ''
      for await (const chunk of await openai.completions.create({
        model,
        prompt: 'Say',
        max_tokens: 2,
        stream: true,
      })) {
        text += chunk.choices[0]?.text ?? ''
      }
      assert.equal(text, 'one two')
    },
  },
  ...[
    { feature: '`input` text, default encoding', params: { input: 'Hi' }, vectors: 1, size: 8 },
    { feature: '`input` array, `dimensions`', params: { input: ['a', 'b'], dimensions: 3 }, vectors: 2, size: 3 },
    {
      feature: '`input` token ids, `encoding_format: float`',
      params: { input: [[1, 2], [3]], encoding_format: 'float' as const },
      vectors: 2,
      size: 8,
    },
  ].map(({ feature, params, vectors, size }): ConformanceCase => ({
    area: 'embeddings',
    feature,
    client: 'openai',
    mode: 'whole',
    async run({ openai, model }) {
      const { data, response } = await openai.embeddings.create({ model, ...params }).withResponse()
      assert.deepEqual(
        data.data.map(({ embedding }) => embedding.length),
        Array<number>(vectors).fill(size),
      )
      assert.ok(data.data.every(({ embedding }) => embedding.every((value) => Number.isFinite(value))))
      assert.ok(data.usage.prompt_tokens > 0)
      assert.match(response.headers.get('x-isochrone-cost-micro-usd') ?? '', /^[1-9]\d*$/)
    },
  })),
  {
    area: 'models',
    feature: 'list and retrieve',
    client: 'openai',
    mode: 'whole',
    async run({ openai, model, demoModel, narrowModel }) {
      const ids = (await openai.models.list()).data.map(({ id }) => id)
      assert.deepEqual(ids.toSorted(), [demoModel, model, narrowModel].toSorted())
      assert.equal((await openai.models.retrieve(model)).id, model)
    },
  },
  {
    area: 'responses',
    feature: '`input` text, `instructions`, usage, `metadata`',
    client: 'openai',
    mode: 'whole',
    async run({ openai, model, upstream }) {
      const answer = await openai.responses.create({
        model,
        input: 'Hi',
        instructions: 'Be brief.',
        metadata: { a: 'b' },
        store: false,
      })
      assert.deepEqual(
        [answer.output_text, answer.status, (answer as { store?: boolean }).store],
        ['one two three four', 'completed', false],
      )
      assert.equal(answer.usage?.output_tokens, 4)
      assert.deepEqual(upstream.received.at(-1)?.body.messages, [{ role: 'system', content: 'Be brief.' }, ...hello])
    },
  },
  {
    area: 'responses',
    feature: 'typed events, numbered, with usage at the end',
    client: 'openai',
    mode: 'stream',
    async run({ openai, model }) {
      let text = ''
      const types: string[] = []
      for await (const event of await openai.responses.create({ model, input: 'Hi', stream: true })) {
        assert.equal(event.sequence_number, types.length)
        types.push(event.type)
        if (event.type === 'response.output_text.delta') text += event.delta
        if (event.type === 'response.completed') {
          assert.deepEqual([event.response.usage?.output_tokens, event.response.status], [4, 'completed'])
        }
      }
      assert.equal(text, 'one two three four')
      assert.deepEqual([types[0], types.at(-1)], ['response.created', 'response.completed'])
    },
  },
  {
    area: 'responses',
    feature: 'function tools and their results',
    client: 'openai',
    mode: 'whole',
    async run({ openai, model }) {
      const first = await openai.responses.create({ model, input: 'Hi', tools, tool_choice: 'required' })
      const call = first.output.find((item) => item.type === 'function_call')
      assert.deepEqual([call?.name, call?.arguments], ['weather', '{"city":"Bern"}'])
      const input = [
        { role: 'user' as const, content: 'Hi' },
        { type: 'function_call' as const, call_id: call?.call_id ?? '', name: 'weather', arguments: '{}' },
        { type: 'function_call_output' as const, call_id: call?.call_id ?? '', output: 'sunny' },
      ]
      assert.equal((await openai.responses.create({ model, tools, input })).output_text, 'one two three four')
    },
  },
  {
    area: 'responses',
    feature: 'function tools and their results',
    client: 'openai',
    mode: 'stream',
    async run({ openai, model }) {
      const stream = openai.responses.stream({ model, input: 'Hi', tools })
      const { output } = await stream.finalResponse()
      assert.deepEqual(
        output.map(({ type }) => type),
        ['function_call'],
      )
    },
  },
  {
    area: 'responses',
    feature: '`text.format: json_schema`, `reasoning.effort`',
    client: 'openai',
    mode: 'whole',
    async run({ openai, model, upstream }) {
      const format = { type: 'json_schema' as const, name: 's', schema: SCHEMA, strict: true }
      const answer = await openai.responses.create({
        model,
        input: 'Hi',
        text: { format },
        reasoning: { effort: 'low' },
      })
      assert.equal((JSON.parse(answer.output_text) as { city: string }).city, 'Bern')
      assert.equal(upstream.received.at(-1)?.body.reasoning_effort, 'low')
    },
  },
  {
    area: 'responses',
    feature: '`max_output_tokens`: incomplete with its reason',
    client: 'openai',
    mode: 'whole',
    async run({ openai, model }) {
      const answer = await openai.responses.create({ model, input: 'LONG', max_output_tokens: 2 })
      assert.deepEqual([answer.status, answer.incomplete_details?.reason], ['incomplete', 'max_output_tokens'])
      assert.deepEqual(statusesOf(answer), ['incomplete'])
    },
  },
  {
    area: 'responses',
    feature: '`max_output_tokens`: incomplete with its reason',
    client: 'openai',
    mode: 'stream',
    async run({ openai, model }) {
      const stream = openai.responses.stream({ model, input: 'LONG', max_output_tokens: 2 })
      const answer = await stream.finalResponse()
      assert.deepEqual([answer.status, answer.incomplete_details?.reason], ['incomplete', 'max_output_tokens'])
      assert.deepEqual(statusesOf(answer), ['incomplete'])
    },
  },
  {
    area: 'responses',
    feature: 'an item of `input` that is not as it should be is named by its path',
    client: 'fetch',
    mode: 'whole',
    async run({ post, model }) {
      const input = [
        { role: 'user', content: 'Hi' },
        { role: 'user', content: [{ type: 'input_text', text: 'a' }, { type: 'input_image' }] },
      ]
      const response = await post('/v1/responses', { model, input })
      const { error } = (await response.json()) as { error: { param: string; code: string } }
      assert.deepEqual(
        [response.status, error.param, error.code],
        [400, 'input[1].content[1].image_url', 'invalid_request'],
      )
    },
  },
  ...(
    [
      ['previous_response_id', { previous_response_id: 'resp_1' }, 'responses are not stored'],
      ['conversation', { conversation: 'conv_1' }, 'responses are not stored'],
      ['store', { store: true }, 'only background responses are kept'],
      ['tools[0].type', { tools: [{ type: 'web_search' }] }, 'hosted tools run at OpenAI'],
      ['truncation', { truncation: 'auto' }, 'a prompt is never shortened'],
      ['reasoning.summary', { reasoning: { summary: 'auto' } }, 'engines do not summarise'],
      ['max_tool_calls', { max_tool_calls: 3 }, 'it limits hosted tools'],
      ['include[0]', { include: ['file_search_call.results'] }, 'hosted tools run at OpenAI'],
      [
        'stream_options.include_obfuscation',
        { stream: true, stream_options: { include_obfuscation: true } },
        'streams are not padded',
      ],
    ] as const
  ).map(([param, change, refused]): ConformanceCase => ({
    area: 'responses',
    feature: `\`${param}\`${param.startsWith('tools') ? ' other than function' : ''}`,
    client: 'fetch',
    mode: 'whole',
    refused,
    async run({ post, model }) {
      const response = await post('/v1/responses', { model, input: 'Hi', ...change })
      const { error } = (await response.json()) as { error: { param: string; code: string } }
      assert.deepEqual([response.status, error.param, error.code], [400, param, 'unsupported_field'])
    },
  })),
]

const statusesOf = ({ output }: OpenAI.Responses.Response): unknown[] =>
  output.map((item) => ('status' in item ? item.status : null))
