/** What one organisation's prompts come to says nothing of another's, and broken counts stay within reason. */
import { promptTokensMin } from '@isochrone/scheduler'
import { expect, test } from 'vitest'
import { createMeasurements } from './node-measurements.ts'

test('tokens a byte are learned for each organisation and model, within what a tokenizer can do', () => {
  const measurements = createMeasurements()
  for (let i = 0; i < 200; i++) {
    measurements.learn('dense', 'm', { bytesIn: 1_000, tokensIn: 900_000, tokensOut: 10 })
    measurements.learn('sparse', 'm', { bytesIn: 1_000_000, tokensIn: 1, tokensOut: 10 })
  }
  expect(measurements.tokensInOf('dense', 'm', 1_000)).toBeLessThanOrEqual(1_000)
  expect(measurements.tokensInOf('sparse', 'm', 1_000)).toBeGreaterThanOrEqual(50)
  expect(measurements.tokensInOf('other', 'm', 1_000)).toBe(300)
  expect(measurements.tokensInOf('dense', 'other', 1_000)).toBe(300)
})

test('an embedded picture counts for nothing in the least number of tokens', () => {
  const picture = `data:image/png;base64,${'A'.repeat(100_000)}`
  expect(promptTokensMin(Buffer.from(JSON.stringify({ a: 'x'.repeat(1_000), picture, b: picture })))).toBeLessThan(60)
})

/** Placement prices input and output apart, so it must know how much will be written; and a tenant must not learn whose. */
test('answers are expected as long as the same organisation got for prompts of about that length', () => {
  const measurements = createMeasurements()
  expect(measurements.tokensOutOf('a', 'm', 100, 4_096)).toBe(200)
  for (let i = 0; i < 100; i++) {
    measurements.learn('a', 'm', { bytesIn: 400, tokensIn: 100, tokensOut: 40 })
    measurements.learn('a', 'm', { bytesIn: 40_000, tokensIn: 10_000, tokensOut: 900 })
  }
  expect(measurements.tokensOutOf('a', 'm', 110, 4_096)).toBeLessThan(120)
  expect(measurements.tokensOutOf('a', 'm', 9_500, 4_096)).toBeGreaterThan(750)
  expect(measurements.tokensOutOf('a', 'm', 9_500, 64)).toBe(64)
  // Another tenant sees the mean of all, whatever length it asks for.
  const seenByOther = [1, 110, 9_500, 1e9].map((tokensIn) => measurements.tokensOutOf('b', 'm', tokensIn, 4_096))
  expect(new Set(seenByOther).size).toBe(1)
  expect(seenByOther[0]).toBeGreaterThan(400)
  expect(seenByOther[0]).toBeLessThan(540)
  // Its own answers soon outweigh that, and change nothing for the first.
  const before = measurements.tokensOutOf('a', 'm', 110, 4_096)
  for (let i = 0; i < 40; i++) measurements.learn('b', 'm', { bytesIn: 400, tokensIn: 100, tokensOut: 2_000 })
  expect(measurements.tokensOutOf('b', 'm', 110, 4_096)).toBeGreaterThan(1_400)
  expect(measurements.tokensOutOf('a', 'm', 110, 4_096)).toBe(before)
})

/** Two tokens are over before their steps average out, so placement must know who asks for a word and who for a page. */
test('how unevenly answers come is known of the same organisation, and of what the request allows', () => {
  const measurements = createMeasurements()
  for (let i = 0; i < 100; i++) measurements.learn('a', 'm', { bytesIn: 400, tokensIn: 100, tokensOut: 2 })
  for (let i = 0; i < 100; i++) measurements.learn('b', 'm', { bytesIn: 400, tokensIn: 100, tokensOut: 401 })
  expect(measurements.gapNoiseOf('a', 'm', 100, 4_096)).toBeGreaterThan(0.9)
  expect(measurements.gapNoiseOf('b', 'm', 100, 4_096)).toBeLessThan(0.1)
  expect(measurements.gapNoiseOf('b', 'm', 100, 2)).toBe(1)
  // A tenant that has asked nothing learns the one mean and no more.
  const byLength = [1, 100, 9_500, 1e9].map((tokensIn) => measurements.gapNoiseOf('c', 'm', tokensIn, 4_096))
  expect(new Set(byLength).size).toBe(1)
  expect(byLength[0]).toBeCloseTo(1 / Math.sqrt(measurements.tokensOutOf('c', 'm', 100, 4_096) - 1), 2)
})

/** Turns go by what a request is expected to take: a guess of 200 must not stand before eight answers that were counted. */
test('the guess of a model that nobody has asked counts as one answer', () => {
  const measurements = createMeasurements()
  for (let i = 0; i < 8; i++) measurements.learn('a', 'm', { bytesIn: 30, tokensIn: 10, tokensOut: 3 })
  expect(measurements.tokensOutOf('a', 'm', 10, 4_096)).toBeLessThan(25)
})
