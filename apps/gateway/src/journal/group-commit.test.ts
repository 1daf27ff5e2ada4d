import { expect, test, vi } from 'vitest'
import { createGroupCommit } from './group-commit.ts'

test('a failed write fails everything that waited, and everything after it', async () => {
  let writes = 0
  const commit = createGroupCommit({
    gatherMs: 0,
    onCommit: undefined,
    write: () => {
      writes++
      if (writes === 2) throw new Error('ENOSPC: no space left on device')
    },
    sync: async () => undefined,
  })
  await commit.push(Buffer.from('a')).durable
  const second = commit.push(Buffer.from('b'))
  await expect(second.written).rejects.toThrow('cannot write its journal')
  await expect(second.durable).rejects.toThrow('cannot write its journal')
  expect(commit.failure?.message).toContain('ENOSPC')
  expect(() => commit.push(Buffer.from('c'))).toThrow('cannot write its journal')
  expect(writes).toBe(2)
})

test('a failed sync fails what was written and not synced', async () => {
  const commit = createGroupCommit({
    gatherMs: 0,
    onCommit: undefined,
    write: () => undefined,
    sync: () => Promise.reject(new Error('EIO: i/o error')),
  })
  const first = commit.push(Buffer.from('a'))
  await first.written
  await expect(first.durable).rejects.toThrow('cannot write its journal')
  expect(() => commit.push(Buffer.from('b'))).toThrow('cannot write its journal')
  await commit.drain()
})

test('what is written while a sync runs waits for the next one', async () => {
  const releases: (() => void)[] = []
  const synced: number[] = []
  const commit = createGroupCommit({
    gatherMs: 0,
    onCommit: (_durationMs, records) => void synced.push(records),
    write: () => undefined,
    sync: () => new Promise((resolve) => releases.push(resolve)),
  })
  const first = commit.push(Buffer.from('a'))
  await first.written
  const others = [commit.push(Buffer.from('b')), commit.push(Buffer.from('c'))]
  await Promise.all(others.map(({ written }) => written))
  expect(releases).toHaveLength(1)
  releases[0]?.()
  await first.durable
  expect(synced).toEqual([1])
  while (releases.length < 2) await new Promise((resolve) => setImmediate(resolve))
  releases[1]?.()
  await Promise.all(others.map(({ durable }) => durable))
  expect(synced).toEqual([1, 2])
})

test('what nobody waits for shares the sync of what comes next, or gets one of its own soon, and at the end', async () => {
  const synced: number[] = []
  const commit = createGroupCommit({
    gatherMs: 0,
    onCommit: (_durationMs, records) => void synced.push(records),
    write: () => undefined,
    sync: async () => undefined,
  })
  const first = commit.push(Buffer.from('a'), true)
  await first.written
  expect(synced).toEqual([])
  await commit.push(Buffer.from('b')).durable
  await first.durable
  expect(synced).toEqual([2])
  await commit.push(Buffer.from('c'), true).durable
  expect(synced).toEqual([2, 1])
  const last = commit.push(Buffer.from('d'), true)
  await last.written
  await commit.drain()
  await last.durable
  expect(synced).toEqual([2, 1, 1])
  await commit.drain()
})

test('what waits for the disk is bounded', async () => {
  let release: () => void = () => undefined
  const commit = createGroupCommit({
    gatherMs: 0,
    onCommit: undefined,
    write: () => undefined,
    sync: () => new Promise((resolve) => (release = resolve)),
  })
  const big = Buffer.alloc(40 * 1024 * 1024)
  const first = commit.push(big)
  await first.written
  expect(() => commit.push(big)).toThrow('cannot keep up')
  release()
  await first.durable
  const second = commit.push(big)
  await second.written
  release()
  await second.durable
})

/** Pushes so many records a millisecond, each `soon` or not; returns how often a sync ran. */
async function syncsOf(pushes: readonly boolean[], perMs = 1): Promise<number> {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] })
  try {
    let syncs = 0
    const commit = createGroupCommit({
      gatherMs: 40,
      onCommit: () => void syncs++,
      write: () => undefined,
      sync: async () => undefined,
    })
    for (const [i, soon] of pushes.entries()) {
      commit.push(Buffer.from('a'), soon)
      if (i % perMs === 0) await vi.advanceTimersByTimeAsync(1)
    }
    return syncs
  } finally {
    vi.useRealTimers()
  }
}

test('what nobody waits for makes no rate: an outcome is synced at once beside any number of intents', async () => {
  const pushes = Array.from({ length: 400 }, (_, i) => i % 5 !== 0)
  expect(await syncsOf(pushes)).toBe(80)
})

test('above one in a millisecond that is waited for, syncs are spaced, and shared', async () => {
  const pushes = Array.from({ length: 800 }, () => false)
  const syncs = await syncsOf(pushes, 2)
  expect(syncs).toBeLessThan(60)
  expect(syncs).toBeGreaterThan(9)
})

test('up to one in a millisecond each is synced at once', async () => {
  expect(await syncsOf(Array.from({ length: 400 }, () => false))).toBe(400)
})

test('a few that come together are no rate', async () => {
  const pushes = Array.from({ length: 400 }, (_, i) => i % 50 > 4)
  expect(await syncsOf(pushes)).toBeGreaterThan(40)
})
