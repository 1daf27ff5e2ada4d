/**
 * Ports on the loopback interface: finding a free one, and telling whether one is taken.
 */
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'
import { reservePort } from './reserve-port.ts'

/**
 * Below the ports that Linux and macOS hand out by themselves (from 32768 and 49152): those go to any connection and any
 * server on port 0, also to a port that a test has just given back to start its server there again.
 */
const FIRST = 20_000
const AFTER_LAST = 32_768
const TRIES = 50

/**
 * A port that was free a moment ago, and that no other process gets from here while this one lives. A stranger may take it
 * before it is used: callers retry or fail clearly.
 *
 * @throws Error when none of fifty random ones is free.
 */
export async function freePort(): Promise<number> {
  for (let i = 0; i < TRIES; i += 1) {
    const port = randomInt(FIRST, AFTER_LAST)
    if (reservePort(port) && (await isPortFree(port))) return port
  }
  throw new Error(`none of ${TRIES} ports between ${FIRST} and ${AFTER_LAST} is free`)
}

/** True when nothing listens on the port and this process may bind it. */
export async function isPortFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen({ host: '127.0.0.1', port }, () => server.close(() => resolve(true)))
  })
}
