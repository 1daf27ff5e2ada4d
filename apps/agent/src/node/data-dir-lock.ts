/**
 * One agent per data directory: two would number their receipts alike, which is a contradiction that costs stake.
 *
 * The lock is a listening socket, so that a killed process leaves nothing that could lock out its successor.
 */
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { realpath, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type DataDirLock = { release(): Promise<void> }

/** Takes the lock of `directory`, which must exist. Throws when another agent that lives holds it. */
export async function lockDataDir(directory: string): Promise<DataDirLock> {
  // Named by a hash, because a socket's path may have about 100 bytes and a data directory's is longer at times.
  const name = createHash('sha256')
    .update(await realpath(directory))
    .digest('hex')
    .slice(0, 24)
  const path =
    process.platform === 'win32' ? `\\\\.\\pipe\\isochrone-${name}` : join(tmpdir(), `isochrone-${name}.sock`)
  if (await someoneListens(path)) throw new Error(`another agent already runs on ${directory}; stop it first`)
  await rm(path, { force: true })
  const server = createServer((socket) => socket.destroy())
  server.listen(path)
  await once(server, 'listening')
  server.unref()
  return {
    async release() {
      const closed = once(server, 'close')
      server.close()
      await closed
    },
  }
}

async function someoneListens(path: string): Promise<boolean> {
  const socket = connect(path)
  return await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
  }).finally(() => socket.destroy())
}
