/**
 * A file that is synced as it grows. One sync of a large file at its end would hold up every sync of the journal beside
 * it, and with them every request.
 */
import { open } from 'node:fs/promises'
import { Writable } from 'node:stream'

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

  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      write(chunk).then(() => done(), done)
    },
    final(done) {
      file.sync().then(() => done(), done)
    },
    destroy(error, done) {
      file.close().then(
        () => done(error),
        (failure: Error) => done(error ?? failure),
      )
    },
  })
}
