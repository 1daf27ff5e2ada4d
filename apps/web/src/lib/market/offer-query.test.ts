import { expect, test } from 'vitest'
import { readOfferQuery } from './offer-query.ts'

test('a URL is read whole', () => {
  const { query, columns, filtered, ignored } = readOfferQuery({
    q: 'h200',
    residency: 'EU',
    gpus: '8',
    max: '0.40',
    live: '1',
    sort: 'latency',
    desc: '1',
    cols: 'ttft,region',
  })
  expect(query).toMatchObject({ q: 'h200', residency: 'EU', gpusMin: 8, outMicroUsdMax: 400_000n, liveOnly: true })
  expect(query).toMatchObject({ sort: 'latency', reversed: true })
  expect([...columns]).toEqual(['region', 'ttft'])
  expect({ filtered, ignored }).toEqual({ filtered: true, ignored: [] })
})

test('what a URL says wrong is left out and said, and never throws', () => {
  const bad = { gpus: '-1', memory: '1e9', trust: 'blind', residency: 'germany', max: 'cheap', ttft: 'NaN' }
  const { query, filtered, ignored } = readOfferQuery({
    ...bad,
    sort: 'price; drop table',
    provider: '0xZZ',
    cursor: '../..',
    cols: 'x',
    q: 'x'.repeat(201),
  })
  expect(Object.values(query).every((value) => value === undefined)).toBe(true)
  expect(filtered).toBe(false)
  expect(ignored).toHaveLength(11)
  expect(ignored.join(' ')).toContain('gpus: “-1” is not a whole number from 1 to 100000.')
})

test('round trips are bounded and sorted by from a witness alone', () => {
  const { query, filtered, ignored } = readOfferQuery({ from: 'fra-1', rtt: '20', sort: 'rtt' })
  expect({ query, filtered, ignored }).toMatchObject({
    query: { from: 'fra-1', rttMsMax: 20, sort: 'rtt' },
    filtered: true,
    ignored: [],
  })
  const without = readOfferQuery({ rtt: '20', sort: 'rtt' })
  expect(without.query).toMatchObject({ from: undefined, rttMsMax: undefined, sort: undefined })
  expect(without.filtered).toBe(false)
  expect(without.ignored).toHaveLength(2)
})

test('nothing in the URL narrows nothing', () => {
  expect(readOfferQuery({ cols: 'rtt' }).filtered).toBe(false)
})

test('the usual columns are shown without being named, and round trips to who measures from a witness', () => {
  const usual = [...readOfferQuery({}).columns]
  expect(usual).not.toContain('rtt')
  expect([...readOfferQuery({ from: 'fra-1' }).columns]).toHaveLength(usual.length + 1)
  expect([...readOfferQuery({ cols: usual.join(',') }).columns]).toEqual(usual)
  expect([...readOfferQuery({ cols: 'x' }).columns]).toEqual(usual)
})
