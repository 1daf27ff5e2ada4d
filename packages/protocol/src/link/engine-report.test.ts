import { expect, test } from 'vitest'
import { modelsInTerms } from './engine-report.ts'

const hash = (digit: string) => `0x${digit.repeat(64)}`
const served = [
  { model: 'a', modelHash: hash('1') },
  { model: 'b', modelHash: hash('2') },
]

/** A renter gets the build that the terms name: another file behind the same name is not it. */
test('a node serves those of its models that its terms name, by name and hash', () => {
  const terms = (...models: { model: string; modelHash: string }[]) => ({ version: 3, models })
  expect(modelsInTerms(terms({ model: 'a', modelHash: hash('1') }), served)).toEqual([served[0]])
  expect(modelsInTerms(terms({ model: 'a', modelHash: hash('2') }), served)).toEqual([])
  expect(modelsInTerms(terms(), served)).toEqual([])
})

test('terms of before models were named promise whatever is served', () => {
  for (const document of [{}, { version: 3 }, null, { models: 'all' }]) {
    expect(modelsInTerms(document, served)).toEqual(served)
  }
})
