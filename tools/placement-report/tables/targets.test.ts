import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { FIVES, fiveName } from '../runs/markets.ts'
import { RunFiles } from '../runs/run-file.ts'
import { targetTable } from './targets.ts'

/** Ours at `slo` and `cost` on every five, the power of two choices and Prequal at 1 USD. */
function filesOf(slo: (first: number, seed: number) => number, cost: (first: number) => number): RunFiles {
  const files = new RunFiles(mkdtempSync(join(tmpdir(), 'runs-')))
  for (const first of FIVES) {
    for (const util of [0.4, 0.6, 0.75]) {
      const seeds = [0, 1, 2, 3, 4].map((i) => first + i)
      const bySeed = seeds.map((seed) => ({ seed, sloAttainment: slo(first, seed), costOverBound: 0.05 }))
      const sloAttainment = bySeed.reduce((sum, row) => sum + row.sloAttainment, 0) / 5
      const policy = (name: string, costPerMtok: number) => ({
        policy: name,
        sloAttainment,
        costPerMtok,
        costOverBound: 0.05,
        ttftP99Ms: 400,
        bySeed,
      })
      const rivals = [policy('power-of-two-choices', 1), policy('prequal', 1)]
      files.write(
        { name: fiveName('azure', first) },
        { trace: 't', util, seeds, horizonS: 600, policies: [policy('isochrone', cost(first)), ...rivals] },
      )
    }
  }
  return files
}

const rowOf = (table: string, start: string) => table.split('\n').find((line) => line.startsWith(`| ${start}`))

test('a target is met by the means of every five, and single seeds that miss it are told', () => {
  const table = targetTable(
    filesOf(
      (_, seed) => (seed === 42 ? 0.998 : 1),
      () => 0.6,
    ),
  )
  expect(rowOf(table, 'SLO ≥ 99.9 % at 0.4')).toBe(
    '| SLO ≥ 99.9 % at 0.4 (worst seed) | 100.000 % (100.000) | 99.960 % (99.800) | 100.000 % (100.000) | 100.000 % (100.000) | yes in the means; not on 1 of 20 seeds |',
  )
  expect(rowOf(table, 'SLO ≥ 99.5 % at 0.75')).toMatch(/\| yes \|$/)
  expect(rowOf(table, 'cost ≤ +10 % over the LP at 0.4')).toMatch(/^.*\| \+5\.00 % \(5\.00\) .*\| yes \|$/)
})

test('a target that one five misses is not met, and the mean of all is told beside', () => {
  const table = targetTable(
    filesOf(
      () => 1,
      (first) => (first === 41 ? 0.66 : 0.64),
    ),
  )
  expect(rowOf(table, '≥ 35 % cheaper than Prequal at 0.4')).toBe(
    '| ≥ 35 % cheaper than Prequal at 0.4 | 36.00 % | 34.00 % | 36.00 % | 36.00 % | in 3 of 4; 35.50 % in the mean of all |',
  )
  expect(rowOf(table, '≥ 15 % cheaper than Prequal at 0.75')).toMatch(/\| yes \|$/)
})
