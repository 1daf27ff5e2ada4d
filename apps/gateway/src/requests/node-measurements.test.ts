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
