/**
 * Keeps a second process out of a journal: two lanes with one key would number two receipts alike.
 *
 * The lock is a listening socket named after the directory. The system frees it when the process dies, however it
 * dies, so no stale lock has to be judged.
 */
import { createHash } from 'node:crypto'
import { realpathSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AppError } from '@isochrone/domain'

/** Resolves with what releases the lock. Throws `state_conflict` when another process holds it. */
export async function lockDirectory(dir: string): Promise<() => Promise<void>> {
  const name = `isochrone-journal-${createHash('sha256').update(realpathSync(dir)).digest('hex').slice(0, 32)}`
  const abstract = process.platform === 'linux'
  const path = abstract ? `\0${name}` : join(tmpdir(), `${name}.sock`)
  let server = await listenOn(path)
  if (!server && !abstract && !(await answers(path))) {
    rmSync(path, { force: true })
    server = await listenOn(path)
  }
  if (!server) {
    throw new AppError('state_conflict', {
      publicMessage: `Another gateway is using the journal in ${dir}. Stop it, or give this one its own DATA_DIR.`,
    })
  }
  const held = server
  return () => new Promise((resolve) => held.close(() => resolve()))
}

function listenOn(path: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy())
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(null) : reject(error),
    )
    server.listen(path, () => {
      server.unref()
      resolve(server)
    })
  })
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
