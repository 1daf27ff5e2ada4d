import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createOpenAiDriver } from './openai-driver.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** A driver for a server that answers with `listener`: engines that misbehave in ways that ours do not. */
async function driverFor(listener: RequestListener, silenceMsMax = 5000) {
  const server: Server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const driver = createOpenAiDriver({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/`,
    silenceMsMax,
  })
  closers.push(
    () => driver.close(),
    () => (server.closeAllConnections(), server.close()),
  )
  return driver
}

async function drain(driver: Awaited<ReturnType<typeof driverFor>>, signal = new AbortController().signal) {
  const tokens: number[] = []
  for await (const event of driver.start({ path: '/v1/completions', body: {} }, signal)) {
    if (event.type === 'usage') return { tokens, usage: event.usage }
    tokens.push(event.tokens)
  }
  throw new Error('a stream without a usage event')
}

const event = (data: object | string) => `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`
const chunk = (text: string, finish: string | null = null) =>
  event({ choices: [{ index: 0, text, finish_reason: finish }] })

test('an engine without per-chunk usage is counted by chunks, and the last chunk makes up the difference', async () => {
  const driver = await driverFor((_, response) => {
    const usage = event({ choices: [], usage: { prompt_tokens: 4, completion_tokens: 5 } })
    response.end(chunk('a') + chunk('b') + chunk('', 'stop') + usage + event('[DONE]'))
  })
  expect(await drain(driver)).toEqual({ tokens: [1, 1, 3], usage: { tokensIn: 4, tokensCached: 0, tokensOut: 5 } })
})

test('an engine that reports no usage at all is billed by what it streamed', async () => {
  const driver = await driverFor((_, response) => void response.end(chunk('a') + chunk('b', 'stop') + event('[DONE]')))
  expect(await drain(driver)).toEqual({ tokens: [1, 1], usage: { tokensIn: 0, tokensCached: 0, tokensOut: 2 } })
})

test.each<[string, string, RequestListener]>([
  ['a stream that merely stops', 'died', (_, response) => void response.end(chunk('a'))],
  ['a socket that breaks', 'died', (_, response) => void response.write(chunk('a'), () => response.destroy())],
  ['an error event', 'died', (_, response) => void response.end(chunk('a') + event({ error: { message: 'oom' } }))],
  ['an event that is not JSON', 'died', (_, response) => void response.end(chunk('a') + event('{'))],
  ['a 500', 'unavailable', (_, response) => void response.writeHead(500).end('oops')],
  ['a 503', 'overloaded', (_, response) => void response.writeHead(503).end()],
  ['a 422', 'rejected', (_, response) => void response.writeHead(422).end('{"error":{"message":"no","code":7}}')],
  ['a socket that closes before the answer', 'unavailable', (request) => void request.socket.destroy()],
])('%s is a failure of the kind %s', async (_name, reason, listener) => {
  await expect(drain(await driverFor(listener))).rejects.toMatchObject({ name: 'EngineFailure', reason })
})

test('silence is a timeout, before and after the first chunk', async () => {
  await expect(drain(await driverFor(() => {}, 50))).rejects.toMatchObject({ reason: 'timeout' })
  const stalls = await driverFor((_, response) => void response.write(chunk('a')), 50)
  await expect(drain(stalls)).rejects.toMatchObject({ reason: 'timeout' })
})

test('an engine that is not there is unavailable', async () => {
  const driver = createOpenAiDriver({ baseUrl: 'http://127.0.0.1:9' })
  closers.push(() => driver.close())
  await expect(driver.models()).rejects.toMatchObject({ reason: 'unavailable' })
})

test('a reader that stops reading stops the engine’s writes', async () => {
  let written = 0
  const driver = await driverFor((_, response) => {
    const more = () => {
      while (written < 50_000_000 && response.write(chunk('x'.repeat(1000)))) written += 1000
      response.once('drain', more)
    }
    more()
  })
  const events = driver.start({ path: '/v1/completions', body: {} }, new AbortController().signal)
  await events.next()
  let before = -1
  // Until sockets are full, and nothing moves any more.
  while (written > before) {
    before = written
    await new Promise((resolve) => setTimeout(resolve, 300))
  }
  expect(written).toBeLessThan(20_000_000)
  await events.return()
})

/** An engine that traces goes on where the node was asked. */
test('the caller’s trace reaches the engine, and none is made up', async () => {
  const seen: unknown[] = []
  const driver = await driverFor((request, response) => {
    seen.push(request.headers.traceparent)
    response.end(chunk('a', 'stop') + event('[DONE]'))
  })
  const traceparent = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`
  const { signal } = new AbortController()
  for (const call of [
    { path: '/v1/completions', body: {}, traceparent } as const,
    { path: '/v1/completions', body: {} } as const,
  ]) {
    for await (const _event of driver.start(call, signal));
  }
  expect(seen).toEqual([traceparent, undefined])
})

test('answers come over kept connections, and one that the engine closed meanwhile costs no request', async () => {
  const whole = chunk('a') + chunk('', 'stop') + event('[DONE]')
  const used = new Set<object>()
  let refused = 0
  let answered = 0
  const driver = await driverFor((request, response) => {
    const isAgain = used.has(request.socket)
    used.add(request.socket)
    // It promised to keep the connection, and has closed it when it is used again.
    if (isAgain && refused++ === 0) return void request.socket.destroy()
    answered++
    response.end(whole)
  })
  for (let i = 0; i < 8; i++) expect((await drain(driver)).tokens).toEqual([1, 0])
  expect(answered).toBe(8)
  expect(refused).toBeGreaterThan(0)
  expect(used.size).toBeLessThan(8)
})

test('a reader that stops in the middle closes the connection, and the engine sees it', async () => {
  const gone = Promise.withResolvers<void>()
  const driver = await driverFor((_, response) => {
    response.on('close', gone.resolve)
    response.write(chunk('a'))
  })
  const events = driver.start({ path: '/v1/completions', body: {} }, new AbortController().signal)
  await events.next()
  await events.return()
  await expect(gone.promise).resolves.toBeUndefined()
})
