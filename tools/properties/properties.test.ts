import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { projectRoot } from '../project-root.ts'
import { runPromise } from './run-promise.ts'

const main = join(projectRoot, 'tools/properties/main.ts')
const properties = (...args: string[]) => spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' })

/** In a process of its own: a test runner's modules are several times slower than Node's. */
test('no promise of placement is broken in 20,000 decisions', { timeout: 240_000 }, () => {
  const { status, stdout, stderr } = properties('--decisions', '20000', '--seed', '11')
  expect(stderr).toBe('')
  expect(status).toBe(0)
  const [, total] = /^([\d,]+) decisions, no promise broken\. \d+ s, seed 11\.$/m.exec(stdout) ?? []
  expect(Number(total?.replaceAll(',', ''))).toBeGreaterThanOrEqual(20_000)
  // Each has made its share, and the large ones were among more replicas than a sample is remembered from.
  expect(stdout.split('\n').filter((line) => / decisions in [\d,]+ markets/.test(line))).toHaveLength(13)
  expect(stdout).toMatch(/^constraints-large: .*among more than 512 replicas [1-9]/m)
})

test('a broken promise is told with its smallest market and the command that repeats it', () => {
  let decisions = 0
  const broken = {
    promise: 'numbers are small',
    share: 1,
    property: () =>
      fc.property(fc.nat(), (n) => {
        decisions++
        if (n > 17) throw new Error(`${n} is too large`)
      }) as fc.IProperty<[unknown]>,
    decisions: () => decisions,
    counts: () => ({}),
  }
  const first = runPromise('small', broken, { decisions: 1_000, seed: 5 }).broken
  expect(first).toMatch(/^Broken: numbers are small\.\n18 is too large\n.*: 18\n/)
  const [, seed, path] = /--promise small --seed (-?\d+) --path ([\d:]+)$/.exec(first ?? '') ?? []
  const again = runPromise('small', broken, { decisions: 1_000, seed: Number(seed), path: path ?? '' }).broken
  expect(again).toContain('18 is too large')
})

test.each([
  [['--decisions', 'many'], /a whole number from 1 is expected/],
  [['--promise', 'none'], /Allowed choices are constraints-small, /],
  [['--path', '1:2'], /^--path is of one promise: name it with --promise\.\n$/],
])('%j is refused in a line', (args, line) => {
  const { status, stderr } = properties(...args)
  expect(status).toBe(1)
  expect(stderr).toMatch(line)
})
