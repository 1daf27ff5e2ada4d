import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { readInstanceFile, writeInstanceFile, type InstanceInfo } from './instance-file.ts'
import { lockInstance } from './instance-lock.ts'
import { assertPortsFree, defaultPorts, freePorts, portNames } from './ports.ts'
import { describeStartError } from './start-error.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'isochrone-start-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

test('a second start on the same data is refused; what a crash left is taken over', () => {
  const first = lockInstance(dir)
  expect(first.afterCrash).toBe(false)
  // Another living Node process holds it.
  writeFileSync(join(dir, 'supervisor.pid'), String(process.ppid))
  expect(() => lockInstance(dir)).toThrow(/already runs on .* \(process \d+\)/)
  const gone = spawnSync(process.execPath, ['-e', '0'])
  writeFileSync(join(dir, 'supervisor.pid'), String(gone.pid))
  const second = lockInstance(dir)
  expect(second.afterCrash).toBe(true)
  second.release()
  expect(lockInstance(dir).afterCrash).toBe(false)
})

test('a taken port is one line that names the option', async () => {
  const ports = await freePorts()
  const server = createServer()
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: ports.gateway }, resolve))
  await expect(assertPortsFree(ports, ['gateway'], 0)).rejects.toThrow(
    `Port ${ports.gateway} (gateway) is taken by another program. Stop it, or choose another: npm start -- --gateway-port ${ports.gateway + 100}`,
  )
  await assertPortsFree(ports, ['redis'], 0)
  server.close()
  expect(new Set(Object.values(defaultPorts)).size, 'no two services share a port').toBe(portNames.length)
})

test('what tools are told is for its owner alone', () => {
  const info: InstanceInfo = {
    url: 'http://a',
    gatewayUrl: 'http://b',
    apiKey: 'iso_x',
    model: 'm',
    signIns: [],
    dataDir: dir,
    pid: 1,
    databaseUrl: 'd',
    redisUrl: 'r',
    chainRpcUrl: 'c',
    deploymentFile: 'f',
    internalToken: 't',
  }
  writeInstanceFile(info)
  expect(readInstanceFile(dir)).toEqual(info)
  expect(statSync(join(dir, 'instance.json')).mode & 0o077).toBe(0)
  expect(readInstanceFile(join(dir, 'elsewhere'))).toBeNull()
})

test('a full disk is named as such, wherever it struck', () => {
  expect(describeStartError(new Error('ENOSPC: no space left on device, write'))).toMatch(/^The disk is full\./)
  expect(describeStartError(Object.assign(new Error('x'), { publicMessage: 'One line.' }))).toBe('One line.')
})
