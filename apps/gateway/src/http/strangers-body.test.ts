/** Memory: of a request that is refused by its headers no body is waited for, let alone kept. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { Batches } from '../batches/create-batches.ts'
import { startFakeGateway } from '../testing/fake-gateway.ts'
import { batchRoutes } from './routes/batches.ts'
import { fileRoutes } from './routes/files.ts'

const open: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close()
})

test.each([
  ['POST', '/v1/chat/completions', 401],
  ['POST', '/v1/completions', 401],
  ['POST', '/v1/embeddings', 401],
  ['POST', '/v1/responses', 401],
  ['POST', '/v1/responses/resp_1/cancel', 401],
  ['POST', '/v1/responses/input_tokens', 401],
  ['DELETE', '/v1/responses/resp_1', 401],
  ['POST', '/v1/jobs/job_1/cancel', 401],
  ['DELETE', '/v1/jobs/job_1', 401],
  ['POST', '/v1/sealed/candidates', 401],
  ['POST', '/v1/files', 401],
  ['DELETE', '/v1/files/file_1', 401],
  ['POST', '/v1/batches', 401],
  ['POST', '/v1/batches/batch_1/cancel', 401],
  ['POST', '/internal/v1/dispatch', 401],
  ['POST', '/internal/v1/close-epoch', 401],
  ['POST', '/internal/v1/correct-record', 401],
  ['POST', '/v1/nothing', 404],
  ['PUT', '/v1/chat/completions', 404],
])('%s %s by nobody is answered %i before its body comes', async (method, path, status) => {
  const gateway = await startFakeGateway({
    nodes: [],
    change(deps) {
      const batches = { requireInside: () => {} } as Partial<Batches> as Batches
      deps.addRoutes = (app) => (batchRoutes(app, deps, batches), fileRoutes(app, deps, batches))
    },
  })
  open.push(gateway)
  const socket = connect(Number(new URL(gateway.url).port), '127.0.0.1')
  socket.write(
    `${method} ${path} HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9000000\r\n\r\n{`,
  )
  const [answer] = (await once(socket, 'data')) as [Buffer]
  expect(answer.toString().split('\r\n', 1)[0]).toContain(`HTTP/1.1 ${status} `)
  socket.destroy()
})
