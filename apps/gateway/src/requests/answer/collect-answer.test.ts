import { expect, test } from 'vitest'
import { collectAnswer } from './collect-answer.ts'

const collect = (kind: 'chat' | 'completion', chunks: object[]) => {
  const sink = collectAnswer(kind === 'chat' ? '/v1/chat/completions' : '/v1/completions', new AbortController().signal)
  for (const chunk of chunks) void sink.write(Buffer.from(JSON.stringify(chunk)))
  return sink
}
const chunk = (...choices: object[]) => ({ id: 'x', object: 'chat.completion.chunk', created: 1, model: 'm', choices })

test('choices, tool calls and fields unknown to us come together', () => {
  const answer = collect('chat', [
    chunk({ index: 0, delta: { role: 'assistant', content: '' } }),
    chunk({ index: 1, delta: { content: 'b' } }, { index: 0, delta: { content: 'a', reasoning_content: 'r' } }),
    chunk({ index: 0, delta: { tool_calls: [{ index: 0, id: 't', function: { name: 'f', arguments: '{"x"' } }] } }),
    chunk({ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: ':1}' } }] } }),
    chunk({ index: 0, delta: {}, finish_reason: 'tool_calls' }),
  ]).answer()
  expect(answer).toMatchObject({
    id: 'x',
    object: 'chat.completion',
    choices: [
      {
        finish_reason: 'tool_calls',
        message: {
          content: 'a',
          reasoning_content: 'r',
          tool_calls: [{ id: 't', function: { name: 'f', arguments: '{"x":1}' } }],
        },
      },
      { index: 1, message: { content: 'b' } },
    ],
  })
})

/** As SGLang streams them; and the older form of a call, which clients may still ask for. */
test('a call keeps its id and name where later pieces say null', () => {
  const piece = (id: string | null, name: string | null, args: string) =>
    chunk({
      index: 0,
      delta: { tool_calls: [{ index: 0, id, type: 'function', function: { name, arguments: args } }] },
    })
  const legacy = (name: object, args: string) =>
    chunk({ index: 1, delta: { function_call: { ...name, arguments: args } } })
  const answer = collect('chat', [
    piece('call_1', 'f', ''),
    piece(null, null, '{"x"'),
    piece(null, null, ':1}'),
    legacy({ name: 'g' }, ''),
    legacy({}, '{"y":'),
    legacy({ name: null }, '2}'),
  ]).answer()
  expect(answer.choices).toMatchObject([
    { message: { tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"x":1}' } }] } },
    { message: { function_call: { name: 'g', arguments: '{"y":2}' } } },
  ])
})

test('a failed attempt leaves nothing behind', () => {
  const sink = collect('completion', [chunk({ index: 0, text: 'lost' })])
  sink.reset()
  void sink.write(Buffer.from(JSON.stringify(chunk({ index: 0, text: 'kept' }))))
  expect(sink.answer()).toMatchObject({ choices: [{ text: 'kept' }] })
})

test('a chunk that is not JSON, or not of the agreed shape, adds nothing', () => {
  const sink = collect('chat', [])
  for (const choices of [null, 7, [null], ['x'], {}]) void sink.write(Buffer.from(JSON.stringify({ choices })))
  expect(sink.answer().choices).toEqual([])
  const calls = { index: 0, delta: { tool_calls: [null, 7, { index: 0, id: 't' }] } }
  void sink.write(Buffer.from(JSON.stringify({ choices: [calls] })))
  expect(sink.answer()).toMatchObject({ choices: [{ message: { tool_calls: [{ id: 't' }] } }] })
  sink.reset()
  void sink.write(Buffer.from('{oops'))
  expect(sink.answer().choices).toEqual([])
})
