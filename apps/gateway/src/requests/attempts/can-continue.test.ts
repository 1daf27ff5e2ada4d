import { expect, test } from 'vitest'
import { isContinuable, mayContinue } from './can-continue.ts'
import { parseInferenceRequest, type InferencePath } from '../read/parse-request.ts'
import type { RequestContext } from '../request-context.ts'

const asked = (path: InferencePath, fields: object) => ({
  request: parseInferenceRequest(path, Buffer.from(JSON.stringify({ model: 'm', ...fields }))),
})
const chat = (fields: object) =>
  isContinuable(asked('/v1/chat/completions', { messages: [{ role: 'user', content: 'Hi' }], ...fields }))
const text = (fields: object) => isContinuable(asked('/v1/completions', { prompt: 'Once', ...fields }))

test('plain answers go on, with whatever does not depend on their beginning', () => {
  const plain = { temperature: 0, seed: 4, stop: ['x'], logprobs: true, n: 1, response_format: { type: 'text' } }
  for (const fields of [{}, plain, { tools: [], tool_choice: 'auto' }, { modalities: ['text'] }]) {
    expect(chat(fields)).toBe(true)
  }
  for (const fields of [{}, { prompt: ['Once'] }, { echo: false, best_of: 1 }]) expect(text(fields)).toBe(true)
})

test.each([
  { n: 2 },
  { response_format: { type: 'json_object' } },
  { guided_regex: 'a+' },
  { tool_choice: 'required' },
  { tool_choice: { type: 'function', function: { name: 'f' } } },
  { modalities: ['text', 'audio'] },
  { messages: [{ role: 'assistant', content: 'So' }] },
  { continue_final_message: true },
  { min_tokens: 5 },
])('an answer to %j cannot be glued together', (fields) => {
  expect(chat(fields)).toBe(false)
})

test.each([
  { prompt: ['a', 'b'] },
  { prompt: [1, 2] },
  { echo: true },
  { suffix: 'x' },
  { logprobs: 2 },
  { best_of: 3 },
])('a text to %j cannot be glued together', (fields) => {
  expect(text(fields)).toBe(false)
})

test('who allows no fallback, or no continuation, and a job get none', () => {
  const policy = { allowFallbacks: true } as RequestContext['policy']
  const pinned = { nodeId: '0x', placement: null, timeoutMs: 1 }
  expect(mayContinue({ pinned: null, policy })).toBe(true)
  expect(mayContinue({ pinned, policy })).toBe(false)
  expect(mayContinue({ pinned: null, policy: { ...policy, allowFallbacks: false } })).toBe(false)
  expect(mayContinue({ pinned: null, policy: { ...policy, allowContinuation: false } })).toBe(false)
})
