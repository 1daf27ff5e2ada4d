/** Of an engine that counts at its end alone, each chunk is told with the tokens that it is thought to hold. */
import { expect, test } from 'vitest'
import { ChunkCounter } from './chunk-counter.ts'

test.each([
  ['reasoning_content', { reasoning_content: 'hm' }],
  ['reasoning, as Ollama and later releases of vLLM say it', { reasoning: 'hm' }],
  ['both', { reasoning: 'hm', reasoning_content: 'hm' }],
])('%s counts as it comes, and not with the last word', (_name, delta) => {
  const counter = new ChunkCounter({ model: 'm', messages: [] })
  const tokens = [delta, delta, delta, { content: 'So.' }].map((said) => {
    const event = counter.read({ choices: [{ delta: said }] }, 10)
    return event?.type === 'chunk' ? event.tokens : null
  })
  expect(tokens).toEqual([1, 1, 1, 1])
  counter.read({ choices: [{ delta: {}, finish_reason: 'stop' }] }, 10)
  counter.read({ choices: [], usage: { prompt_tokens: 2, completion_tokens: 5 } }, 10)
  expect([...counter.end()]).toMatchObject([{ tokens: 1 }, { usage: { tokensIn: 2, tokensOut: 5 } }])
})
