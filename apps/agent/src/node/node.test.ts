import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeInventory } from '@isochrone/protocol'
import { afterAll, expect, test } from 'vitest'
import { lockDataDir } from './data-dir-lock.ts'
import { parseGpus, readInventory } from './inventory.ts'
import { loadNodeKey } from './node-key.ts'

const directory = await mkdtemp(join(tmpdir(), 'isochrone-node-'))
afterAll(() => rm(directory, { recursive: true }))

test('the key is made once, even by two at a time, and only its owner may read it', async () => {
  const path = join(directory, 'node.key')
  const [first, second] = await Promise.all([loadNodeKey(path), loadNodeKey(path)])
  expect(second).toEqual(first)
  expect(await loadNodeKey(path)).toEqual(first)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
})

test('a file that holds no key is refused and never overwritten', async () => {
  const path = join(directory, 'other.key')
  await writeFile(path, 'my shopping list')
  await expect(loadNodeKey(path)).rejects.toThrow('holds no node key')
})

test('the inventory of this machine fits what the link accepts', async () => {
  const inventory = await readInventory()
  expect(nodeInventory.parse(inventory)).toEqual(inventory)
  expect(inventory.cpuCores).toBeGreaterThan(0)
})

test('GPUs are grouped by kind, and lines that are none are dropped', () => {
  const line = (n: number) => `NVIDIA H200, 143771, GPU-${n}`
  const csv = [line(1), line(2), 'NVIDIA L4, 23034, GPU-3', 'Failed to initialise NVML', ', 5, x', ''].join('\n')
  expect(parseGpus(csv)).toEqual([
    { name: 'NVIDIA H200', count: 2, memoryMib: 143_771, uuids: ['GPU-1', 'GPU-2'] },
    { name: 'NVIDIA L4', count: 1, memoryMib: 23_034, uuids: ['GPU-3'] },
  ])
})

test('one agent per data directory, and the next may start once the first is gone', async () => {
  const dataDir = join(directory, 'data')
  await mkdir(dataDir)
  const lock = await lockDataDir(dataDir)
  await expect(lockDataDir(dataDir)).rejects.toThrow('another agent already runs')
  await lock.release()
  const raced = await Promise.allSettled([lockDataDir(dataDir), lockDataDir(dataDir), lockDataDir(dataDir)])
  const won = raced.filter((result) => result.status === 'fulfilled')
  expect(won).toHaveLength(1)
  await won[0]?.value.release()
})
