import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { afterAll, expect, test } from 'vitest'
import { openSyncedFile } from './open-synced-file.ts'

const dir = mkdtempSync(join(tmpdir(), 'synced-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

test('what was written is in the file, in order, over what was there', async () => {
  const path = join(dir, 'file')
  const chunks = Array.from({ length: 40 }, (_, i) => Buffer.alloc(50_000, i))
  for (const count of [40, 3]) {
    await pipeline(Readable.from(chunks.slice(0, count)), await openSyncedFile(path))
    expect(Buffer.compare(readFileSync(path), Buffer.concat(chunks.slice(0, count)))).toBe(0)
  }
})

test('a source that fails fails the file, which is closed', async () => {
  async function* broken() {
    yield Buffer.from('half')
    throw new Error('the source broke')
  }
  const file = await openSyncedFile(join(dir, 'broken'))
  await expect(pipeline(Readable.from(broken()), file)).rejects.toThrow('the source broke')
  expect(file.destroyed).toBe(true)
})
