import { expect, test } from 'vitest'
import { promptTokensLeast } from './prompt-least.ts'

const text = 'x'.repeat(1_000)

test('a prompt has a token for 20 bytes of its texts at least, and nothing else counts', () => {
  expect(promptTokensLeast({ messages: [{ role: 'user', content: text }] })).toBe(50)
  const parts = [
    { type: 'text', text },
    { type: 'image_url', image_url: { url: `data:${text}` } },
  ]
  const messages = [{ role: 'system', content: text }, { role: 'user', content: parts }, null, { role: 'tool' }]
  expect(promptTokensLeast({ messages, metadata: { note: text }, tools: [{ description: text }] })).toBe(100)
  expect(promptTokensLeast({ prompt: 'ä'.repeat(100) })).toBe(10)
  expect(promptTokensLeast({ prompt: [text, text] })).toBe(100)
})

test('token ids are as many as they are', () => {
  expect(promptTokensLeast({ prompt: [1, 2, 3] })).toBe(3)
  expect(promptTokensLeast({ prompt: [[1, 2], [3]] })).toBe(3)
  for (const body of [{}, { prompt: null }, { messages: 'x' }, { prompt: 5 }]) expect(promptTokensLeast(body)).toBe(0)
})
