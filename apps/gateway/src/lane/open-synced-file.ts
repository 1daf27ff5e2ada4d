/**
 * A file that is synced as it grows. One sync of a large file at its end would hold up every sync of the journal beside
 * it, and with them every request.
 */
import { open } from 'node:fs/promises'
import { Writable } from 'node:stream'
import { callbackify } from 'node:util'

const SYNC_EVERY_BYTES = 512 * 1024

/** Truncates what is there. The stream finishes when everything is on disk. */
export async function openSyncedFile(path: string): Promise<Writable> {
  const file = await open(path, 'w')
  let unsyncedBytes = 0

  async function write(chunk: Buffer): Promise<void> {
    for (let offset = 0; offset < chunk.length;) {
      offset += (await file.write(chunk, offset, chunk.length - offset)).bytesWritten
    }
    unsyncedBytes += chunk.length
    if (unsyncedBytes < SYNC_EVERY_BYTES) return
    await file.datasync()
    unsyncedBytes = 0
  }

  async function close(error: Error | null): Promise<void> {
    await file.close()
    if (error) throw error
  }

  return new Writable({
    write: callbackify((chunk: Buffer, _encoding: string) => write(chunk)),
    final: callbackify(() => file.sync()),
    destroy: callbackify(close),
  })
}
