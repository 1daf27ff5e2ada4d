import fc from 'fast-check'
import { expect, test } from 'vitest'
import { errorPositionOfJson } from './json-error-position.ts'
import { DEFAULT_TOKENS_OUT_MAX, parseInferenceRequest, parseJson } from './parse-request.ts'

const parse = (body: unknown) => parseInferenceRequest('/v1/chat/completions', Buffer.from(JSON.stringify(body)))
const messages = [{ role: 'user', content: 'x' }]

test('what is reserved is the limit over all choices, and a default where none is named', () => {
  expect(parse({ model: 'm', messages }).tokensOutMax).toBe(DEFAULT_TOKENS_OUT_MAX)
  expect(parse({ model: 'm', messages, max_tokens: 7, n: 3 }).tokensOutMax).toBe(21)
  expect(parse({ model: 'm', messages, max_tokens: 7, max_completion_tokens: 5 }).tokensOutMax).toBe(5)
})

test('the place where a text stops being JSON is found without quoting the text', () => {
  const at = (text: string) => errorPositionOfJson(text).position
  expect(at('{"a": 1,}')).toBe(8)
  expect(at('{"a" 1}')).toBe(5)
  expect(at('[1, 2')).toBe(5)
  expect(at('{"a": nope}')).toBe(6)
  expect(at('{} {}')).toBe(3)
  expect(at('{"a": "x\ny"}')).toBe(6)
  expect(errorPositionOfJson('{\n  "a": ]\n}')).toEqual({ position: 9, line: 2, column: 8 })
})

test('what is JSON has no error before its end, and cutting it is an error at the end or at the cut token', () => {
  fc.assert(
    fc.property(fc.json(), fc.nat(), (text, cut) => {
      expect(errorPositionOfJson(text).position).toBe(text.length)
      const part = text.slice(0, cut % (text.length + 1))
      expect(errorPositionOfJson(part).position).toBeLessThanOrEqual(part.length)
    }),
  )
})

/** Ten megabytes of one string would end the search in a stack overflow, which is a 500. */
test('a huge body that is no JSON is the caller’s error', () => {
  for (const length of [1_000, 250_000, 9_000_000]) {
    const cut = Buffer.from(`{"a":"${'a'.repeat(length)}`)
    expect(() => parseJson(cut)).toThrow(expect.objectContaining({ code: 'invalid_input' }))
  }
})
