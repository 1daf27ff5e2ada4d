import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { addToPool, brokenPromises, emptyPool, penaltyMicroUsd, type SlaPool } from './broken-promises.ts'
import { criticalCount, SLA_MISS } from './critical-count.ts'
import { SLA_STEPS, slaStepFor, slaStepTable } from './step-table.ts'

const pool = (fields: Partial<SlaPool>): SlaPool => ({ ...emptyPool, ...fields })

test('below 500 samples nothing is decided, and nothing is lost', () => {
  const before = pool({ samples: 499, faults: 499, ttftSamples: 499, ttftOver: 499, spent: 7n })
  expect(brokenPromises(before)).toEqual({
    tested: false,
    broken: { availability: false, ttft: false, tpot: false },
    bits: 0,
    after: before,
  })
  expect(slaStepFor(499)).toBeNull()
})

test('each promise breaks at its own count, and not one below', () => {
  const kept = pool({ samples: 500, ttftSamples: 500, tpotSamples: 500, faults: 14, ttftOver: 43, tpotOver: 43 })
  const none = { availability: false, ttft: false, tpot: false }
  expect(brokenPromises(kept)).toMatchObject({ tested: true, broken: none, bits: 0, after: emptyPool })
  expect(brokenPromises({ ...kept, faults: 15 })).toMatchObject({ broken: { ...none, availability: true }, bits: 1 })
  expect(brokenPromises({ ...kept, ttftOver: 44 })).toMatchObject({ broken: { ...none, ttft: true }, bits: 2 })
  expect(brokenPromises({ ...kept, tpotOver: 44 })).toMatchObject({ broken: { ...none, tpot: true }, bits: 4 })
  expect(brokenPromises({ ...kept, faults: 500, ttftOver: 500, tpotOver: 500 }).bits).toBe(7)
})

test('a promise with too few samples of its own is not tested, and keeps them for the next test', () => {
  const before = pool({ samples: 600, ttftSamples: 499, ttftOver: 400, tpotSamples: 500, tpotOver: 3, spent: 9n })
  const { bits, after } = brokenPromises(before)
  expect(bits).toBe(0)
  expect(after).toEqual(pool({ ttftSamples: 499, ttftOver: 400 }))
})

test('pools add up', () => {
  const a = { samples: 1, faults: 2, ttftSamples: 3, ttftOver: 4, tpotSamples: 5, tpotOver: 6, spent: 7n }
  const b = { samples: 10, faults: 20, ttftSamples: 30, ttftOver: 40, tpotSamples: 50, tpotOver: 60, spent: 70n }
  const sum = { samples: 11, faults: 22, ttftSamples: 33, ttftOver: 44, tpotSamples: 55, tpotOver: 66, spent: 77n }
  expect(addToPool(a, b)).toEqual(sum)
  expect(addToPool(emptyPool, a)).toEqual(a)
})

test('a penalty is a share of what was spent, rounded down', () => {
  expect([penaltyMicroUsd(99_999n, 1_000), penaltyMicroUsd(9n, 1_000), penaltyMicroUsd(10n, 10_000)]).toEqual([
    9_999n,
    0n,
    10n,
  ])
})

test('between two steps, and above the last, the provider has the benefit', () => {
  expect(slaStepFor(500)).toEqual({ samples: 500, latency: 44, availability: 15 })
  expect(slaStepFor(501)).toEqual(slaStepFor(600))
  expect(slaStepFor(600)?.samples).toBe(600)
  for (const samples of [550, 1_100, 1_400, 2_300, 3_500, 9_000, 12_000]) {
    const step = slaStepFor(samples)
    expect(step?.latency).toBeGreaterThanOrEqual(criticalCount(samples, SLA_MISS.latency))
    expect(step?.availability).toBeGreaterThanOrEqual(criticalCount(samples, SLA_MISS.availability))
  }
  const last = slaStepFor(65_535)
  expect(last).toEqual({ samples: 65_535, latency: 3_469, availability: 745 })
  expect(slaStepFor(65_536)).toEqual({ samples: 131_070, latency: 6_938, availability: 1_490 })
})

test('the table has every step once, growing', () => {
  const table = slaStepTable()
  expect(table.map(({ samples }) => samples)).toEqual([...SLA_STEPS])
  expect([...SLA_STEPS]).toEqual([...SLA_STEPS].toSorted((a, b) => a - b))
  expect(slaStepTable()[3]).toBe(table[3])
})

test('the ledger tests by the same table', () => {
  const source = readFileSync(new URL('../../../../contracts/src/libraries/SlaTest.sol', import.meta.url), 'utf8')
  const table = /bytes internal constant TABLE =([^;]*);/.exec(source)?.[1] ?? ''
  const rows = [...table.matchAll(/hex"([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})"/g)].map(([, ...cells]) => {
    const [samples, latency, availability] = cells.map((cell) => Number.parseInt(cell, 16))
    return { samples, latency, availability }
  })
  expect(rows).toEqual(slaStepTable())
})
