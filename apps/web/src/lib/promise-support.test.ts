import { expect, test } from 'vitest'
import { promiseSupport } from './promise-support.ts'

/** 20 tokens a second: 50 ms for each. */
const like = { nodes: 2, ttftP95Ms: 300, tokensPerSecond: 20 }

/** A provider is told before it promises what like machines cannot keep: either half of a promise costs money. */
test('a promise is held against the first token and against each further one', () => {
  const of = (ttftBaseMs: number, tpotUs: number) => promiseSupport(like, { ttftBaseMs, tpotUs })
  expect(of(500, 60_000)).toMatchObject({ contradicted: false, text: expect.stringContaining('Nothing contradicts') })
  expect(of(200, 0)).toMatchObject({ contradicted: true, text: expect.stringContaining('the first token.') })
  expect(of(500, 40_000)).toMatchObject({ contradicted: true, text: expect.stringContaining('each further token.') })
  expect(of(0, 0).contradicted).toBe(false)
  expect(of(0, 50_000).contradicted).toBe(false)
})

test('what is not measured neither supports nor contradicts, and is named', () => {
  const promised = { ttftBaseMs: 1, tpotUs: 1 }
  expect(promiseSupport({ ...like, tokensPerSecond: null, ttftP95Ms: null }, promised)).toMatchObject({
    contradicted: false,
    text: expect.stringContaining('Not measured yet: how soon they begin, how fast they go on.'),
  })
  expect(promiseSupport({ nodes: 0, ttftP95Ms: null, tokensPerSecond: null }, promised).contradicted).toBe(false)
})
