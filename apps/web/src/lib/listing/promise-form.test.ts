import { expect, test } from 'vitest'
import { missingHalf, promisesNothing, promiseTexts, readPromises } from './promise-form.ts'

const promises = {
  ttftBaseMs: 1_500,
  ttftPerKtokMs: 400,
  tpotUs: 33_500,
  concurrencyMax: 4,
  penaltyBps: 1_250,
  sloRegion: '',
}
const { sloRegion: _, ...numbers } = promises
const none = { ttftBaseMs: 0, ttftPerKtokMs: 0, tpotUs: 0, concurrencyMax: 0, penaltyBps: 0 }

/** Money: what a provider types in milliseconds and percent is what the terms say. */
test('milliseconds and percent are stored exactly, and come back as they were typed', () => {
  const texts = promiseTexts(promises)
  expect(texts).toEqual({
    ttftBaseMs: '1500',
    ttftPerKtokMs: '400',
    tpotUs: '33.5',
    concurrencyMax: '4',
    penaltyBps: '12.5',
  })
  expect(readPromises(texts)).toEqual({ values: numbers, errors: {} })
  expect(readPromises({ ...texts, tpotUs: '50' }).values.tpotUs).toBe(50_000)
  expect(readPromises(promiseTexts({ ...none, sloRegion: '' })).values).toEqual(none)
  expect(readPromises({ ...texts, tpotUs: '0.0001', ttftBaseMs: '1.5', penaltyBps: '1000' }).errors).toEqual({
    tpotUs: 'At most 3 decimals: it is stored in whole microseconds.',
    ttftBaseMs: 'A whole number: it is stored in whole milliseconds.',
    penaltyBps: 'At most 100.',
  })
})

test('half a promise names the field that misses, and a form without any asks for one', () => {
  expect(missingHalf(numbers)).toBeNull()
  for (const time of ['ttftBaseMs', 'ttftPerKtokMs', 'tpotUs'] as const) {
    expect(missingHalf({ ...none, [time]: 1 })?.field, time).toBe('penaltyBps')
  }
  expect(missingHalf({ ...none, concurrencyMax: 8 })?.error).toContain('choose “Nothing”')
  // Asked about by the server, because availability alone can be promised.
  expect(missingHalf({ ...none, penaltyBps: 1_000 })).toBeNull()
  expect(promisesNothing({ ...none, concurrencyMax: 8, sloRegion: '' })).toBe(true)
  expect(promisesNothing(promises)).toBe(false)
})
