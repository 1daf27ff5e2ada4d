/** A gate before the router means the same requests as the router. */
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { routedPath } from './routed-path.ts'

const path = '/v1/chat/completions'
const app = fastify()
app.post(path, () => 'found')
beforeAll(() => app.listen())
afterAll(() => app.close())

test.each([
  [path, true],
  [`${path}?api-version=1`, true],
  [`${path}#a`, true],
  ['/v1/chat/complet%69ons', true],
  ['/%761/chat/completions?%', true],
  [`http://gateway.example${path}`, true],
  [`https://gateway.example:4001${path}?a`, true],
  ['/v1/chat/completions%3Fx', false],
  ['/v1/chat%2Fcompletions', false],
  [`${path}/`, false],
  [`/${path}`, false],
  [`${path}%`, false],
  ['/V1/chat/completions', false],
  ['/v1/embeddings', false],
  ['*', false],
])('%s', async (target, isFound) => {
  const { port } = app.server.address() as AddressInfo
  const asked = request({ port, method: 'POST', path: target }).end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  answer.resume()
  expect([answer.statusCode === 200, routedPath(target, new Set([path])) === path]).toEqual([isFound, isFound])
})
