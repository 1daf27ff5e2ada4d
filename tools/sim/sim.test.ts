import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { projectRoot } from '../project-root.ts'
import type { SimSummary } from './summarise.ts'

const run = promisify(execFile)
const folder = mkdtempSync(join(tmpdir(), 'isochrone-sim-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const sim = (...args: string[]) =>
  run(process.execPath, ['tools/sim/main.ts', ...args], { cwd: projectRoot, maxBuffer: 1 << 24 })
const trace = ['--trace', 'tools/replay/traces/demo.csv', '--data', 'demo', '--util', '0.3']
const small = [...trace, '--horizon-s', '16', '--seeds', '2', '--policies', 'isochrone,power-of-two-choices', '--json']

/** Anybody can check a figure by running it again, on any number of threads. */
test('the same seeds give the same bytes, whatever the number of threads, and nothing costs less than the bound', async () => {
  const [one, two] = await Promise.all([sim(...small, '--jobs', '1'), sim(...small, '--jobs', '2')])
  expect(two.stdout).toBe(one.stdout)
  const summary = JSON.parse(one.stdout) as SimSummary
  expect(summary).toMatchObject({ data: 'demo', util: 0.3, seeds: [1, 2], bound: { status: 'optimal' } })
  expect(summary.policies.map(({ policy }) => policy)).toEqual(['isochrone', 'power-of-two-choices'])
  expect(summary.bound.bySeed.map(({ seed, status }) => [seed, status])).toEqual([
    [1, 'optimal'],
    [2, 'optimal'],
  ])
  for (const { costPerMtok, costPerMtokAt99WithoutSlo, ...bound } of summary.bound.bySeed) {
    expect(bound.engineCostPerMtok).toBeGreaterThan((costPerMtok ?? Number.NaN) * 0.99)
    expect(bound.engineCostPerMtokAt99).toBeGreaterThanOrEqual(costPerMtokAt99WithoutSlo ?? Number.NaN)
  }
  for (const { arrived, finished, refused, failed, unfinished, costOverBound, spread, ...rest } of summary.policies) {
    expect((finished ?? 0) + (refused ?? 0) + (failed ?? 0) + (unfinished ?? 0)).toBeCloseTo(arrived ?? 0, 6)
    expect(costOverBound).toBeGreaterThan(-0.01)
    expect(spread.sloAttainment).toHaveProperty('sd')
    // Means, worst seed and cost over the bound can be worked out again from the rows.
    const { bySeed, sloAttainment } = rest
    expect(bySeed.map(({ seed }) => seed)).toEqual([1, 2])
    const attained = bySeed.map((row) => row.sloAttainment)
    expect(Math.min(...attained)).toBe(spread.sloAttainment?.min)
    expect(attained.reduce((a, b) => a + b) / 2).toBeCloseTo(sloAttainment ?? 0, 12)
    bySeed.forEach((row, n) => {
      const least = summary.bound.bySeed[n]?.costPerMtok ?? Number.NaN
      expect(row.costOverBound).toBeCloseTo((row.costPerMtok ?? Number.NaN) / least - 1, 12)
    })
  }
}, 120_000)

test.each([
  ['a trace that is not there', ['--trace', 'no/such.csv'], /^no\/such\.csv: there is no such file$/],
  ['a folder without data', [...trace.slice(0, 2), '--data', tmpdir()], /there is no such file$/],
  ['a policy nobody knows', [...trace, '--policies', 'magic'], /no policy 'magic'; known: isochrone, /],
  ['a utilisation that is none', [...trace.slice(0, 2), '--util', 'half'], /--util.*a number from 0\.01 to 5/],
])('%s is refused in one line', async (_what, args, line) => {
  await expect(sim(...args)).rejects.toMatchObject({ stdout: '', stderr: expect.stringMatching(firstLine(line)) })
})

test('a trace with a broken row is refused by file, line and field', async () => {
  const file = join(folder, 'bad.csv')
  writeFileSync(file, 'TIMESTAMP,ContextTokens,GeneratedTokens\n2026-01-01 09:00:00.0000000,-5,3\n')
  await expect(sim('--trace', file)).rejects.toMatchObject({
    stderr: expect.stringMatching(/bad\.csv line 2, field ContextTokens: .*\n$/),
  })
})

/** The first line alone: commander adds its usage below. */
function firstLine(line: RegExp): RegExp {
  return new RegExp(line.source.replace(/\$$/, '\\n?$'), 'm')
}
