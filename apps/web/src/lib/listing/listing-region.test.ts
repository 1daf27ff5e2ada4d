import { expect, test } from 'vitest'
import { regionHint } from './listing-region.ts'

const places = { regions: ['eu-de', 'eu-nl', 'us-east'], countries: ['DE', 'NL'] }
const hint = (region: string, country: string) => regionHint(region, country, places)

/** A claim that nobody can check is said to be one before it is made. */
test('a region of no known place is checked as its country, and without one it cannot be checked', () => {
  for (const [region, country] of [
    ['', ''],
    ['eu-de', 'DE'],
    [' EU-DE ', 'XX'],
    ['us-east', 'US'],
  ] as const) {
    expect(hint(region, country), region).toEqual({
      text: expect.stringContaining('speed of light'),
      isUncheckable: false,
    })
  }
  expect(hint('berlin', 'de')).toEqual({ text: expect.stringContaining('check it as DE'), isUncheckable: false })
  expect(hint('mars', 'XX')).toEqual({ text: 'Its place is not known by this name.', isUncheckable: true })
  expect(hint('mars', '').isUncheckable).toBe(false)
  expect(hint('us', 'US').isUncheckable).toBe(true)
  expect(hint('m', 'XX').isUncheckable).toBe(false)
})
