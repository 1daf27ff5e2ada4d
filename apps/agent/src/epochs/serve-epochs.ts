/**
 * A node's copies of epoch files for anybody who asks, at the addresses that gateways use: `GET /v1/epochs/N/file?lane=0x…`.
 * With it a lane cannot withhold a file by serving it no more. Off unless the operator names an address to listen on.
 *
 * It gives out what is public anyway, takes no input but a number and a lane, and serves few at once.
 */
import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createServer, type ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Hex } from '@isochrone/protocol'
import { listen, type Logger } from '@isochrone/runtime'
import type { Copy } from './epoch-store.ts'

export interface ServeEpochsOptions {
  copies: { copiesOf(epoch: number): Copy[]; pathOf(lane: Hex, epoch: number): string }
  host: string
  /** 0 picks a free one. */
  port: number
  logger: Logger
}

export interface ServedEpochs {
  readonly url: string
  stop(): Promise<void>
}

/** Each reads a file; whoever comes on top asks again. */
const SENDING_MAX = 8
/** Of a connection that takes nothing. */
const IDLE_MS_MAX = 30_000
const PATH = /^\/v1\/epochs\/(\d{1,15})\/file$/
const LANE = /^0x[0-9a-f]{64}$/

/** @throws ListenError where it cannot listen. */
export async function serveEpochs({ copies, host, port, logger }: ServeEpochsOptions): Promise<ServedEpochs> {
  let sending = 0
  const server = createServer((request, response) => {
    const url = URL.parse(request.url ?? '', 'http://node')
    const epoch = PATH.exec(url?.pathname ?? '')?.[1]
    const lane = url?.searchParams.get('lane')?.toLowerCase() ?? null
    if (request.method !== 'GET' || epoch === undefined) return refuse(response, 404, 'There is nothing else here.')
    if (lane !== null && !LANE.test(lane)) return refuse(response, 400, 'A lane is 0x and 64 hexadecimal digits.')
    const found = copies.copiesOf(Number(epoch)).filter((copy) => lane === null || copy.lane === lane)
    const [copy, another] = found
    if (!copy) return refuse(response, 404, 'This node has no copy of that epoch.')
    if (another) return refuse(response, 409, 'This node has that epoch of several lanes: add ?lane=0x….')
    if (sending >= SENDING_MAX) return refuse(response, 503, 'This node gives out other files at the moment.')
    sending += 1
    send(response, copies.pathOf(copy.lane, copy.epoch), copy)
      .catch((error: unknown) => {
        logger.debug({ err: error, epoch: copy.epoch }, 'a copy was not sent whole')
        response.destroy()
      })
      .finally(() => (sending -= 1))
  })
  server.setTimeout(IDLE_MS_MAX)
  const { url } = await listen(server, { host, port })
  logger.info({ url }, 'giving out copies of epoch files')
  return {
    url,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Opened first: a copy that makes room for another one in between is whole all the same. */
async function send(response: ServerResponse, path: string, { lane, epoch }: Copy): Promise<void> {
  const file = await open(path).catch(() => null)
  if (!file) return refuse(response, 404, 'This node has no copy of that epoch.')
  const { size } = await file.stat()
  response.writeHead(200, {
    'content-type': 'application/gzip',
    'content-length': size,
    'content-disposition': `attachment; filename="${lane}-${epoch}.jsonl.gz"`,
    'cache-control': 'public, max-age=31536000, immutable',
  })
  await pipeline(createReadStream(path, { fd: file }), response)
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error: { message } }))
}
