/**
 * The least that a proxy can do: node:http in front, an undici pool behind, bytes passed on as they come. What a gateway
 * costs above this is what it does for its money.
 *
 * Tells its parent its port, and ends with it.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool } from 'undici'

const [upstreamUrl = ''] = process.argv.slice(2)
const pool = new Pool(upstreamUrl, { connections: 4_096, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 })

const server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => {
  const gone = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) gone.abort()
  })
  const { 'content-type': type = '', authorization = '' } = request.headers
  const headers = { 'content-type': type, authorization, 'content-length': request.headers['content-length'] ?? '0' }
  const { url: path = '/', method = 'GET' } = request
  pool
    .stream({ path, method, headers, body: request, signal: gone.signal }, ({ statusCode, headers: answered }) => {
      response.writeHead(statusCode, { 'content-type': String(answered['content-type']) })
      return response
    })
    .catch(() => response.destroy())
})
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: (server.address() as AddressInfo).port })
})
process.once('disconnect', () => process.exit(0))
