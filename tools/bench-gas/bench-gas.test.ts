import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectRoot } from '../project-root.ts'
import { figures, missedTargets, type GasFigures } from './figures.ts'

test('a mistyped option is answered with help, never with a stack trace', () => {
  const { status, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), '--nope'], {
    encoding: 'utf8',
  })
  expect(status).toBe(1)
  expect(stderr).toMatch(/^error: unknown option '--nope'\n\nUsage: npm run bench:gas --/)
  expect(stderr).not.toMatch(/\n\s+at /)
})

const snapshot = JSON.parse(readFileSync(join(projectRoot, 'contracts/gas-snapshot.json'), 'utf8')) as GasFigures

test('the snapshot holds every figure, so that none can grow unseen', () => {
  expect(Object.keys(snapshot).toSorted()).toEqual(figures.map(({ name }) => name).toSorted())
})

test('the snapshot is within every target, and a figure above its own, or absent, is named', () => {
  expect(missedTargets(snapshot)).toEqual([])
  expect(missedTargets({ ...snapshot, claimOne: 50_001 })).toEqual(['claimOne: 50001, asked ≤ 50000'])
  expect(missedTargets({})).toContain('anchor: NaN, asked ≤ 105000')
})
