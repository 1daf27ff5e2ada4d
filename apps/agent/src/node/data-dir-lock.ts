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
  const hash = createHash('sha256')
    .update(await realpath(directory))
    .digest('hex')
  const path = socketPath(`isochrone-${hash.slice(0, 24)}`)
  const taken = new Error(`another agent already runs on ${directory}; stop it first`)
  if (await someoneListens(path)) throw taken
  if (path.endsWith('.sock')) await rm(path, { force: true })
  const server = createServer((socket) => socket.destroy())
  server.listen(path)
  await once(server, 'listening').catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'EADDRINUSE' ? taken : cause
  })
  server.unref()
  return {
    async release() {
      const closed = once(server, 'close')
      server.close()
      await closed
    },
  }
}

/** Linux has names without files, which end with their process; elsewhere a dead socket's file is replaced. */
function socketPath(name: string): string {
  if (process.platform === 'linux') return `\0${name}`
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`)
}

async function someoneListens(path: string): Promise<boolean> {
  const socket = connect(path)
  return await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true))
    socket.once('error', () => resolve(false))
  }).finally(() => socket.destroy())
}
