import fc from 'fast-check'
import { expect, test } from 'vitest'
import { inMaxOf, outMaxOf, promptTextsOf } from './bounds.ts'

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
