/** Every gateway places by this number: what is counted twice or never comes off keeps a node empty for good. */
import { PROMPT_NOTICE_TOKENS } from '@isochrone/domain'
import { expect, test } from 'vitest'
import { WaitingPrompts } from './waiting-prompts.ts'

const CONTEXT = 100_000
const link = {}
const other = {}

test('a prompt waits until its first token or its end, whichever comes first, and is counted once', () => {
  const prompts = new WaitingPrompts()
  const one = prompts.begin(link, { tokens: 300 }, CONTEXT)
  const second = prompts.begin(other, { tokens: 50 }, CONTEXT)
  expect([prompts.tokens(), prompts.tokensOf(link), prompts.tokensOf(other)]).toEqual([350, 300, 50])
  one.firstToken(1)
  one.over(2)
  expect([prompts.tokens(), prompts.tokensOf(link)]).toEqual([50, 0])
  second.over(3)
  expect(prompts.tokens()).toBe(0)
})

test('of what the engine says and what the gateways said the more counts', () => {
  const prompts = new WaitingPrompts()
  prompts.begin(link, { tokens: 300 }, CONTEXT)
  expect(prompts.tokens(200)).toBe(300)
  expect(prompts.tokens(4_000)).toBe(4_000)
})

test('a prompt is declined when more waits than may, and never without a bound', () => {
  const prompts = new WaitingPrompts()
  prompts.begin(link, { tokens: 1_000 }, CONTEXT)
  expect(prompts.declines({ tokens: 9, aheadMax: 999 }, undefined)).toBe(1_000)
  expect(prompts.declines({ tokens: 9, aheadMax: 1_000 }, undefined)).toBeNull()
  expect(prompts.declines({ tokens: 9, aheadMax: 1_000 }, 1_001)).toBe(1_001)
  expect(prompts.declines({ tokens: 9 }, 1_000_000)).toBeNull()
  expect(prompts.declines(undefined, 1_000_000)).toBeNull()
})

/** Else a node declines what would find its engine idle. */
test('of a prompt that the engine is likely to be through with by half, half waits', () => {
  let nowMs = 0
  const prompts = new WaitingPrompts(() => nowMs)
  const first = prompts.begin(link, { tokens: 10_000 }, CONTEXT)
  first.firstToken((nowMs = 530))
  prompts.begin(link, { tokens: 8_000 }, CONTEXT)
  nowMs = 730
  expect([prompts.tokens(), prompts.tokensOf(link)]).toEqual([4_000, 4_000])
  expect(prompts.declines({ tokens: 9, aheadMax: 4_000 }, undefined)).toBeNull()
  expect(prompts.declines({ tokens: 9, aheadMax: 3_999 }, undefined)).toBe(4_000)
})

test('a long prompt is news when it is counted already, a shorter one is none', () => {
  const prompts = new WaitingPrompts()
  const heard: number[] = []
  const stop = prompts.onNews(() => heard.push(prompts.tokens()))
  prompts.begin(link, { tokens: PROMPT_NOTICE_TOKENS - 1 }, CONTEXT)
  prompts.begin(link, { tokens: PROMPT_NOTICE_TOKENS }, CONTEXT)
  stop()
  prompts.begin(link, { tokens: PROMPT_NOTICE_TOKENS }, CONTEXT)
  expect(heard).toEqual([2 * PROMPT_NOTICE_TOKENS - 1])
})

test('however long its gateways say that prompts are, what waits stays a count and comes off again', () => {
  const prompts = new WaitingPrompts()
  const lengths = [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 1]
  const all = lengths.map((tokens) => prompts.begin(link, { tokens }, CONTEXT))
  expect(prompts.tokens()).toBe(2 * CONTEXT + 1)
  for (const prompt of all) prompt.over(1)
  expect(prompts.tokens()).toBe(0)
})

test('a node that is told to says nothing of long prompts, and counts them all the same', () => {
  const prompts = new WaitingPrompts(undefined, false)
  let news = 0
  prompts.onNews(() => news++)
  prompts.begin(link, { tokens: 20_000 }, CONTEXT)
  expect([news, prompts.tokens()]).toEqual([0, 20_000])
})
