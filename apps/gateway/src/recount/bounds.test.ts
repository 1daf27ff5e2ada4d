import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inMaxOf, outMaxOf, promptTextsOf, stopTextsOf } from './bounds.ts'

/** An engine that counts its end token, or samples a word in two pieces, is not called a liar. */
test('a claim within tolerance is paid as it is, one beyond it by the text alone', () => {
  expect(outMaxOf(100, 100)).toBe(100)
  expect(outMaxOf(100, 113)).toBe(113)
  expect(outMaxOf(100, 114)).toBe(100)
  expect(outMaxOf(0, 8)).toBe(8)
  expect(outMaxOf(0, 9)).toBe(0)
  fc.assert(
    fc.property(fc.nat(1_000_000), fc.nat(1_000_000), (counted, claimed) => {
      const paid = outMaxOf(counted, claimed)
      expect(paid === claimed || (paid === counted && claimed > counted)).toBe(true)
    }),
  )
})

test('the texts of a prompt are those that become tokens, and anything else makes it uncountable', () => {
  expect(promptTextsOf('/v1/completions', { prompt: 'once' })).toEqual({ texts: ['once'], messages: 0 })
  const messages = [
    { role: 'system', content: 'be brief' },
    { role: 'user', name: 'ada', content: [{ type: 'text', text: 'hello' }] },
  ]
  expect(promptTextsOf('/v1/chat/completions', { messages })).toEqual({
    texts: ['system', 'be brief', 'user', 'ada', 'hello'],
    messages: 2,
  })
  for (const [path, body] of [
    ['/v1/completions', { prompt: [1, 2, 3] }],
    ['/v1/completions', { prompt: 'a', suffix: 'b' }],
    ['/v1/chat/completions', { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: {} }] }] }],
    ['/v1/chat/completions', { messages, tools: [{}] }],
    ['/v1/chat/completions', { messages, response_format: { type: 'json_object' } }],
    ['/v1/chat/completions', { messages: [{ role: 'assistant', tool_calls: [{}] }] }],
    ['/v1/chat/completions', null],
  ] as const) {
    expect(promptTextsOf(path, body)).toBeNull()
  }
  expect(inMaxOf(10, { messages: 0 })).toBe(12)
  expect(inMaxOf(10, { messages: 2 })).toBe(10 + 2 * 16 + 128)
})

/** Else a payer has a node write a million end tokens, which are no text, and pays for none. */
test('output that is work without text is not counted, its prompt is', () => {
  const messages = [{ role: 'user', content: 'hello' }]
  const plain = { model: 'm', messages, max_tokens: 5, temperature: 0, seed: 1, stream: true, n: 1, tools: null }
  expect(stopTextsOf(plain)).toEqual([])
  expect(stopTextsOf({ ...plain, stop: 'END' })).toEqual(['END'])
  expect(stopTextsOf({ ...plain, stop: ['END', 'FIN'] })).toEqual(['END', 'FIN'])
  for (const [field, value] of [
    ['ignore_eos', true],
    ['min_tokens', 100],
    ['logit_bias', { 2: 100 }],
    ['skip_special_tokens', true],
    ['skip_special_tokens', false],
    ['stop_token_ids', [7]],
  ] as const) {
    expect(stopTextsOf({ ...plain, [field]: value })).toBeNull()
    expect(promptTextsOf('/v1/chat/completions', { ...plain, [field]: value })).not.toBeNull()
  }
  for (const [field, value] of [
    ['reasoning_effort', 'high'],
    ['response_format', { type: 'json_object' }],
    ['include_reasoning', false],
    ['a_field_of_next_year', 1],
  ] as const) {
    expect(stopTextsOf({ ...plain, [field]: value })).toBeNull()
    expect(promptTextsOf('/v1/chat/completions', { ...plain, [field]: value })).toBeNull()
  }
  expect(stopTextsOf({ ...plain, n: 2 })).toBeNull()
  const reasoned = { messages: [{ role: 'assistant', content: 'b', reasoning_content: 'a long thought' }] }
  expect(promptTextsOf('/v1/chat/completions', reasoned)).toBeNull()
})

/** Else a node is paid what it likes wherever a customer names a tool that is not called. */
test('an answer of text is counted where tools were offered, its prompt is not', () => {
  const messages = [{ role: 'user', content: 'hello' }]
  for (const field of ['tools', 'tool_choice', 'parallel_tool_calls', 'functions', 'function_call']) {
    expect(stopTextsOf({ messages, stop: 'END', [field]: 'any' })).toEqual(['END'])
    expect(promptTextsOf('/v1/chat/completions', { messages, [field]: 'any' })).toBeNull()
  }
})

/** Else a payer lets a node repeat a long text whose beginning is its stop sequence. */
test('a stop sequence that was written and cut off is tolerated', () => {
  expect(outMaxOf(0, 500, 500)).toBe(500)
  expect(outMaxOf(0, 534, 500)).toBe(0)
  expect(outMaxOf(20, 530, 500)).toBe(530)
})

test('the template of a model may be said to be longer', () => {
  expect(inMaxOf(10, { messages: 2 }, 900)).toBe(10 + 2 * 16 + 900)
  expect(inMaxOf(10, { messages: 0 }, 900)).toBe(12)
})
