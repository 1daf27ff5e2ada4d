import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { knownFile, prepareKnownResults } from './known-results.ts'

/** A result that rests on other sources is never counted as one of these. */
test('a run is gone on from only where it was kept, was asked for, and no source but tests has changed', () => {
  const root = mkdtempSync(join(tmpdir(), 'isochrone-known-'))
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  write('packages/domain/src/money.ts', '1')
  write('packages/domain/src/money.test.ts', '1')
  expect(prepareKnownResults(true, root)).toBe(false)
  expect(prepareKnownResults(true, root)).toBe(false)

  write(knownFile, '{}')
  expect(prepareKnownResults(true, root)).toBe(true)
  write('packages/domain/src/money.test.ts', '2')
  expect(prepareKnownResults(true, root)).toBe(true)
  write('packages/domain/src/money.ts', '2')
  expect(prepareKnownResults(true, root)).toBe(false)
  expect(existsSync(join(root, knownFile))).toBe(false)

  write(knownFile, '{}')
  write('apps/gateway/src/lane/deep/new.ts', '')
  expect(prepareKnownResults(true, root)).toBe(false)
  write(knownFile, '{}')
  expect(prepareKnownResults(false, root)).toBe(false)
  expect(existsSync(join(root, knownFile))).toBe(false)
  rmSync(root, { recursive: true })
})
