import fc from 'fast-check'
import { Histogram, Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { SeriesHistogram } from './series-histogram.ts'

const bounds = [0.01, 0.5, 1, 64]
const about = { name: 'answers_seconds', help: 'Answers' }
const number = fc.oneof(fc.double({ min: -1, max: 100, noNaN: true }), fc.constantFrom(...bounds, 0))

test('it says what prom-client’s own histogram says of the same numbers, letter by letter', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(number), fc.array(number), async (ofChat, ofOthers) => {
      const [ours, theirs] = [new Registry(), new Registry()]
      const histogram = new SeriesHistogram({ ...about, bounds, registry: ours })
      const expected = new Histogram({
        ...about,
        buckets: [...bounds],
        labelNames: ['model', 'operation'],
        registers: [theirs],
      })
      for (const [model, numbers] of [
        ['chat "1"', ofChat],
        ['other', ofOthers],
      ] as const) {
        const labels = { model, operation: 'chat' }
        const series = histogram.series(labels)
        // prom-client begins a series with its first number.
        expected.zero(labels)
        for (const value of numbers) {
          series.observe(value)
          expected.observe(labels, value)
        }
      }
      expect(await ours.metrics()).toBe(await theirs.metrics())
    }),
  )
})

test('what is no number is refused, and not counted', async () => {
  const registry = new Registry()
  const series = new SeriesHistogram({ ...about, bounds, registry }).series({})
  for (const value of [Number.NaN, Infinity]) expect(() => series.observe(value)).toThrow('Not a number')
  expect(await registry.metrics()).toContain('answers_seconds_count 0')
})
