import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectRoot } from '../project-root.ts'
import { figures } from './figures.ts'

test('a mistyped option is answered with help, never with a stack trace', () => {
  const { status, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), '--nope'], {
    encoding: 'utf8',
  })
  expect(status).toBe(1)
  expect(stderr).toMatch(/^error: unknown option '--nope'\n\nUsage: npm run bench:gas --/)
  expect(stderr).not.toMatch(/\n\s+at /)
})

test('the snapshot holds every figure, so that none can grow unseen', () => {
  const snapshot = JSON.parse(readFileSync(join(projectRoot, 'contracts/gas-snapshot.json'), 'utf8')) as object
  expect(Object.keys(snapshot).toSorted()).toEqual(figures.map(({ name }) => name).toSorted())
})
