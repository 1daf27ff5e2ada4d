/** The end of a job is told to whoever asked, signed, once for each end, until it was heard or the attempts are over. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { manualClock, systemClock } from '@isochrone/domain'
import { createDb, createStore, type Db, type Store } from '@isochrone/db'
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { redisKeys } from '@isochrone/protocol'
import { createLogger } from '@isochrone/runtime'
import { openWakeQueue } from '@isochrone/runtime/wake-queue'
import {
  deliverWebhook,
  enqueueJob,
  queueDueWebhooks,
  webhookEvents,
  WEBHOOK_ATTEMPTS_MAX,
  type WebhookSender,
} from '@isochrone/services'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { eventually } from '../testing/test-market.ts'
import { isPublicAddress } from './public-address.ts'
import { webhookSender } from './send-webhook.ts'
import { startWebhookWorker } from './webhook-worker.ts'

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const logger = createLogger('test', 'silent')
let stack: TestStack
let db: Db
let store: Store
let server: Server
let url: string
let heard: { headers: IncomingHttpHeaders; body: string }[] = []
let answer = 200

beforeAll(async () => {
  stack = await startTestStack({ postgres: true, redis: true })
  db = createDb(stack.databaseUrl)
  store = createStore(db)
  server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      heard.push({ headers: request.headers, body })
      response.writeHead(answer, { location: `${url}/elsewhere` }).end('x'.repeat(100_000))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/hook`
})
afterAll(async () => {
  server?.close()
  await db?.$disconnect()
  await stack?.stop()
})

async function endedJob(
  orgId: string,
  kind: 'queued' | 'background',
  status: 'succeeded' | 'failed' | 'cancelled',
  answer: object = { text: 'canary' },
) {
  const { id } = await enqueueJob(
    { jobs: store.jobs, queue: { add: async () => {} }, clock: systemClock },
    { orgId, keyId: null, kind, path: '/v1/chat/completions', model: 'm', body: { secretPrompt: 'canary' } },
  )
  const end = { status, httpStatus: 200, answer, error: null, now: new Date() }
  const both = await Promise.all([store.jobs.finish(id, end), store.jobs.finish(id, end)])
  expect(both.filter(Boolean)).toHaveLength(1)
  return id
}

const endpoint = (orgId: string, events: readonly string[] = webhookEvents) =>
  store.webhooks.insertEndpoint({
    id: `hook_${crypto.randomUUID()}`,
    orgId,
    url,
    secret: SECRET,
    events: [...events],
    formKey: null,
  })

const deliveriesOf = (orgId: string) =>
  store.webhooks.deliveries({ orgId, endpointId: null, status: null, limit: 100, before: null })

test('a job that ends is told once to each webhook that asked for it, in a form that the official client verifies', async () => {
  await endpoint('org_a')
  await endpoint('org_a', ['job.failed'])
  await endpoint('org_b')
  const jobId = await endedJob('org_a', 'background', 'succeeded')
  const rows = await deliveriesOf('org_a')
  expect(rows.map(({ type, status }) => [type, status])).toEqual([['response.completed', 'pending']])
  expect(await deliveriesOf('org_b')).toEqual([])

  const queue = openWakeQueue({ redisUrl: stack.redisUrl, name: redisKeys.queueWebhooks, logger })
  const sender = webhookSender({ privateAllowed: true })
  const deps = { webhooks: store.webhooks, sender, clock: systemClock }
  const worker = startWebhookWorker({ ...deps, redisUrl: stack.redisUrl, logger })
  await queueDueWebhooks({ webhooks: store.webhooks, queue, clock: systemClock })
  await queueDueWebhooks({ webhooks: store.webhooks, queue, clock: systemClock })
  await eventually(async () => (await deliveriesOf('org_a'))[0]?.status === 'delivered')
  await worker.close()
  await queue.close()
  expect(heard).toHaveLength(1)
  const [message] = heard
  if (!message) throw new Error('it was heard')
  const client = new OpenAI({ apiKey: 'x' })
  const event = await client.webhooks.unwrap(message.body, message.headers, SECRET)
  expect(event).toMatchObject({
    object: 'event',
    type: 'response.completed',
    data: { id: `resp_${jobId.slice(4)}`, status: 'completed' },
  })
  expect(message.headers['webhook-id']).toBe(rows[0]?.id)
  expect(message.body).not.toContain('canary')
  const forged = `whsec_${Buffer.alloc(32, 8).toString('base64')}`
  await expect(client.webhooks.unwrap(message.body, message.headers, forged)).rejects.toThrow()
})

/** As OpenAI does: who waits for whole answers is not told that half a one is complete. */
test('a response that a limit cut short is told as incomplete, a job that asked for the same as succeeded', async () => {
  await endpoint('org_cut')
  const answer = (reason: string) => ({ choices: [{ finish_reason: reason, message: { content: 'half' } }] })
  for (const reason of ['length', 'content_filter', 'stop', 'tool_calls']) {
    await endedJob('org_cut', 'background', 'succeeded', answer(reason))
  }
  await endedJob('org_cut', 'queued', 'succeeded', answer('length'))
  const told = await db.webhookDelivery.findMany({ where: { orgId: 'org_cut' }, orderBy: { createdAt: 'asc' } })
  expect(told.map(({ type, payload }) => [type, (payload as { data: { status: string } }).data.status])).toEqual([
    ['response.incomplete', 'incomplete'],
    ['response.incomplete', 'incomplete'],
    ['response.completed', 'completed'],
    ['response.completed', 'completed'],
    ['job.succeeded', 'succeeded'],
  ])
})

test('what is not heard is tried again with longer waits, ends dead, and lives again by hand', async () => {
  await endpoint('org_c')
  await endedJob('org_c', 'queued', 'failed')
  const [row] = await deliveriesOf('org_c')
  const id = row?.id ?? ''
  const clock = manualClock(Date.now() + 1_000)
  const sent: Parameters<WebhookSender['send']>[0][] = []
  const sender: WebhookSender = { send: async (message) => (sent.push(message), 503) }
  const waits: number[] = []
  for (let i = 0; i < 20; i++) {
    const look = await deliverWebhook({ webhooks: store.webhooks, sender, clock }, id)
    if (look.kind === 'done') break
    waits.push(look.delayMs)
    expect(await deliverWebhook({ webhooks: store.webhooks, sender, clock }, id)).toMatchObject({ kind: 'again' })
    clock.advanceMs(look.delayMs)
  }
  expect(sent).toHaveLength(WEBHOOK_ATTEMPTS_MAX)
  expect(waits).toEqual(waits.toSorted((a, b) => a - b))
  expect(new Set(sent.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([id]))
  expect((await deliveriesOf('org_c'))[0]).toMatchObject({ status: 'dead', httpStatus: 503, type: 'job.failed' })
  expect(await store.webhooks.redeliver('org_b', id, new Date())).toBeNull()
  expect(await store.webhooks.redeliver('org_c', id, new Date())).toMatchObject({ status: 'pending', attempts: 0 })
  await deliverWebhook({ webhooks: store.webhooks, sender: { send: async () => 204 }, clock }, id)
  expect((await deliveriesOf('org_c'))[0]).toMatchObject({ status: 'delivered', error: null })
})

test('nothing private is called, redirects are not followed, slow and endless answers end', async () => {
  const message = { headers: {}, body: '{}' }
  const strict = webhookSender({
    privateAllowed: false,
    resolve: async (host) =>
      host === 'mixed.test'
        ? [
            { address: '93.184.216.34', family: 4 },
            { address: '10.0.0.1', family: 4 },
          ]
        : [{ address: '127.0.0.1', family: 4 }],
  })
  for (const bad of [
    'https://127.0.0.1',
    'https://[::1]',
    'https://rebound.test',
    'https://mixed.test',
    'https://0x7f.1',
  ]) {
    await expect(strict.send({ ...message, url: bad }), bad).rejects.toThrow('public internet')
  }
  await expect(strict.send({ ...message, url: 'http://example.com' })).rejects.toThrow('https only')
  heard = []
  answer = 302
  expect(await webhookSender({ privateAllowed: true }).send({ ...message, url })).toBe(302)
  expect(heard).toHaveLength(1)
  const silent = createServer(() => {})
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const address = silent.address()
  const port = typeof address === 'object' && address ? address.port : 0
  const impatient = webhookSender({ privateAllowed: true, timeoutMs: 200 })
  await expect(impatient.send({ ...message, url: `http://127.0.0.1:${port}` })).rejects.toThrow('No answer within')
  silent.closeAllConnections()
  silent.close()
})

test('only public unicast addresses are public', () => {
  for (const address of ['93.184.216.34', '8.8.8.8', '2606:2800:220:1:248:1893:25c8:1946']) {
    expect(isPublicAddress(address), address).toBe(true)
  }
  const special = ['10.1.2.3', '127.0.0.1', '169.254.169.254', '172.20.0.1', '192.168.1.1', '100.64.0.1', '0.0.0.0']
  const six = ['::1', '::', 'fe80::1', 'fd00::1', '::ffff:10.0.0.1', '64:ff9b::a00:1', '2002:a00:1::', 'ff02::1']
  for (const address of [...special, ...six, '255.255.255.255', '224.0.0.1', 'nonsense']) {
    expect(isPublicAddress(address), address).toBe(false)
  }
})
