/** Nodes decline by this number: too high and idle engines turn work away, too low and it waits past its SLO. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { PromptQueue } from './prompt-queue.ts'

test('until a prompt has been through, each counts whole', () => {
  const queue = new PromptQueue<string>()
  queue.begin('a', 1_000, 0)
  queue.begin('b', 500, 10)
  expect(queue.msPerToken).toBeNull()
  expect([queue.tokens(5_000), queue.tokensOf('a', 5_000), queue.tokensOf('b', 5_000)]).toEqual([1_500, 1_000, 500])
})

test('then the first one counts by what is left of it, the others whole, and the next begins with its first token', () => {
  const queue = new PromptQueue<string>()
  // 30 ms of it are the step behind the prefill.
  queue.begin('a', 1_000, 0).firstToken(130)
  expect(queue.msPerToken).toBe(0.1)
  const second = queue.begin('a', 1_000, 200)
  queue.begin('b', 500, 210)
  expect([queue.tokens(250), queue.tokensOf('a', 250), queue.tokensOf('b', 250)]).toEqual([1_000, 500, 500])
  // It is late: more than the whole of it is never taken off.
  expect(queue.tokens(900)).toBe(500)
  second.over(900)
  expect(queue.tokens(920)).toBe(300)
})

test('with the next prompt the engine begins a step before the first token, and not before it came', () => {
  const queue = new PromptQueue<string>()
  queue.begin('a', 1_000, 0).firstToken(130)
  const [first, second] = [queue.begin('a', 1_000, 200), queue.begin('a', 1_000, 210)]
  first.firstToken(330)
  expect(queue.tokens(330)).toBe(700)
  queue.begin('a', 500, 425)
  second.firstToken(430)
  expect(queue.tokens(430)).toBe(450)
})

test('what is learned follows an engine that has become slow within a few long prompts', () => {
  const queue = new PromptQueue<string>()
  let nowMs = 0
  const through = (msPerToken: number) => {
    const prompt = queue.begin('a', 8_000, nowMs)
    nowMs += 8_000 * msPerToken
    prompt.firstToken(nowMs + 30)
  }
  for (let i = 0; i < 20; i++) through(0.04)
  expect(queue.msPerToken).toBeCloseTo(0.04, 9)
  for (let i = 0; i < 8; i++) through(0.1)
  expect(queue.msPerToken).toBeGreaterThan(0.08)
})

test('short prompts teach nothing, and neither does one that another one passed or that never came', () => {
  const queue = new PromptQueue<string>()
  queue.begin('a', 100, 0).firstToken(80)
  const first = queue.begin('a', 4_000, 100)
  queue.begin('a', 4_000, 110).firstToken(120)
  first.over(200)
  expect(queue.msPerToken).toBeNull()
})

test('a prompt that took no time that can be divided teaches nothing', () => {
  const queue = new PromptQueue<string>()
  const first = queue.begin('a', 256, 0)
  queue.begin('a', 100, Number.MIN_VALUE)
  first.firstToken(Number.MIN_VALUE)
  expect(queue.msPerToken).toBeNull()
  expect(queue.tokens(Number.MIN_VALUE)).toBe(100)
})

test('whatever comes and goes, what waits is a count between nothing and the sum of the prompts, and ends at nothing', () => {
  const step = fc.record({
    tokens: fc.nat(50_000),
    afterMs: fc.double({ min: 0, max: 2_000, noNaN: true }),
    owner: fc.constantFrom('a', 'b'),
    ends: fc.constantFrom('none', 'first', 'over'),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new PromptQueue<string>()
      const open: { prompt: ReturnType<typeof queue.begin>; tokens: number }[] = []
      let nowMs = 0
      for (const { tokens, afterMs, owner, ends } of steps) {
        nowMs += afterMs
        open.push({ prompt: queue.begin(owner, tokens, nowMs), tokens })
        if (ends === 'first') open.shift()?.prompt.firstToken(nowMs)
        if (ends === 'over') open.pop()?.prompt.over(nowMs)
        const waits = queue.tokens(nowMs)
        expect(Number.isSafeInteger(waits)).toBe(true)
        expect(waits).toBeGreaterThanOrEqual(0)
        expect(waits).toBeLessThanOrEqual(open.reduce((sum, prompt) => sum + prompt.tokens, 0))
        expect(queue.tokensOf('a', nowMs) + queue.tokensOf('b', nowMs)).toBe(waits)
      }
      for (const { prompt } of open) prompt.firstToken(nowMs)
      expect(queue.tokens(nowMs)).toBe(0)
    }),
  )
})
