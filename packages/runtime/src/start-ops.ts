/**
 * The door for those who run a process: is it alive, is it ready, how is it doing. On a port of its own, so that what the
 * public reaches says nothing of it; it asks for no token, and listens where the operator says.
 */
import { createServer, type Server } from 'node:http'
import { listen } from './listen.ts'
import type { Metrics } from './metrics.ts'

export interface OpsOptions {
  host: string
  /** 0 picks a free one. */
  port: number
  /** Why the process cannot do its work now; null when it can. */
  notReady: () => string | null
  metrics: Pick<Metrics, 'render'>
}

export interface Ops {
  readonly url: string
  stop(): Promise<void>
}

/**
 * Answers `/livez` (200 while the event loop turns), `/healthz` and `/readyz` (503 with the reason where it is not ready) and
 * `/metrics`. Throws `ListenError` where it cannot listen.
 */
export async function startOps({ host, port, notReady, metrics }: OpsOptions): Promise<Ops> {
  const server = createServer((request, response) => {
    const say = (status: number, type: string, body: string): void => {
      response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' }).end(body)
    }
    const json = (status: number, body: object): void => say(status, 'application/json', JSON.stringify(body))
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    const path = isRead ? request.url?.split('?', 1)[0] : undefined
    if (path === '/livez') json(200, { status: 'ok' })
    else if (path === '/healthz' || path === '/readyz') {
      const reason = notReady()
      json(reason === null ? 200 : 503, { status: reason === null ? 'ok' : 'unavailable', reason })
    } else if (path === '/metrics') {
      metrics.render().then(
        ({ contentType, body }) => say(200, contentType, body),
        () => json(500, { status: 'unavailable', reason: 'the metrics could not be read' }),
      )
    } else json(404, { status: 'not found' })
  })
  const { url } = await listen(server, { host, port })
  return { url, stop: () => closed(server) }
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
