/** Every gateway places by this number: what is counted twice or never comes off keeps a node empty for good. */
import { PROMPT_NOTICE_TOKENS } from '@isochrone/domain'
import { expect, test } from 'vitest'
import { WaitingPrompts } from './waiting-prompts.ts'

const CONTEXT = 100_000

test('a prompt waits until its first token or its end, whichever comes first, and is counted once', () => {
  const prompts = new WaitingPrompts()
  const one = prompts.begin({ tokens: 300 }, CONTEXT)
  const other = prompts.begin({ tokens: 50 }, CONTEXT)
  expect(prompts.tokens()).toBe(350)
  one()
  one()
  expect(prompts.tokens()).toBe(50)
  other()
  expect(prompts.tokens()).toBe(0)
})

test('of what the engine says and what the gateways said the more counts', () => {
  const prompts = new WaitingPrompts()
  prompts.begin({ tokens: 300 }, CONTEXT)
  expect(prompts.tokens(200)).toBe(300)
  expect(prompts.tokens(4_000)).toBe(4_000)
})

test('a prompt is declined when more waits than may, and never without a bound', () => {
  const prompts = new WaitingPrompts()
  prompts.begin({ tokens: 1_000 }, CONTEXT)
  expect(prompts.declines({ tokens: 9, aheadMax: 999 }, undefined)).toBe(1_000)
  expect(prompts.declines({ tokens: 9, aheadMax: 1_000 }, undefined)).toBeNull()
  expect(prompts.declines({ tokens: 9, aheadMax: 1_000 }, 1_001)).toBe(1_001)
  expect(prompts.declines({ tokens: 9 }, 1_000_000)).toBeNull()
  expect(prompts.declines(undefined, 1_000_000)).toBeNull()
})

test('a long prompt is news when it is counted already, a shorter one is none', () => {
  const prompts = new WaitingPrompts()
  const heard: number[] = []
  const stop = prompts.onNews(() => heard.push(prompts.tokens()))
  prompts.begin({ tokens: PROMPT_NOTICE_TOKENS - 1 }, CONTEXT)
  prompts.begin({ tokens: PROMPT_NOTICE_TOKENS }, CONTEXT)
  stop()
  prompts.begin({ tokens: PROMPT_NOTICE_TOKENS }, CONTEXT)
  expect(heard).toEqual([2 * PROMPT_NOTICE_TOKENS - 1])
})

test('however long its gateways say that prompts are, what waits stays a count and comes off again', () => {
  const prompts = new WaitingPrompts()
  const over = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 1].map((tokens) => prompts.begin({ tokens }, CONTEXT))
  expect(prompts.tokens()).toBe(2 * CONTEXT + 1)
  for (const end of over) end()
  expect(prompts.tokens()).toBe(0)
})
