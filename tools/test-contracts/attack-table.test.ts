/** The table of attacks says what the tests say: whoever looks for an attack finds its test. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { projectRoot } from '../project-root.ts'

const dir = join(projectRoot, 'contracts/test/attacks')

test('every attack names tests that are there, and every test is named once, beside its file', () => {
  const named = readFileSync(join(dir, 'README.md'), 'utf8')
    .split('\n')
    .flatMap((row) => {
      const file = /\| (\w+) \|$/.exec(row)?.[1]
      return [...row.matchAll(/`(test(?:Fuzz)?_\w+)`/g)].map(([, name]) => `${file}.t.sol ${name}`)
    })
  const there = readdirSync(dir)
    .filter((file) => file.endsWith('.t.sol'))
    .flatMap((file) => {
      const code = readFileSync(join(dir, file), 'utf8')
      return [...code.matchAll(/function (test(?:Fuzz)?_\w+)\(/g)].map(([, name]) => `${file} ${name}`)
    })
  expect(there.length).toBeGreaterThan(0)
  expect(named.toSorted()).toEqual(there.toSorted())
})
