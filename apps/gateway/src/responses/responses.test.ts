/** The Responses API is the chat API in other words: what nodes are sent, and what comes back, whole and as events. */
import { expect, test } from 'vitest'
import { createResponseEvents } from './response-events.ts'
import { responseOf, type ResponseHead } from './response-object.ts'
import { parseResponsesRequest } from './responses-request.ts'

const head: ResponseHead = { id: 'resp_a', createdAt: 1, model: 'm', echo: { store: false } }
const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10, prompt_tokens_details: { cached_tokens: 2 } }

test('items, tools and formats are the chat body that means the same; unknown fields pass', () => {
  const { chatBody, echo } = parseResponsesRequest({
    model: 'm',
    instructions: 'Be brief.',
    input: [
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'Hi' },
          { type: 'input_image', image_url: 'data:x' },
        ],
      },
      { type: 'reasoning', summary: [] },
      {
        type: 'message',
        role: 'assistant',
        content: [
          { type: 'output_text', text: 'One ' },
          { type: 'output_text', text: 'two' },
        ],
      },
      { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{}' },
      { type: 'function_call', call_id: 'c2', name: 'g', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c1', output: '42' },
    ],
    tools: [{ type: 'function', name: 'f', parameters: { type: 'object' }, strict: true }],
    tool_choice: { type: 'function', name: 'f' },
    text: { format: { type: 'json_schema', name: 's', schema: { type: 'object' } } },
    reasoning: { effort: 'low' },
    max_output_tokens: 5,
    top_logprobs: 2,
    store: false,
    future: 1,
    routing: { sort: 'price' },
  })
  expect(chatBody).toEqual({
    model: 'm',
    messages: [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'Hi' },
          { type: 'image_url', image_url: { url: 'data:x' } },
        ],
      },
      {
        role: 'assistant',
        content: 'One two',
        tool_calls: [
          { id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } },
          { id: 'c2', type: 'function', function: { name: 'g', arguments: '{}' } },
        ],
      },
      { role: 'tool', tool_call_id: 'c1', content: '42' },
    ],
    tools: [{ type: 'function', function: { name: 'f', parameters: { type: 'object' }, strict: true } }],
    tool_choice: { type: 'function', function: { name: 'f' } },
    response_format: { type: 'json_schema', json_schema: { name: 's', schema: { type: 'object' } } },
    reasoning_effort: 'low',
    max_completion_tokens: 5,
    logprobs: true,
    top_logprobs: 2,
    future: 1,
    routing: { sort: 'price' },
  })
  expect(echo).toMatchObject({ store: false, max_output_tokens: 5, previous_response_id: null })
})

test('what would need a store or a hosted tool is refused with its field', () => {
  const refused: [string, Record<string, unknown>][] = [
    ['previous_response_id', { previous_response_id: 'resp_1' }],
    ['conversation', { conversation: 'conv_1' }],
    ['store', { store: true }],
    ['prompt', { prompt: { id: 'p' } }],
    ['truncation', { truncation: 'auto' }],
    ['reasoning.summary', { reasoning: { summary: 'auto' } }],
    ['tools[0].type', { tools: [{ type: 'web_search' }] }],
    ['tool_choice.type', { tool_choice: { type: 'file_search' } }],
    ['input[0].type', { input: [{ type: 'item_reference', id: 'x' }] }],
    ['max_tool_calls', { max_tool_calls: 1 }],
    ['include[1]', { include: ['message.output_text.logprobs', 'file_search_call.results'] }],
    ['stream_options.include_obfuscation', { stream_options: { include_obfuscation: true } }],
    ['stream_options.include_usage', { stream_options: { include_usage: true } }],
    ['input', { input: undefined }],
    ['max_output_tokens', { max_output_tokens: 0 }],
    ['tools[0].type', { tools: [{}] }],
  ]
  for (const [field, change] of refused) {
    expect(() => parseResponsesRequest({ model: 'm', input: 'x', ...change }), field).toThrow(
      expect.objectContaining({ code: 'invalid_input', field }),
    )
  }
})

test('what clients send by themselves is taken, where it changes nothing', () => {
  const sent = {
    input: [
      { role: 'user', content: 'Hi' },
      { type: 'item_reference', id: 'rs_a_0' },
    ],
    include: ['reasoning.encrypted_content'],
    max_tool_calls: null,
    stream_options: { include_obfuscation: false },
  }
  const { chatBody } = parseResponsesRequest({ model: 'm', ...sent })
  expect(chatBody).toEqual({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] })
})

test('text and two calls become numbered events whose items open and close in order, as the whole answer has them', () => {
  const events = createResponseEvents(head)
  const chunk = (delta: object, finish: string | null = null) =>
    events.chunk({ choices: [{ index: 0, delta, finish_reason: finish }] })
  const call = (index: number, args: string, name?: string) => ({
    tool_calls: [{ index, ...(name && { id: `c${index}` }), function: { ...(name && { name }), arguments: args } }],
  })
  const all = [
    ...events.begin(),
    ...chunk({ role: 'assistant', content: '' }),
    ...chunk({ content: 'Hel' }),
    ...chunk({ content: 'lo' }),
    ...chunk(call(0, '', 'f')),
    ...chunk(call(0, '{"a":1}')),
    ...chunk(call(1, '{}', 'g')),
    ...chunk({}, 'tool_calls'),
    ...events.end(usage),
  ]
  expect(all.map(({ sequence_number: n }) => n)).toEqual(all.map((_, index) => index))
  expect(all.map(({ type }) => type.replace('response.', ''))).toEqual([
    'created',
    'in_progress',
    'output_item.added',
    'content_part.added',
    'output_text.delta',
    'output_text.delta',
    'output_text.done',
    'content_part.done',
    'output_item.done',
    'output_item.added',
    'function_call_arguments.delta',
    'function_call_arguments.done',
    'output_item.done',
    'output_item.added',
    'function_call_arguments.delta',
    'function_call_arguments.done',
    'output_item.done',
    'completed',
  ])
  const message = {
    content: 'Hello',
    tool_calls: [
      { id: 'c0', function: { name: 'f', arguments: '{"a":1}' } },
      { id: 'c1', function: { name: 'g', arguments: '{}' } },
    ],
  }
  const whole = responseOf(head, { choices: [{ message, finish_reason: 'tool_calls' }] }, usage)
  expect(all.at(-1)?.response).toEqual(whole)
  expect(whole.usage).toEqual({
    input_tokens: 7,
    input_tokens_details: { cached_tokens: 2 },
    output_tokens: 3,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 10,
  })
})

/** vLLM and SGLang say `reasoning_content`, Ollama and later releases of vLLM `reasoning`, some of them both. */
test.each([[{ reasoning_content: 'hm' }], [{ reasoning: 'hm' }], [{ reasoning: 'hm', reasoning_content: 'hm' }]])(
  'reasoning is an item of its own, a refusal no text, streamed as whole: %j',
  (reasoning) => {
    const events = createResponseEvents(head)
    const all = [
      ...events.chunk({ choices: [{ delta: reasoning }] }),
      ...events.chunk({ choices: [{ delta: { refusal: 'I can' } }] }),
      ...events.chunk({ choices: [{ delta: { refusal: 'not.' }, finish_reason: 'stop' }] }),
      ...events.end(usage),
    ]
    expect(all.map(({ type }) => type.replace('response.', ''))).toEqual([
      'output_item.added',
      'reasoning_text.delta',
      'reasoning_text.done',
      'output_item.done',
      'output_item.added',
      'content_part.added',
      'refusal.delta',
      'refusal.delta',
      'refusal.done',
      'content_part.done',
      'output_item.done',
      'completed',
    ])
    const message = { ...reasoning, content: null, refusal: 'I cannot.' }
    const whole = responseOf(head, { choices: [{ message, finish_reason: 'stop' }] }, usage)
    expect(all.at(-1)?.response).toEqual(whole)
    expect(whole.output).toMatchObject([
      { type: 'reasoning', content: [{ type: 'reasoning_text', text: 'hm' }] },
      { type: 'message', content: [{ type: 'refusal', refusal: 'I cannot.' }] },
    ])
  },
)

test('an answer cut by its limit is incomplete with the reason; a failed stream says what was delivered', () => {
  const events = createResponseEvents(head)
  events.begin()
  events.chunk({ choices: [{ delta: { content: 'a' }, finish_reason: 'length' }] })
  const all = events.end(usage)
  const output = [{ type: 'message', status: 'incomplete', content: [{ text: 'a' }] }]
  expect(all.at(-1)).toMatchObject({
    type: 'response.incomplete',
    response: { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' }, output },
  })
  expect(all.find(({ type }) => type === 'response.output_item.done')).toMatchObject({ item: output[0] })
  const broken = createResponseEvents(head)
  broken.chunk({ choices: [{ delta: { content: 'a' } }] })
  broken.chunk({ choices: 'garbage' })
  expect(broken.fail({ code: 'provider_failed', message: 'm' }).at(-1)).toMatchObject({
    type: 'response.failed',
    response: {
      status: 'failed',
      error: { code: 'provider_failed' },
      output: [{ status: 'incomplete', content: [{ text: 'a' }] }],
    },
  })
})

test('of an answer that was cut the last item is incomplete, whole and streamed alike', () => {
  const call = (index: number, args: string) => ({
    index,
    id: `call_${index}`,
    type: 'function',
    function: { name: 'f', arguments: args },
  })
  const cases = [
    [{ content: 'a' }, 'length', ['incomplete']],
    [{ content: 'a' }, 'content_filter', ['incomplete']],
    [{ content: 'a' }, 'stop', ['completed']],
    [
      { content: 'a', tool_calls: [call(0, '{}'), call(1, '{"a":')] },
      'length',
      ['completed', 'completed', 'incomplete'],
    ],
    [{ reasoning_content: 'hm', content: 'a' }, 'length', [undefined, 'incomplete']],
    [{ reasoning_content: 'hm' }, 'length', ['incomplete']],
    [{}, 'length', ['incomplete']],
  ] as const
  for (const [message, reason, statuses] of cases) {
    const whole = responseOf(head, { choices: [{ message, finish_reason: reason }] }, usage)
    expect((whole.output as { status?: string }[]).map(({ status }) => status)).toEqual(statuses)
    const events = createResponseEvents(head)
    const streamed = [
      ...events.chunk({ choices: [{ delta: message }] }),
      ...events.chunk({ choices: [{ delta: {}, finish_reason: reason }] }),
      ...events.end(usage),
    ]
    expect((streamed.at(-1) as { response?: { output?: unknown } }).response?.output).toEqual(whole.output)
    const done = streamed.filter(({ type }) => type === 'response.output_item.done').map(({ item }) => item)
    expect(done).toEqual(whole.output)
  }
})

test('an item that is not as it should be is refused by its path', () => {
  const user = (...content: unknown[]) => ({ role: 'user', content })
  const call = { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' }
  const cases: [unknown, string][] = [
    [{ role: 'robot', content: 'a' }, 'input[0].role'],
    [{ content: 'a' }, 'input[0].role'],
    [{ role: 'user', content: 3 }, 'input[0].content'],
    [{ type: 3 }, 'input[0].type'],
    [{ type: 'web_search_call' }, 'input[0].type'],
    [user('a'), 'input[0].content[0]'],
    [user({ type: 'input_text', text: 'a' }, { type: 'input_text' }), 'input[0].content[1].text'],
    [user({ type: 'input_text', text: { a: 1 } }), 'input[0].content[0].text'],
    [user({ type: 'refusal' }), 'input[0].content[0].refusal'],
    [user({ text: 'a' }), 'input[0].content[0].type'],
    [user({ type: 'video' }), 'input[0].content[0].type'],
    [user({ type: 'input_image' }), 'input[0].content[0].image_url'],
    [user({ type: 'input_image', image_url: { url: 'x' } }), 'input[0].content[0].image_url'],
    [user({ type: 'input_image', file_id: 'f' }), 'input[0].content[0].file_id'],
    [user({ type: 'input_image', image_url: 'x', detail: 3 }), 'input[0].content[0].detail'],
    [user({ type: 'input_file' }), 'input[0].content[0].file_data'],
    [user({ type: 'input_file', file_url: 'https://a' }), 'input[0].content[0].file_url'],
    [user({ type: 'input_file', file_data: 'x', filename: 3 }), 'input[0].content[0].filename'],
    [user({ type: 'input_audio', input_audio: 'x' }), 'input[0].content[0].input_audio'],
    [user({ type: 'input_audio', input_audio: { data: 'x' } }), 'input[0].content[0].input_audio.format'],
    [{ ...call, call_id: undefined }, 'input[0].call_id'],
    [{ ...call, name: null }, 'input[0].name'],
    [{ ...call, arguments: {} }, 'input[0].arguments'],
    [{ type: 'function_call_output', output: 'a' }, 'input[0].call_id'],
    [{ type: 'function_call_output', call_id: 'c' }, 'input[0].output'],
    [{ type: 'function_call_output', call_id: 'c', output: [{ type: 'input_text' }] }, 'input[0].output[0].text'],
  ]
  for (const [item, field] of cases) {
    expect(() => parseResponsesRequest({ model: 'm', input: [item] }), field).toThrow(
      expect.objectContaining({ code: 'invalid_input', field }),
    )
  }
  const image = { type: 'input_image', image_url: 'data:x', detail: null, file_id: null }
  expect(() => parseResponsesRequest({ model: 'm', input: [user(image), call] })).not.toThrow()
})
