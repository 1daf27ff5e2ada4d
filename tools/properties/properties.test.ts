import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectRoot } from '../project-root.ts'

const main = join(projectRoot, 'tools/properties/main.ts')

/** In a process of its own: a test runner's modules are several times slower than Node's. */
test('no promise of placement is broken in 200,000 decisions', { timeout: 120_000 }, () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, '--decisions', '200000', '--seed', '11'], {
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  expect(status).toBe(0)
  expect(stdout).toMatch(/^160,000 decisions in \d+ random markets/)
  expect(stdout).toContain('No promise broken')
  expect(stdout).toContain('40,000 decisions agreed between two orders of arrival.')
})
