import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { closeEpoch } from './close-epoch.ts'

const run = (...args: string[]) =>
  spawnSync(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args], { encoding: 'utf8' })

test('a mistyped option is answered with help, never with a stack trace', () => {
  const { status, stderr } = run('--nope')
  expect(status).toBe(1)
  expect(stderr).toMatch(/^error: unknown option '--nope'\n\nUsage: npm run epochs:close --/)
  expect(stderr).not.toMatch(/\n\s+at /)
})

test('without a marketplace it says how to start one', () => {
  const dir = mkdtempSync(join(tmpdir(), 'isochrone-epochs-'))
  const { status, stderr } = run('--data-dir', dir)
  rmSync(dir, { recursive: true })
  expect([status, stderr]).toEqual([1, `No marketplace runs on ${dir}. Start one with: npm start\n`])
})

test('a gateway that is gone is named', async () => {
  await expect(closeEpoch({ gatewayUrl: 'http://127.0.0.1:9', internalToken: 't' })).rejects.toThrow(
    'The gateway at http://127.0.0.1:9 does not answer.',
  )
})
