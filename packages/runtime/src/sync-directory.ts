/**
 * Names on the disk: a file that was synced is lost all the same if the directory that has its name was not. Windows flushes no
 * directory; NTFS keeps a log of its names by itself.
 */
import { mkdir, open } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/** Resolves when the names that were made, changed or removed in it are on the disk. */
export async function syncDirectory(dir: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(dir, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes a directory and those above it that are missing; resolves when their names are on the disk. */
export async function makeDirectory(dir: string, { mode }: { mode?: number } = {}): Promise<void> {
  const path = resolve(dir)
  const made = await mkdir(path, { recursive: true, ...(mode !== undefined && { mode }) })
  if (made === undefined) return
  for (let name = path; ; name = dirname(name)) {
    await syncDirectory(dirname(name))
    if (name === made || name === dirname(name)) return
  }
}
