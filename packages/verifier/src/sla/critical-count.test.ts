import fc from 'fast-check'
import { expect, test } from 'vitest'
import { criticalCount, SLA_ALPHA, SLA_MISS, type Ratio } from './critical-count.ts'

/** The tail of the binomial distribution, from its definition. */
function tailAt(n: number, k: number, p: Ratio): Ratio {
  let num = 0n
  for (let i = k; i <= n; i++) {
    let choose = 1n
    for (let j = 0; j < i; j++) choose = (choose * BigInt(n - j)) / BigInt(j + 1)
    num += choose * p.num ** BigInt(i) * (p.den - p.num) ** BigInt(n - i)
  }
  return { num, den: p.den ** BigInt(n) }
}

const isBelow = (a: Ratio, b: Ratio): boolean => a.num * b.den < b.num * a.den

test('an honest provider reaches the critical count with probability below alpha, and one less with no less', () => {
  const ratio = fc
    .integer({ min: 2, max: 500 })
    .chain((den) => fc.integer({ min: 1, max: den - 1 }).map((num): Ratio => ({ num: BigInt(num), den: BigInt(den) })))
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 40 }), ratio, ratio, (n, p, alpha) => {
      const k = criticalCount(n, p, alpha)
      expect(k >= 1 && k <= n + 1).toBe(true)
      if (k <= n) expect(isBelow(tailAt(n, k, p), alpha)).toBe(true)
      expect(isBelow(tailAt(n, k - 1, p), alpha)).toBe(false)
    }),
    { numRuns: 300 },
  )
})

test('undivided, alpha 0.001 gives the counts of the design', () => {
  const alpha = { num: 1n, den: 1_000n }
  expect([100, 200, 500, 1_000].map((n) => criticalCount(n, SLA_MISS.latency, alpha))).toEqual([14, 22, 42, 74])
})

test('divided over three promises, it is the default', () => {
  expect(SLA_ALPHA).toEqual({ num: 1n, den: 3_000n })
  expect(SLA_MISS).toEqual({ latency: { num: 5n / 5n, den: 20n }, availability: { num: 1n, den: 100n } })
  expect([500, 1_000].map((n) => criticalCount(n, SLA_MISS.latency))).toEqual([44, 76])
  expect([500, 1_000].map((n) => criticalCount(n, SLA_MISS.availability))).toEqual([15, 23])
})

test('where every sample may miss by chance, nothing breaks a promise', () => {
  expect(criticalCount(0, SLA_MISS.latency)).toBe(1)
  expect(criticalCount(1, SLA_MISS.latency)).toBe(2)
  expect(() => criticalCount(-1, SLA_MISS.latency)).toThrow('count')
  expect(() => criticalCount(1.5, SLA_MISS.latency)).toThrow('count')
})
