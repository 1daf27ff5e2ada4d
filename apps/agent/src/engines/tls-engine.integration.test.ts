/** An engine behind TLS: spoken to only where its certificate is trusted, and never in plain text. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer as createPlainServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createSecureServer } from 'node:http2'
import { createServer } from 'node:https'
import type { AddressInfo, Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getCACertificates, setDefaultCACertificates, type TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { createLogger } from '@isochrone/runtime'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { TestGateway } from '../link/test-gateway.ts'
import { makeCertificate, type Certificate } from '../testing/make-certificate.ts'
import { EngineHealth } from './engine-health.ts'
import { createOpenAiDriver } from './openai-driver.ts'

const main = fileURLToPath(new URL('../main.ts', import.meta.url))
const root = await mkdtemp(join(tmpdir(), 'isochrone-tls-'))
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

const ca = makeCertificate({ names: ['Test CA'] })
const caFile = join(root, 'ca.pem')
const before = getCACertificates()
beforeAll(async () => {
  await writeFile(caFile, ca.cert)
  setDefaultCACertificates([...before, ca.cert])
})
afterAll(async () => {
  setDefaultCACertificates(before)
  await rm(root, { recursive: true, force: true })
})

const event = (data: object) => `data: ${JSON.stringify(data)}\n\n`

/** Ten words, one every 5 ms. */
function answer(request: Pick<IncomingMessage, 'method'>, response: Pick<ServerResponse, 'write' | 'end'>): void {
  if (request.method === 'GET') return void response.end(JSON.stringify({ data: [{ id: 'm', max_model_len: 100 }] }))
  let said = 0
  const talk = setInterval(() => {
    said++
    const choices = [{ index: 0, delta: { content: ` ${said}` }, finish_reason: said === 10 ? 'length' : null }]
    response.write(event({ choices, usage: { prompt_tokens: 3, completion_tokens: said } }))
    if (said < 10) return
    clearInterval(talk)
    response.end('data: [DONE]\n\n')
  }, 5)
}

/** What reached an engine. */
interface Seen {
  port: number
  /** Their keys. */
  readonly requests: (string | undefined)[]
  readonly httpVersions: Set<string>
  /** That were asked for in handshakes. */
  readonly names: (string | false | null)[]
  /** Connections that began with HTTP instead of a handshake. */
  plain: number
  /** Streams whose client left. */
  left: number
}

async function serve(server: Server): Promise<Seen> {
  const seen: Seen = { port: 0, requests: [], httpVersions: new Set(), names: [], plain: 0, left: 0 }
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  server.on('tlsClientError', (error: NodeJS.ErrnoException) => {
    if (error.code === 'ERR_SSL_HTTP_REQUEST') seen.plain++
  })
  server.on('secureConnection', (socket: TLSSocket) => seen.names.push(socket.servername))
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    seen.requests.push(request.headers.authorization)
    seen.httpVersions.add(request.httpVersion)
    response.once('close', () => void (response.writableEnded || seen.left++))
  })
  server.listen(0)
  await once(server, 'listening')
  closers.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  seen.port = (server.address() as AddressInfo).port
  return seen
}

const behind = ({ cert, key }: Certificate) => serve(createServer({ cert, key }, answer))

function driverAt(url: string) {
  const driver = createOpenAiDriver({ baseUrl: url, apiKey: 'secret' })
  closers.push(() => driver.close())
  return driver
}

async function textOf(
  driver: ReturnType<typeof driverAt>,
  { signal } = new AbortController(),
  onWord = () => {},
): Promise<string> {
  let text = ''
  const call = { path: '/v1/chat/completions', body: { messages: [] } } as const
  for await (const said of driver.start(call, signal)) {
    const [choice] = (said.chunk?.choices ?? []) as { delta?: { content?: string } }[]
    text += choice?.delta?.content ?? ''
    onWord()
  }
  return text
}

const good = () => makeCertificate({ names: ['localhost', '127.0.0.1'], by: ca })
const WORDS = ' 1 2 3 4 5 6 7 8 9 10'

test.each([
  ['localhost', 'localhost'],
  // RFC 6066, 3: an address is no server name.
  ['127.0.0.1', false],
])('an engine at https://%s is asked for by that name, and streams', async (host, name) => {
  const engine = await behind(good())
  const driver = driverAt(`https://${host}:${engine.port}/v1`)
  expect(await driver.models()).toMatchObject([{ id: 'm', contextTokens: 100 }])
  expect(await Promise.all([textOf(driver), textOf(driver), textOf(driver)])).toEqual([WORDS, WORDS, WORDS])
  expect(new Set(engine.names)).toEqual(new Set([name]))
  expect(engine.requests).toEqual(Array(4).fill('Bearer secret'))
})

const fronts: readonly [string, (certificate: Certificate) => Server][] = [
  ['1.1', ({ cert, key }) => createServer({ cert, key }, answer)],
  ['2.0', ({ cert, key }) => createSecureServer({ cert, key, allowHTTP1: true }, answer as never)],
]
test.each(fronts)('a front that speaks HTTP/%s streams, and hears of whoever leaves', async (version, front) => {
  const engine = await serve(front(good()))
  const driver = driverAt(`https://localhost:${engine.port}`)
  expect(await driver.models()).toMatchObject([{ id: 'm' }])
  expect(await Promise.all([textOf(driver), textOf(driver), textOf(driver)])).toEqual([WORDS, WORDS, WORDS])
  const leaving = new AbortController()
  await expect(textOf(driver, leaving, () => leaving.abort())).rejects.toMatchObject({ reason: 'aborted' })
  await expect.poll(() => engine.left).toBe(1)
  expect(await textOf(driver)).toBe(WORDS)
  expect(engine.httpVersions).toEqual(new Set([version]))
})

test('a request in plain text would have been seen', async () => {
  const engine = await behind(good())
  await expect(driverAt(`http://localhost:${engine.port}`).models()).rejects.toMatchObject({ reason: 'unavailable' })
  expect([engine.requests, engine.plain]).toEqual([[], 1])
})

test.each([
  [
    'of a CA of somebody else',
    { by: makeCertificate({ names: ['Test CA'] }) },
    /signed by nobody .* NODE_EXTRA_CA_CERTS/,
  ],
  ['signed by itself', {}, /signed by nobody .* NODE_EXTRA_CA_CERTS/],
  ['that has expired', { by: ca, fromMs: Date.now() - 7_200_000, toMs: Date.now() - 60_000 }, /has expired/],
  ['of tomorrow', { by: ca, fromMs: Date.now() + 1_800_000 }, /not valid yet/],
  ['for another host', { by: ca, names: ['elsewhere.test'] }, /for other names: .*localhost.*elsewhere\.test/],
])('nothing is sent to an engine with a certificate %s, and its owner reads why', async (_what, options, why) => {
  const engine = await behind(makeCertificate({ names: ['localhost'], ...options }))
  const driver = driverAt(`https://localhost:${engine.port}`)
  const failure = { reason: 'unavailable', message: expect.stringMatching(why) }
  await expect(driver.models()).rejects.toMatchObject(failure)
  await expect(textOf(driver)).rejects.toMatchObject(failure)
  expect([engine.requests, engine.plain]).toEqual([[], 0])
})

test('what does not speak TLS is told by its name, and hears no request', async () => {
  const engine = await serve(createPlainServer(answer))
  const driver = driverAt(`https://localhost:${engine.port}`)
  await expect(driver.models()).rejects.toThrow('does not speak TLS: its URL begins with http://')
  await expect(textOf(driver)).rejects.toThrow('does not speak TLS')
  expect([engine.requests, engine.plain]).toEqual([[], 0])
})

/** A certificate that runs out while its engine serves. */
test('an engine that is not trusted any more is down, with the reason', async () => {
  const engine = await behind(makeCertificate({ names: ['localhost'] }))
  const driver = driverAt(`https://localhost:${engine.port}`)
  const health = new EngineHealth({ driver, logger: createLogger('test', 'silent'), probeMs: 5 })
  closers.push(() => health.close())
  health.start()
  await expect.poll(() => health.up).toBe(false)
  expect(health.fault).toMatch(/signed by nobody/)
})

function agent(name: string, gateway: TestGateway, url: string, env: Record<string, string>): ChildProcess {
  const engine = ['--engine', 'openai', '--engine-url', url, '--engine-key', 'secret']
  const args = ['run', '--data-dir', join(root, name), '--gateway', gateway.url, '--only-given-gateways', ...engine]
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: '/usr/bin:/bin', ...env },
  })
  closers.push(() => child.kill('SIGKILL'))
  return child
}

async function startGateway(): Promise<TestGateway> {
  const gateway = new TestGateway()
  await gateway.start()
  closers.push(() => gateway.kill())
  return gateway
}

test('an agent that was given the CA in NODE_EXTRA_CA_CERTS serves from the engine', async () => {
  const [gateway, engine] = [await startGateway(), await behind(good())]
  agent('trusting', gateway, `https://localhost:${engine.port}`, { NODE_EXTRA_CA_CERTS: caFile })
  await expect.poll(() => gateway.welcomes, { timeout: 60_000 }).toBe(1)
  const stream = gateway.open({ model: 'm' }, { model: 'm', stream: true, messages: [{ role: 'user', content: 'Hi' }] })
  const end = await stream.end
  expect([end.status, stream.text()]).toEqual(['completed', WORDS])
  expect(gateway.checkedWork(end.work)).toMatchObject({ tokensOut: 10 })
  expect([new Set(engine.names), engine.plain]).toEqual([new Set(['localhost']), 0])
})

test('one that was not says so at once, in a line, and sends nothing', async () => {
  const [gateway, engine] = [await startGateway(), await behind(good())]
  const url = `https://localhost:${engine.port}`
  const child = agent('doubting', gateway, url, {})
  let output = ''
  child.stderr?.on('data', (text: Buffer) => (output += text.toString()))
  const [code] = (await once(child, 'close')) as [number]
  expect(code).toBe(1)
  expect(output).toContain(`agent: the engine at ${url} is not asked. The engine's certificate is signed by nobody`)
  expect(output).not.toContain('    at ')
  expect([engine.requests, engine.plain, gateway.welcomes]).toEqual([[], 0, 0])
})
