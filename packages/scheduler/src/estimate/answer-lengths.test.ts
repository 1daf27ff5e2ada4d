import { prng } from '@isochrone/domain'
import { expect, test } from 'vitest'
import { AnswerLengths } from './answer-lengths.ts'

/** Short prompts with short answers, long ones with long answers: the price of a replica depends on which it is. */
test('prompts of another length have answers of another length', () => {
  const lengths = new AnswerLengths(256)
  const rng = prng(1)
  for (let n = 0; n < 2_000; n++) {
    lengths.learn(280 + rng.below(60), 80 + rng.below(40))
    lengths.learn(1_100 + rng.below(200), 350 + rng.below(40))
  }
  expect(lengths.expected(300)).toBeGreaterThan(90)
  expect(lengths.expected(300)).toBeLessThan(110)
  expect(lengths.expected(1_200)).toBeGreaterThan(355)
  expect(lengths.expected(1_200)).toBeLessThan(385)
})

test('a length that was not seen yet has the mean of all, and before any answer the guess', () => {
  const lengths = new AnswerLengths(256)
  expect(lengths.expected(1_000)).toBe(256)
  for (let n = 0; n < 50; n++) lengths.learn(1_000, 100)
  expect(lengths.expected(100_000)).toBeCloseTo(100)
  // One strange answer does not decide for its class.
  lengths.learn(10, 4_000)
  expect(lengths.expected(10)).toBeLessThan(500)
})

test('what prompts are answered with now replaces what they were answered with before', () => {
  const lengths = new AnswerLengths(256)
  for (let n = 0; n < 5_000; n++) lengths.learn(500, 100)
  for (let n = 0; n < 5_000; n++) lengths.learn(500, 300)
  expect(lengths.expected(500)).toBeGreaterThan(290)
})

/** The time per token of two tokens is one step, of a hundred the mean of ninety-nine. */
test('answers of few tokens come unevenly, and a few of them among long ones count', () => {
  const lengths = new AnswerLengths(101)
  expect(lengths.gapNoise(500)).toBeCloseTo(0.1)
  for (let n = 0; n < 2_000; n++) {
    lengths.learn(500, 2)
    lengths.learn(5_000, n % 4 === 0 ? 2 : 401)
    lengths.learn(50_000, 401)
  }
  expect(lengths.gapNoise(500)).toBeGreaterThan(0.98)
  expect(lengths.gapNoise(5_000)).toBeCloseTo(0.5, 1)
  expect(lengths.gapNoise(50_000)).toBeLessThan(0.15)
  // No answer is longer than it may be, and one token has no time per token.
  expect(lengths.gapNoise(50_000, 5)).toBe(0.5)
  expect([lengths.gapNoise(500, 1), lengths.gapNoise(500, 0)]).toEqual([0, 0])
})

test('broken numbers change nothing, and every prompt has an expectation', () => {
  const lengths = new AnswerLengths(256)
  for (let n = 0; n < 20; n++) lengths.learn(500, 100)
  const before = [lengths.expected(500), lengths.gapNoise(500)]
  for (const broken of [Number.NaN, Infinity, -1]) lengths.learn(500, broken)
  expect([lengths.expected(500), lengths.gapNoise(500)]).toEqual(before)
  for (const tokensIn of [0, -5, Number.NaN, 1, 2 ** 40, Infinity]) {
    expect(lengths.expected(tokensIn)).toBeGreaterThan(0)
    expect(lengths.gapNoise(tokensIn)).toBeGreaterThan(0)
  }
})
