import fc from 'fast-check'
import { expect, test } from 'vitest'
import { followDelivered } from './delivered-text.ts'

const head = { id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 5, model: 'm' }
const chunk = (value: unknown) => Buffer.from(JSON.stringify(value))
const say = (content: string, finish: string | null = null) =>
  chunk({ ...head, choices: [{ index: 0, delta: { content }, finish_reason: finish }] })
const role = chunk({ ...head, choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] })

test('any text comes back as it was handed on, however its chunks look', () => {
  const pieces = fc.array(fc.tuple(fc.string({ unit: 'binary' }), fc.boolean()), { minLength: 1 })
  fc.assert(
    fc.property(pieces, (parts) => {
      for (const kind of ['chat', 'completion'] as const) {
        const delivered = followDelivered(kind)
        delivered.add(kind === 'chat' ? role : chunk({ ...head, choices: [] }))
        for (const [text, odd] of parts) {
          const choice = kind === 'chat' ? { delta: { content: text } } : { text }
          delivered.add(
            chunk({ ...head, choices: [{ index: 0, ...choice, finish_reason: null, ...(odd && { logprobs: {} }) }] }),
          )
        }
        const whole = Buffer.from(parts.map(([text]) => text).join(''), 'utf8').toString('utf8')
        expect(delivered.text()).toBe(whole === '' ? null : whole)
        expect(delivered.head).toEqual({ id: 'chatcmpl-1', created: 5 })
        expect(delivered.finished).toBe(false)
      }
    }),
  )
})

test('the finish reason says that nothing is missing', () => {
  const delivered = followDelivered('chat')
  for (const bytes of [role, say('a'), say('b'), say('', 'stop')]) delivered.add(bytes)
  expect([delivered.text(), delivered.finished]).toEqual(['ab', true])
  delivered.clear()
  expect([delivered.text(), delivered.finished, delivered.head]).toEqual([null, false, null])
})

/** What cannot be gone on from truthfully ends with an error instead. */
test.each([
  ['a tool call', { choices: [{ index: 0, delta: { tool_calls: [{ index: 0 }] } }] }],
  ['reasoning', { choices: [{ index: 0, delta: { reasoning_content: 'hm' } }] }],
  ['a refusal', { choices: [{ index: 0, delta: { refusal: 'no' } }] }],
  ['a second choice', { choices: [{ index: 1, delta: { content: 'b' } }] }],
  [
    'two choices',
    {
      choices: [
        { index: 0, delta: {} },
        { index: 1, delta: {} },
      ],
    },
  ],
  ['no choices', { error: {} }],
  ['no object', 5],
])('%s has no text to go on from', (_name, value) => {
  const delivered = followDelivered('chat')
  for (const bytes of [role, say('a'), say('b'), chunk(value), say('c')]) delivered.add(bytes)
  expect(delivered.text()).toBeNull()
})

test('nulls and empty lists beside the text say nothing', () => {
  const delivered = followDelivered('chat')
  delivered.add(
    chunk({
      ...head,
      choices: [{ index: 0, delta: { content: 'a', tool_calls: [], refusal: null, reasoning_content: '' } }],
    }),
  )
  expect(delivered.text()).toBe('a')
})

/** A node might hide a tool call in what looks like text: nobody is made to go on from it. */
test('quotes that end the text early leave nothing to go on from', () => {
  const delivered = followDelivered('chat')
  delivered.add(say('a'))
  const crafted = say('X').toString().replace('"X"', '"b"},"finish_reason":"stop","more":{"x":"y"')
  delivered.add(Buffer.from(crafted))
  expect(delivered.text()).toBeNull()
})

test('what is kept of an answer is bounded', () => {
  const delivered = followDelivered('chat')
  for (let count = 0; count < 700; count++) delivered.add(say('x'.repeat(1_024)))
  expect(delivered.text()).toBeNull()
})
