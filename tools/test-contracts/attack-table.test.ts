/**
 * The table of attacks says what the tests say: whoever looks for an attack finds its test. An attack is refused for the
 * reason that its test names. And every function with a guard
 * against reentrancy is tried by the attack that calls in from within a transfer.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
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

test('no attack passes because a call failed for another reason: each names the error and its values', () => {
  const bare = readdirSync(dir).filter((file) => readFileSync(join(dir, file), 'utf8').includes('expectRevert()'))
  expect(bare).toEqual([])
})

/** The interface of the contract that a source file is a part of; bonds are collected by the same function in three. */
const interfaceOf = (file: string): string => {
  if (file.startsWith('channels/')) return 'IPaymentChannels'
  if (file.startsWith('disputes/')) return 'IDisputeManager'
  if (file.startsWith('sla/')) return 'ISlaLedger'
  return `I${basename(file, '.sol')}`
}

test('every function with a guard against reentrancy is called from within a transfer', () => {
  const sources = join(projectRoot, 'contracts/src')
  const guarded = readdirSync(sources, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.sol'))
    .flatMap((file) => {
      const code = readFileSync(join(sources, file), 'utf8')
      const found = [...code.matchAll(/function (\w+)\([^)]*\)([^{;]*)\{/g)]
      return found
        .filter(([, , head]) => head?.includes('nonReentrant'))
        .map(([, name]) => `${interfaceOf(file)}.${name}`)
    })
  const attack = readFileSync(join(dir, 'Reentrancy.t.sol'), 'utf8')
  const tried = [...attack.matchAll(/doors\[\d+\] = abi\.encodeCall\(\s*(\w+\.\w+),/g)].map(([, name]) => name)
  expect(guarded.length).toBeGreaterThan(20)
  expect(new Set(tried)).toEqual(new Set(guarded))
  expect(tried.filter((name) => name === 'IPayouts.collect')).toHaveLength(3)
})
