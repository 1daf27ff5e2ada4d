/** An engine says at once whatever it likes; a link carries none of it that is too large, and no other stream notices. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CHUNK_BYTES_MAX, workStatus } from '@isochrone/protocol'
import { createLogger } from '@isochrone/runtime'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startAgent, type RunningAgent } from '../agent.ts'
import { TestGateway } from './test-gateway.ts'

const gateway = new TestGateway()
const root = await mkdtemp(join(tmpdir(), 'isochrone-large-'))
let engine: Server
let agent: RunningAgent

/** As servers of this kind do: what is echoed comes in the first chunk, all of it. */
function startEngine(): Server {
  return createServer((request, response) => {
    if (request.method === 'GET') {
      const data = [{ id: 'm', max_model_len: 10_000_000, features: ['completions', 'echo'] }]
      return void response.setHeader('content-type', 'application/json').end(JSON.stringify({ data }))
    }
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const { prompt, echo, extra, later } = JSON.parse(Buffer.concat(parts).toString()) as Record<string, string>
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const say = (text: string, tokens: number, finish: string | null, more: object = {}) => {
        const choices = [{ index: 0, text, finish_reason: finish }]
        const usage = { prompt_tokens: 9, completion_tokens: tokens }
        response.write(`data: ${JSON.stringify({ object: 'text_completion', choices, usage, ...more })}\n\n`)
      }
      say(echo ? `${prompt} one` : ' one', 1, null, extra ? { prompt_token_ids: extra } : {})
      setTimeout(() => {
        say(' two', 2, 'length', later ? { prompt_token_ids: later } : {})
        response.end('data: [DONE]\n\n')
      }, 100)
    })
  })
}

beforeAll(async () => {
  engine = startEngine()
  engine.listen(0, '127.0.0.1')
  await once(engine, 'listening')
  await gateway.start()
  agent = await startAgent({
    dataDir: join(root, 'node'),
    gatewayUrls: [gateway.url],
    engine: {
      kind: 'openai',
      baseUrl: `http://127.0.0.1:${(engine.address() as AddressInfo).port}`,
      apiKey: undefined,
      engineModel: undefined,
      modelId: undefined,
      modelHash: `0x${'ab'.repeat(32)}`,
      contextTokensMax: 10_000_000,
    },
    concurrencyMax: 8,
    logger: createLogger('test', 'silent'),
  })
  const isLinked = () => agent.links.every((link) => link.ready) || Promise.reject(new Error('not linked'))
  await vi.waitFor(isLinked, 30_000)
})
afterAll(async () => {
  await agent.close(0)
  await gateway.kill()
  engine.closeAllConnections()
  engine.close()
  await rm(root, { recursive: true })
})

const path = '/v1/completions'

test('a prompt that is echoed comes in chunks that a link carries, whole, counted and signed', async () => {
  const prompt = 'Wörter und 😀 '.repeat(60_000)
  const body = { prompt, echo: true, stream: true, max_tokens: 2 }
  const stream = gateway.open({ path }, body)
  // Without credit no more of it leaves than the window and one chunk.
  await expect.poll(() => stream.creditTaken()).toBeGreaterThanOrEqual(gateway.streamCreditBytes)
  await new Promise((resolve) => setTimeout(resolve, 150))
  expect(stream.creditTaken(1)).toBeLessThan(gateway.streamCreditBytes)
  stream.credit(100_000_000, 1)
  const end = await stream.end
  expect(end).toMatchObject({ status: 'completed' })
  expect(stream.text()).toBe(`${prompt} one two`)
  expect(Math.max(...stream.chunks.map(({ creditTaken }) => creditTaken))).toBeLessThanOrEqual(CHUNK_BYTES_MAX)
  const work = gateway.checkedWork(end.work)
  expect(work).toMatchObject({ status: workStatus.completed, tokensOut: 2, outputHash: stream.chunks.at(-1)?.head })
})

test('what cannot be divided ends its own stream as its request’s, and no other', async () => {
  const other = gateway.open({ path }, { prompt: 'a', stream: true, max_tokens: 2 })
  const large = gateway.open({ path }, { prompt: 'a', stream: true, max_tokens: 2, extra: 'x'.repeat(300_000) })
  expect(await large.end).toMatchObject({ status: 'invalid_request', engineStatus: 400, work: null })
  expect((await large.end).message).toContain('too large')
  expect(large.chunks).toHaveLength(0)
  expect((await other.end).status).toBe('completed')
  expect(gateway.connections).toBe(1)
})

test('what cannot be divided in the middle of an answer ends it with a receipt for what was sent before', async () => {
  const stream = gateway.open({ path }, { prompt: 'a', stream: true, max_tokens: 2, later: 'x'.repeat(300_000) })
  const end = await stream.end
  expect(end).toMatchObject({ status: 'invalid_request', engineStatus: 400 })
  expect(end.message).toContain('too large')
  expect(stream.text()).toBe(' one')
  const work = gateway.checkedWork(end.work)
  expect(work).toMatchObject({ status: workStatus.aborted, tokensIn: 9, tokensOut: 1 })
  expect(work.outputHash).toBe(stream.chunks.at(-1)?.head)
})
