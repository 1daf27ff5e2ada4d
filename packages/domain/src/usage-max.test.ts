import { expect, test } from 'vitest'
import { answerMaxOf, DEFAULT_TEXT_TOKENS_OUT_MAX, DEFAULT_TOKENS_OUT_MAX, tokensOutOf } from './usage-max.ts'

const chat = '/v1/chat/completions'
const texts = '/v1/completions'

/** The sample programs of the official client name no limit. */
test('a chat and a response without a limit have room for a usual answer, a text completion for a short one', () => {
  expect(DEFAULT_TOKENS_OUT_MAX).toBe(4_096)
  expect(DEFAULT_TEXT_TOKENS_OUT_MAX).toBe(256)
  for (const endpoint of [chat, '/v1/responses']) expect(answerMaxOf(endpoint, {}).tokensOutMax).toBe(4_096)
  expect(answerMaxOf(chat, { n: 3 }).tokensOutMax).toBe(12_288)
  expect(answerMaxOf(texts, { prompt: 'a' }).tokensOutMax).toBe(256)
  expect(answerMaxOf(texts, { prompt: ['a', 'b'], n: 2 }).tokensOutMax).toBe(1_024)
})

test('only a limit that nobody named needs less room than it reserves', () => {
  expect(tokensOutOf(chat, { named: null, choices: 1 })).toEqual({ tokensOutMax: 4_096, tokensOutNeeded: 256 })
  // Of several choices each is told its limit, which an engine refuses where it does not fit.
  expect(tokensOutOf(chat, { named: null, choices: 2 })).toEqual({ tokensOutMax: 8_192, tokensOutNeeded: 4_096 })
  expect(tokensOutOf(chat, { named: 4_096, choices: 1 })).toEqual({ tokensOutMax: 4_096 })
  expect(tokensOutOf(chat, { named: 7, choices: 3 })).toEqual({ tokensOutMax: 21 })
  expect(tokensOutOf(texts, { named: null, choices: 1, prompts: 2 })).toEqual({ tokensOutMax: 512 })
})
