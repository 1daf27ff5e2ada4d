import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { projectRoot } from '../project-root.ts'
import type { ScenarioReport } from './run-scenarios.ts'

const run = promisify(execFile)
const scenarios = (...args: string[]) =>
  run(process.execPath, ['tools/sim-scenarios/main.ts', ...args], { cwd: projectRoot, maxBuffer: 1 << 24 })

/** Anybody can check a figure by running it again. */
test('the same seed gives the same bytes, and a target says what was measured against it', async () => {
  const args = ['--scenario', 'tiers', '--data', 'demo', '--seeds', '1', '--json']
  const [one, two] = await Promise.all([scenarios(...args), scenarios(...args)])
  expect(two.stdout).toBe(one.stdout)
  const report = JSON.parse(one.stdout) as ScenarioReport
  expect(report).toMatchObject({ data: 'demo', seeds: [11] })
  expect(report.prefix).toBeUndefined()
  expect(report.tiers?.targets).toContainEqual({
    what: 'attempts outside the policy',
    bound: '≤ 0',
    measured: 0,
    met: true,
  })
}, 60_000)

test('without --json it prints tables', async () => {
  const { stdout } = await scenarios('--scenario', 'tiers', '--data', 'demo', '--seeds', '1')
  expect(stdout).toMatch(/\| without the edge +\| Germany +\| +0\.0 \|/)
}, 60_000)

test.each([
  [
    'a scenario nobody knows',
    ['--scenario', 'magic'],
    /no scenario 'magic'; known: prefix, fairness, kill, tiers, all/,
  ],
  ['a folder without data', ['--scenario', 'prefix', '--data', tmpdir()], /there is no such file\n$/],
  ['a count that is none', ['--seeds', 'few'], /--seeds.*a whole number from 1 to 100/],
])('%s is refused in one line', async (_what, args, line) => {
  await expect(scenarios(...args)).rejects.toMatchObject({ stdout: '', stderr: expect.stringMatching(line) })
})
