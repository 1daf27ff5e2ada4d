/**
 * An HTTP server whose every request is so many milliseconds of work, for the test that stops it (SIGSTOP). It refuses by the
 * same watch as a gateway, with 503. Says its port on stdout. Argument: milliseconds.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { watchLoop } from './watch-loop.ts'

const workMs = Number(process.argv[2])
const loop = watchLoop({ lateMsMax: 500 })
const server = createServer((_request, response) => {
  if (loop.isOverloaded()) return void response.writeHead(503).end()
  const untilMs = performance.now() + workMs
  while (performance.now() < untilMs);
  response.end()
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
