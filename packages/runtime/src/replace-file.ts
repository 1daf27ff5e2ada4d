/** A file of which, whatever is killed or loses its power, either the old text or the new is there, and never a part of one. */
import { rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncDirectory } from './sync-directory.ts'

/** Resolves when the new text is on the disk under that name. One at a time for one path. */
export async function replaceFile(path: string, text: string, { mode }: { mode: number }): Promise<void> {
  await writeFile(`${path}.new`, text, { mode, flush: true })
  await rename(`${path}.new`, path)
  await syncDirectory(dirname(path))
}
