import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { mergedRun, parseRun, RunFiles, type RunResult } from './run-file.ts'

const run = (seeds: number[], costs: Record<string, number>): RunResult => ({
  trace: 'azure.csv',
  util: 0.4,
  seeds,
  horizonS: 600,
  policies: Object.entries(costs).map(([policy, costPerMtok]) => ({
    policy,
    sloAttainment: 1,
    costPerMtok,
    costOverBound: null,
    ttftP99Ms: null,
  })),
})
const costsOf = ({ policies }: RunResult) =>
  Object.fromEntries(policies.map(({ policy, costPerMtok }) => [policy, costPerMtok]))

test('a policy that ran again counts as the later run has it, the others stay, and new ones join', () => {
  const merged = mergedRun(run([31], { isochrone: 2, prequal: 3 }), run([31], { c3: 4, isochrone: 1 }))
  expect(costsOf(merged)).toEqual({ isochrone: 1, prequal: 3, c3: 4 })
  expect(merged.policies.map(({ policy }) => policy)).toEqual(['isochrone', 'prequal', 'c3'])
  expect(costsOf(mergedRun(null, run([31], { isochrone: 2 })))).toEqual({ isochrone: 2 })
})

test('rows of other seeds, lengths or clients are not put beside each other', () => {
  const before = run([31], { a: 1 })
  expect(() => mergedRun(before, run([41], { b: 1 }))).toThrow(
    'azure.csv at 0.4, seeds 31, 600 s and azure.csv at 0.4, seeds 41, 600 s are not one market',
  )
  expect(() => mergedRun(before, { ...before, horizonS: 150 })).toThrow('150 s are not one market')
  expect(() => mergedRun(before, { ...before, model: 'm-mid' })).toThrow('azure.csv (m-mid) at 0.4')
})

test('a file is read as it was written, with what no table reads', () => {
  const files = new RunFiles(mkdtempSync(join(tmpdir(), 'runs-')))
  const market = { name: 'azure' }
  expect(files.find(market, 0.4)).toBeNull()
  expect(() => files.read(market, 0.4)).toThrow('npm run measure:placement -- --only azure')
  const written = { ...run([31], { isochrone: 2 }), bound: { costPerMtok: 1 } }
  files.write(market, written)
  expect(files.read(market, 0.4)).toEqual(written)
  writeFileSync(files.pathOf(market, 0.4), '{"trace":"t","util":"0.4"}')
  expect(() => files.read(market, 0.4)).toThrow(/azure-0\.4\.json, field util: /)
})

test('what is no JSON is told by where it came from', () => {
  expect(() => parseRun('Stopped.', 'npm run sim')).toThrow('npm run sim: not JSON')
})
