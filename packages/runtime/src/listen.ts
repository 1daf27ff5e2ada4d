/**
 * Binds a server, or says in one line why it cannot: a taken port is the commonest trouble of a first start.
 */
import type { Server } from 'node:net'

/** Connections that may wait to be taken, as far as the system allows: of a burst beyond it the system drops or resets some, without a word. */
const BACKLOG = 4_096

/** The server could not bind; `message` is one line that says what to do. */
export class ListenError extends Error {
  override readonly name = 'ListenError'
}

export interface ListenAddress {
  readonly host: string
  /** 0 picks a free port. */
  readonly port: number
}

/**
 * Starts listening and resolves with the port in use.
 *
 * @throws ListenError when the port is taken or not permitted.
 */
export async function listen(server: Server, { host, port }: ListenAddress): Promise<{ port: number; url: string }> {
  await new Promise<void>((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => reject(toListenError(error, { host, port }))
    server.once('error', onError)
    server.listen({ host, port, backlog: BACKLOG }, () => {
      server.off('error', onError)
      resolve()
    })
  })
  const address = server.address()
  const bound = typeof address === 'object' && address ? address.port : port
  return { port: bound, url: `http://${host}:${bound}` }
}

/** Turns a bind error of Node (also fastify's) into one clear line; anything else keeps its message. */
export function toListenError(error: NodeJS.ErrnoException, { host, port }: ListenAddress): ListenError {
  const why: Record<string, string> = {
    EADDRINUSE: `port ${port} on ${host} is taken by another program; choose another port or stop that program`,
    EACCES: `no permission to listen on port ${port}; choose a port above 1023`,
    EADDRNOTAVAIL: `${host} is not an address of this machine`,
  }
  return new ListenError(why[error.code ?? ''] ?? `cannot listen on ${host}:${port}: ${error.message}`, {
    cause: error,
  })
}
