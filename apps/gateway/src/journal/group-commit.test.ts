import { expect, test } from 'vitest'
import { createGroupCommit } from './group-commit.ts'

test('a failed write fails everything that waited, and everything after it', async () => {
  let writes = 0
  const commit = createGroupCommit({
    gatherMs: 0,
    onCommit: undefined,
    write: async () => {
      writes++
      if (writes === 2) throw new Error('ENOSPC: no space left on device')
    },
  })
  await commit.push(Buffer.from('a'))
  const second = commit.push(Buffer.from('b'))
  await expect(second).rejects.toThrow('cannot write its journal')
  expect(commit.failure?.message).toContain('ENOSPC')
  expect(() => commit.push(Buffer.from('c'))).toThrow('cannot write its journal')
  expect(writes).toBe(2)
})

test('the queue is bounded', async () => {
  let release: () => void = () => undefined
  const commit = createGroupCommit({
    gatherMs: 0,
    onCommit: undefined,
    write: () => new Promise((resolve) => (release = resolve)),
  })
  const first = commit.push(Buffer.from('a'))
  await new Promise((resolve) => setImmediate(resolve))
  const big = Buffer.alloc(40 * 1024 * 1024)
  const waiting = commit.push(big)
  expect(() => commit.push(big)).toThrow('cannot keep up')
  release()
  await first
  await new Promise((resolve) => setTimeout(resolve, 5))
  release()
  await waiting
})
