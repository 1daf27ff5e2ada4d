/** What is made is on the disk under its name when it is said to be: each directory that has a new name is synced after it has it. */
import { readdirSync } from 'node:fs'
import { mkdtemp, open, readFile, rm, stat, type FileHandle } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { replaceFile } from './replace-file.ts'
import { makeDirectory } from './sync-directory.ts'

const home = await mkdtemp(join(tmpdir(), 'isochrone-names-'))
afterAll(() => rm(home, { recursive: true }))

/** Directories that `work` synced, in order, by their paths among `paths`, each with the names that it had then. */
async function syncedBy(paths: readonly string[], work: () => Promise<void>): Promise<[string, string[]][]> {
  const handle = await open(home, 'r')
  const prototype = Object.getPrototypeOf(handle) as FileHandle
  await handle.close()
  const found: [string, string[]][] = []
  const spy = vi.spyOn(prototype, 'sync').mockImplementation(async function recorded(this: FileHandle) {
    const { ino } = await this.stat()
    for (const path of paths) if ((await stat(path)).ino === ino) found.push([path, readdirSync(path).toSorted()])
    return await this.datasync()
  })
  await work().finally(() => spy.mockRestore())
  return found
}

test.skipIf(process.platform === 'win32')(
  'a directory is made with all above it that are missing, and each name is on the disk',
  async () => {
    const [one, two, three] = [join(home, 'one'), join(home, 'one/two'), join(home, 'one/two/three')]
    expect(await syncedBy([home, one, two], () => makeDirectory(three, { mode: 0o700 }))).toEqual([
      [two, ['three']],
      [one, ['two']],
      [home, ['one']],
    ])
    expect((await stat(three)).mode & 0o777).toBe(0o700)
    expect(await syncedBy([home, one, two], () => makeDirectory(three))).toEqual([])
  },
)

test.skipIf(process.platform === 'win32')(
  'a file that is replaced has its new text under its name, and that is on the disk',
  async () => {
    const [dir, path] = [join(home, 'files'), join(home, 'files/signed.json')]
    await makeDirectory(dir)
    for (const text of ['old', 'new']) {
      expect(await syncedBy([dir], () => replaceFile(path, text, { mode: 0o600 }))).toEqual([[dir, ['signed.json']]])
      expect(await readFile(path, 'utf8')).toBe(text)
    }
  },
)
