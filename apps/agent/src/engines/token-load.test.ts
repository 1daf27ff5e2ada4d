import { expect, test } from 'vitest'
import { TokenLoad } from './token-load.ts'

test('prompts count until they are prefilled, contexts while they decode, and nothing stays when all is over', () => {
  const load = new TokenLoad()
  const first = load.begin(100)
  const second = load.begin(50)
  expect([load.prefillTokens, load.contextTokens]).toEqual([150, 0])
  first.prefilled(40)
  expect(load.prefillTokens).toBe(110)
  first.decoding()
  first.decoding()
  first.token()
  expect([load.prefillTokens, load.contextTokens]).toEqual([50, 101])
  second.decoding()
  expect(load.contextTokens).toBe((101 + 50) / 2)
  first.end()
  first.end()
  second.end()
  load.begin(7).end()
  expect([load.prefillTokens, load.contextTokens]).toEqual([0, 0])
})
