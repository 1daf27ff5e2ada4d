import { expect, test } from 'vitest'
import { promiseSupport } from './promise-support.ts'

/** 20 tokens a second: 50 ms for each. */
const like = { nodes: 2, ttftP95Ms: 300, ttftPerKtokMs: null, tokensPerSecond: 20 }
const nobody = { nodes: 0, ttftP95Ms: null, ttftPerKtokMs: null, tokensPerSecond: null }
const silent = { firstTokenMs: null, contextTokensMax: null }
const promised = (ttftBaseMs: number, tpotUs: number, ttftPerKtokMs = 0) => ({ ttftBaseMs, ttftPerKtokMs, tpotUs })

/** A provider is told before it promises what like machines cannot keep: either half of a promise costs money. */
test('a promise is held against the first token and against each further one', () => {
  const of = (ttftBaseMs: number, tpotUs: number) => promiseSupport(like, promised(ttftBaseMs, tpotUs), silent)
  expect(of(500, 60_000)).toMatchObject({ contradicted: false, text: expect.stringContaining('Nothing contradicts') })
  expect(of(200, 0)).toMatchObject({ contradicted: true, text: expect.stringContaining('the first token.') })
  expect(of(500, 40_000)).toMatchObject({ contradicted: true, text: expect.stringContaining('each further token.') })
  expect(of(0, 0).contradicted).toBe(false)
  expect(of(0, 50_000).contradicted).toBe(false)
  expect(of(300, 0).contradicted).toBe(false)
})

test('what is not measured neither supports nor contradicts, and is named', () => {
  const short = promised(1, 1)
  expect(promiseSupport({ ...like, tokensPerSecond: null, ttftP95Ms: null }, short, silent)).toMatchObject({
    contradicted: false,
    text: expect.stringContaining('Not measured yet: how soon they begin, how fast they go on.'),
  })
  expect(promiseSupport(nobody, short, silent)).toMatchObject({
    contradicted: false,
    text: expect.stringContaining('nothing supports or contradicts'),
  })
})

/** The first of its class has nobody like it, and still knows how it answered itself. */
test('the node’s own first token is held against the promise, with its figure', () => {
  const own = { firstTokenMs: 450, contextTokensMax: 8_192 }
  expect(promiseSupport(nobody, promised(400, 0), own)).toEqual({
    contradicted: true,
    text: 'No other live node of this hardware class is measured. This node began after 450 ms when its own agent asked it. This node would break the promise of the first token.',
  })
  expect(promiseSupport(nobody, promised(450, 0), own).contradicted).toBe(false)
  // Quicker than like nodes: what customers get there counts as well.
  expect(promiseSupport({ ...like, ttftP95Ms: 600 }, promised(500, 0), own)).toMatchObject({
    contradicted: true,
    text: expect.stringContaining('Like nodes would break the promise of the first token.'),
  })
})

test('what is promised for each 1,000 tokens in is held against what like nodes take for them', () => {
  const own = { firstTokenMs: 100, contextTokensMax: 32_000 }
  const measured = { ...like, ttftPerKtokMs: 250 }
  const of = (base: number, perKtok: number) => promiseSupport(measured, promised(base, 0, perKtok), own)
  // 100 + 250 · (k − 1) ≤ 500 + 50 · k holds up to k = 3.
  expect(of(500, 50)).toMatchObject({
    contradicted: true,
    text: expect.stringContaining('prompts above 3,000 tokens would break the promise of the first token.'),
  })
  expect(of(500, 250).contradicted).toBe(false)
  // Far enough for the longest prompt that it takes.
  expect(of(500, 240).contradicted).toBe(false)
  expect(promiseSupport(measured, promised(500, 0, 240), { ...own, contextTokensMax: null }).contradicted).toBe(true)
  // Any prompt gets one step: it alone is a promise too.
  expect(of(0, 200)).toMatchObject({ contradicted: true, text: expect.stringContaining('Like nodes') })
  expect(of(0, 300).contradicted).toBe(false)
})
