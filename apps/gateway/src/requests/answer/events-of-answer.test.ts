import { expect, test } from 'vitest'
import { eventsOfAnswer } from './events-of-answer.ts'

const chunksOf = (text: string): Record<string, unknown>[] => {
  const events = text.split('\n\n').filter((event) => event !== '')
  expect(events.pop()).toBe('data: [DONE]')
  return events.map((event) => JSON.parse(event.replace(/^data: /, '')) as Record<string, unknown>)
}

const head = { id: 'chatcmpl-1', object: 'chat.completion', created: 1, model: 'm' }
const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }

test('each choice comes in one piece, its calls by their place, then its end; usage only where it was asked for', () => {
  const calls = ['a', 'b'].map((id) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } }))
  const choices = [
    {
      index: 0,
      message: { role: 'assistant', content: 'Hi\n\nthere' },
      logprobs: { content: [] },
      finish_reason: 'stop',
    },
    { index: 1, message: { role: 'assistant', content: null, tool_calls: calls }, finish_reason: 'tool_calls' },
  ]
  const answer = { ...head, choices, usage, isochrone: { priceMicroUsd: '7' } }
  const chunks = chunksOf(eventsOfAnswer(answer, true))
  const base = { ...head, object: 'chat.completion.chunk' }
  const delta = { role: 'assistant', content: null, tool_calls: calls.map((call, index) => ({ index, ...call })) }
  expect(chunks).toEqual([
    {
      ...base,
      choices: [{ index: 0, delta: choices[0]?.message, logprobs: { content: [] }, finish_reason: null }],
    },
    { ...base, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
    { ...base, choices: [{ index: 1, delta, finish_reason: null }] },
    { ...base, choices: [{ index: 1, delta: {}, finish_reason: 'tool_calls' }] },
    { ...base, choices: [], usage, isochrone: { priceMicroUsd: '7' } },
  ])
  expect(chunksOf(eventsOfAnswer(answer, false))).toEqual(chunks.slice(0, -1))
})

test('a text completion keeps its words, and what is no list of choices has none', () => {
  const answer = {
    id: 'cmpl-1',
    object: 'text_completion',
    choices: [{ index: 0, text: 'a', logprobs: null, finish_reason: 'length' }],
  }
  expect(chunksOf(eventsOfAnswer(answer, false))).toEqual([
    {
      id: 'cmpl-1',
      object: 'text_completion',
      choices: [{ index: 0, text: 'a', logprobs: null, finish_reason: null }],
    },
    {
      id: 'cmpl-1',
      object: 'text_completion',
      choices: [{ index: 0, text: '', logprobs: null, finish_reason: 'length' }],
    },
  ])
  expect(chunksOf(eventsOfAnswer({ choices: 3 }, false))).toEqual([])
})
