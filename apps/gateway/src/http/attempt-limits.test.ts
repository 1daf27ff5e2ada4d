/** What a customer asks for beyond the limits of an attempt is the customer's: no node is blamed, and what was done is paid. */
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { fault, type Hex } from '@isochrone/protocol'
import { afterEach, expect, test } from 'vitest'
import { API_KEY, INTERNAL_TOKEN, startFakeGateway, type FakeGatewayOptions } from '../testing/fake-gateway.ts'
import { fakeNode, MODEL, type NodeScript } from '../testing/fake-node.ts'

const open: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close()
})
const idOf = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`
const words = (count: number): string[] => Array.from({ length: count }, (_, at) => `w${at} `)

async function start(scripts: NodeScript[], attemptLimits: FakeGatewayOptions['attemptLimits']) {
  const nodes = scripts.map((script, index) => fakeNode(idOf(index + 1), script))
  for (const { models } of nodes) Object.assign(models[0] ?? {}, { contextTokensMax: 1_000_000 })
  const gateway = await startFakeGateway({ nodes, ...(attemptLimits && { attemptLimits }) })
  open.push(gateway)
  const post = (path: string, body: object, key = API_KEY) =>
    fetch(`${gateway.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  return { ...gateway, nodes, post }
}

const chat = { model: MODEL, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 1_000 }
const faultsOf = (entries: Awaited<ReturnType<typeof start>>['entries']) =>
  entries.flatMap(({ receipts }) => receipts.map(({ delivery }) => delivery.fault))

/** A stream that lasts is no silence: before, its node was blamed and its prompt was free. */
test('an answer that comes steadily and does not end in the longest time ends as its customer’s, prompt and tokens billed', async () => {
  const scripts = [
    { tokens: words(500), tokenMs: 10 },
    { tokens: words(500), tokenMs: 10 },
  ]
  const { post, entries, nodes } = await start(scripts, { silenceMsMax: 5_000, totalMsMax: 600 })
  const text = await (await post('/v1/chat/completions', { ...chat, stream: true })).text()
  expect(text).toContain('"code":"deadline_exceeded"')
  expect(text).toContain('within 600ms, the longest that one may take')
  expect(text).not.toContain('[DONE]')
  expect(faultsOf(entries)).toEqual([fault.client])
  const [entry] = entries
  expect(entry?.request).toMatchObject({ status: 'aborted', httpStatus: 504, tokensIn: 10 })
  expect(entry?.request.tokensOut).toBeGreaterThan(5)
  expect(nodes.reduce((sum, { opened }) => sum + opened.length, 0)).toBe(1)
})

test('a whole answer that does not end in the longest time is billed too, and tried at no other node', async () => {
  const scripts = [
    { tokens: words(500), tokenMs: 10 },
    { tokens: words(500), tokenMs: 10 },
  ]
  const { post, entries } = await start(scripts, { silenceMsMax: 5_000, totalMsMax: 600 })
  const response = await post('/v1/chat/completions', chat)
  expect([response.status, response.headers.get('x-should-retry')]).toEqual([504, 'false'])
  expect(await response.json()).toMatchObject({ error: { code: 'deadline_exceeded', owner: 'client' } })
  expect(faultsOf(entries)).toEqual([fault.client])
  expect(Number(entries[0]?.request.priceMicroUsd)).toBeGreaterThan(10)
})

test('a reader who holds its stream up for too long in all is let go, and pays', async () => {
  const limits = { silenceMsMax: 5_000, totalMsMax: 60_000, heldUpMsMax: 500 }
  const { url, entries } = await start([{ tokens: words(400), padding: 200_000 }], limits)
  const sent = request(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
  })
  sent.end(JSON.stringify({ ...chat, stream: true }))
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  await sleep(1_000)
  const parts: Buffer[] = []
  for await (const part of response) parts.push(part as Buffer)
  const text = Buffer.concat(parts).toString()
  expect(text).toContain('waited for its reader for 500ms in all')
  expect(text).not.toContain('[DONE]')
  expect(faultsOf(entries)).toEqual([fault.client])
  expect(entries[0]?.request).toMatchObject({ status: 'aborted', httpStatus: 504, tokensIn: 10 })
})

test('a reader who is slow for less than that gets the whole answer', async () => {
  const limits = { silenceMsMax: 100, totalMsMax: 60_000, heldUpMsMax: 30_000 }
  const { url, entries } = await start([{ tokens: words(100), padding: 200_000 }], limits)
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...chat, stream: true }),
  })
  await sleep(600)
  expect(await response.text()).toContain('[DONE]')
  expect(faultsOf(entries)).toEqual([fault.none])
})

/** Engines echo a prompt whole: as many bytes as the caller sent, whatever its tokens are. */
test('a whole answer may repeat its prompt; where it is larger still it ends as its customer’s, at one node', async () => {
  const prompt = 'w '.repeat(150_000)
  const body = { model: MODEL, prompt, echo: true, max_tokens: 1 }
  const fits = await start([{ tokens: [prompt] }], undefined)
  const answer = (await (await fits.post('/v1/completions', body)).json()) as { choices: { text: string }[] }
  expect(answer.choices[0]?.text).toBe(prompt)

  const scripts = [0, 1].map(() => ({ tokens: words(20), padding: 200_000 }))
  const { post, entries } = await start(scripts, undefined)
  const response = await post('/v1/completions', { ...body, prompt: 'w' })
  expect(response.status).toBe(413)
  expect(await response.json()).toMatchObject({ error: { code: 'payload_too_large', owner: 'client' } })
  expect(faultsOf(entries)).toEqual([fault.client])
  expect(entries[0]?.request).toMatchObject({ status: 'aborted', httpStatus: 413, tokensIn: 10 })
})

test('one try of queued work that takes too long is tried again, costs nothing, and counts against no node', async () => {
  const { post, entries } = await start([{ tokens: words(500), tokenMs: 10 }], undefined)
  const dispatch = { jobId: 'job_1', orgId: 'org_1', keyId: null, path: '/v1/chat/completions', body: chat }
  const pinned = { requestId: 'req_job', nodeId: idOf(1), placement: null, timeoutMs: 300 }
  const response = await post('/internal/v1/dispatch', { ...dispatch, ...pinned }, INTERNAL_TOKEN)
  expect(await response.json()).toMatchObject({ outcome: 'retry', httpStatus: 504 })
  expect(faultsOf(entries)).toEqual([fault.gateway])
  expect(entries[0]?.request.priceMicroUsd).toBe('0')
})
