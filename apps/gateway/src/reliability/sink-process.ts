/** A server that refuses everything with 429 and knows nothing: what a flood costs a machine wherever it goes. */
import { createServer } from 'node:http'
import { listen } from '@isochrone/runtime'

const body = JSON.stringify({ error: { code: 'rate_limit_exceeded' } })
const server = createServer((request, response) => {
  request.resume()
  response.writeHead(429, { 'content-type': 'application/json', 'content-length': String(body.length) }).end(body)
})
const { url } = await listen(server, { host: '127.0.0.1', port: 0 })
process.stdout.write(`${url}\n`)
