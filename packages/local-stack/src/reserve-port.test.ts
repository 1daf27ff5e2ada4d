import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { freePort } from './free-port.ts'
import { reservePort } from './reserve-port.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'isochrone-reserve-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** Servers that are started at the same time must not meet on one port. */
test('however many ports are asked for, none is given twice', async () => {
  const ports = await Promise.all(Array.from({ length: 400 }, () => freePort()))
  expect(new Set(ports).size).toBe(400)
})

test('a port belongs to whoever was given it for as long as that process lives', () => {
  expect([reservePort(20_001, dir), reservePort(20_001, dir)]).toEqual([true, false])
  // The parent of this process lives.
  writeFileSync(join(dir, '20002'), String(process.ppid))
  expect(reservePort(20_002, dir)).toBe(false)
})

test('what a process left that is gone, by its end or by a kill, is given again', () => {
  const entry = new URL('./reserve-port.ts', import.meta.url).href
  const script = (end: string) =>
    `import(${JSON.stringify(entry)}).then(({ reservePort }) => { reservePort(20003, ${JSON.stringify(dir)}); ${end} })`
  spawnSync(process.execPath, ['--eval', script('')])
  expect(readdirSync(dir)).toEqual([])
  spawnSync(process.execPath, ['--eval', script("process.kill(process.pid, 'SIGKILL')")])
  expect(readdirSync(dir)).toEqual(['20003'])
  expect(reservePort(20_003, dir)).toBe(true)
})
