/** A body over the limit is answered 413 and the answer reaches a client that is still sending. */
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { afterEach, expect, test } from 'vitest'
import { API_KEY, startFakeGateway } from '../testing/fake-gateway.ts'
import type { Batches } from '../batches/create-batches.ts'
import { fileRoutes } from './routes/files.ts'
import type { LargeBodyResult } from '../testing/large-body-client.ts'

const MIB = 1024 * 1024
const open: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close()
})
async function start(lingerMsMax?: number) {
  const gateway = await startFakeGateway({ nodes: [], ...(lingerMsMax !== undefined && { lingerMsMax }) })
  open.push(gateway)
  return gateway
}

/** The client has its own thread, as it has its own machine: in one thread it would never meet a closed socket. */
test('the official client throws the typed 413 for any size, never a connection error', async () => {
  const sizesMib = [10.1, 10.5, 11, 12, 13, 14, 16, 18, 20, 24, 30, 60]
  const gateway = await start()
  const client = new Worker(new URL('../testing/large-body-client.ts', import.meta.url), {
    workerData: { url: gateway.url, apiKey: API_KEY, sizesMib },
  })
  const [results] = (await once(client, 'message')) as [LargeBodyResult[]]
  expect(results).toEqual(sizesMib.map((mib) => ({ mib, thrown: 'APIError', status: 413, code: 'payload_too_large' })))
}, 120_000)

/** Neither a lie about the length nor its absence may hold a connection: bytes and time are bounded. */
test('who never stops sending is answered, then cut off', async () => {
  const gateway = await start(400)
  for (const headers of [{ 'content-length': 20 * MIB }, { 'transfer-encoding': 'chunked' }]) {
    const sending = httpRequest(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json', ...headers },
    })
    const closed = new Promise<void>((resolve) => sending.once('close', resolve))
    const status = new Promise<number | undefined>((resolve, reject) => {
      sending.once('response', (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      sending.once('error', reject)
    })
    sending.on('error', () => {})
    if ('transfer-encoding' in headers) sending.write(Buffer.alloc(11 * MIB))
    else sending.write('{')
    expect(await status).toBe(413)
    await Promise.race([closed, sleep(20_000).then(() => Promise.reject(new Error('the connection was kept')))])
  }
})

/** Only an upload is read as a form: elsewhere a form would get past the limit of a body. */
test('a form is 415 wherever JSON is read, however large it is', async () => {
  const gateway = await startFakeGateway({
    nodes: [],
    change: (deps) => (deps.addRoutes = (app) => fileRoutes(app, deps, {} as Batches)),
  })
  open.push(gateway)
  for (const path of ['/v1/chat/completions', '/v1/completions', '/v1/responses', '/v1/embeddings']) {
    for (const bytes of [10, 12 * MIB]) {
      const answer = await fetch(`${gateway.url}${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'multipart/form-data; boundary=x' },
        body: Buffer.alloc(bytes, ' '),
      })
      const { error } = (await answer.json()) as { error: { code: string } }
      expect([path, answer.status, error.code]).toEqual([path, 415, 'unsupported_media_type'])
    }
  }
})
