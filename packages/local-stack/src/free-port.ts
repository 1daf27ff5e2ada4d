/**
 * Ports on the loopback interface: finding a free one, and telling whether one is taken.
 */
import { createServer } from 'node:net'

/** A port that was free a moment ago. Something else may take it before it is used: callers retry or fail clearly. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: '127.0.0.1', port: 0 }, resolve)
  })
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (typeof address !== 'object' || address === null) throw new Error('a TCP server has an address')
  return address.port
}

/** True when nothing listens on the port and this process may bind it. */
export async function isPortFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen({ host: '127.0.0.1', port }, () => server.close(() => resolve(true)))
  })
}
