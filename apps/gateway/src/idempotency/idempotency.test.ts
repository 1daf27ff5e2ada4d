/** A retry under its key is answered alike and never billed twice; what cost nothing may be tried again. */
import { setTimeout as sleep } from 'node:timers/promises'
import { manualClock } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'
import { afterEach, expect, test } from 'vitest'
import { deadlineOf } from '../requests/deadline.ts'
import { API_KEY, OTHER_KEY, startFakeGateway } from '../testing/fake-gateway.ts'
import { fakeNode, MODEL, type NodeScript } from '../testing/fake-node.ts'
import { memoryIdempotencyStore } from './idempotency-store.ts'
import { createIdempotency, RUNNING_MS_MAX } from './idempotency.ts'

const open: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close()
})
const NODE: Hex = `0x${'01'.padStart(64, '0')}`
const keyed = { orgId: 'org_1', idempotencyKey: 'k', digest: 'd' }

async function start(script: NodeScript) {
  const node = fakeNode(NODE, script)
  const gateway = await startFakeGateway({ nodes: [node] })
  open.push(gateway)
  const post = (
    body: object,
    { key = 'k', apiKey = API_KEY, signal = new AbortController().signal, headers = {} } = {},
  ) =>
    fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        'idempotency-key': key,
        ...headers,
      },
      body: JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'Hi' }], ...body }),
      signal,
    })
  return { ...gateway, node, post }
}

test('whole or streamed, at once or later, a retry gets the same answer and one bill', async () => {
  const { post, entries } = await start({ tokens: ['a', 'b'], tokenMs: 20 })
  for (const stream of [false, true]) {
    const key = `k-${String(stream)}`
    const first = await Promise.all([post({ stream }, { key }), post({ stream }, { key })])
    const later = await post({ stream }, { key })
    const texts = await Promise.all([...first, later].map((answer) => answer.text()))
    expect(new Set(texts).size).toBe(1)
    expect(texts[0]).toContain(stream ? 'data: [DONE]' : '"content":"ab"')
    expect(later.headers.get('x-isochrone-replayed')).toBe('true')
    expect(later.headers.get('content-type')).toMatch(stream ? /^text\/event-stream/ : /^application\/json/)
  }
  expect(entries).toHaveLength(2)
})

test('queued work under a key is one job, however often it is sent', async () => {
  const { post, jobs } = await start({ tokens: ['a'] })
  const headers = { 'x-isochrone-queue': '1' }
  const [first, second] = [await post({}, { headers }), await post({}, { headers })]
  expect([first.status, second.status, jobs.size]).toEqual([202, 202, 1])
  expect(await second.json()).toEqual(await first.json())
  for (const name of ['x-isochrone-job', 'location']) expect(second.headers.get(name)).toBe(first.headers.get(name))
  expect(second.headers.get('x-isochrone-replayed')).toBe('true')
  expect((await post({ max_tokens: 2 }, { headers })).status).toBe(409)
})

test('another body under the key is 409; another organisation has keys of its own', async () => {
  const { post, entries } = await start({ tokens: ['a'] })
  expect((await post({})).status).toBe(200)
  const other = await post({ max_tokens: 2 })
  expect([other.status, other.headers.get('x-should-retry')]).toEqual([409, 'false'])
  expect((await post({ max_tokens: 2 }, { apiKey: OTHER_KEY })).status).toBe(200)
  expect((await post({}, { key: 'x'.repeat(256) })).status).toBe(400)
  expect(entries).toHaveLength(2)
})

test('a request that cost nothing frees its key', async () => {
  const { post, node } = await start({ status: 'invalid_request', message: 'no' })
  expect((await post({})).status).toBe(400)
  node.script = { tokens: ['a'] }
  expect((await post({})).status).toBe(200)
})

/** A node that was stopped by its customer's own limit has worked, and is paid. */
test.each([
  ['a whole answer', { stream: false }, ['a']],
  ['a stream before its first token', { stream: true }, []],
])('a time limit that ends %s is billed once: a retry gets the same error', async (_name, body, tokens) => {
  const { post, node, entries } = await start({ tokens, status: 'silent' })
  const headers = { 'x-isochrone-timeout-ms': '1000' }
  const first = await post(body, { headers })
  node.script = { tokens: ['a'] }
  const again = await post(body, { headers })
  const later = await post(body)
  expect([first.status, again.status, later.status]).toEqual([504, 504, 504])
  expect([again.headers.get('x-isochrone-replayed'), again.headers.get('x-should-retry')]).toEqual(['true', 'false'])
  expect(again.headers.get('x-request-id')).toBe(first.headers.get('x-request-id'))
  const texts = await Promise.all([first, again, later].map((answer) => answer.text()))
  expect(new Set(texts).size).toBe(1)
  expect(texts[0]).toContain('deadline_exceeded')
  expect(node.opened).toHaveLength(1)
  expect(entries.map(({ request }) => BigInt(request.priceMicroUsd) > 0n)).toEqual([true])
})

test('who leaves before a time limit ends its request finds the error, and is not billed again', async () => {
  const { post, node, entries } = await start({ tokens: ['a'], status: 'silent' })
  const gone = new AbortController()
  const left = post({}, { signal: gone.signal, headers: { 'x-isochrone-timeout-ms': '1000' } })
  await expect.poll(() => node.opened.length).toBe(1)
  gone.abort()
  await expect(left).rejects.toThrow()
  expect((await post({})).status).toBe(504)
  expect([node.opened.length, entries.length]).toEqual([1, 1])
})

test('a time limit that ends what no node has begun costs nothing and frees its key', async () => {
  const { post, node, entries } = await start({ status: 'rejected' })
  expect((await post({}, { headers: { 'x-isochrone-timeout-ms': '50' } })).ok).toBe(false)
  node.script = { tokens: ['a'] }
  await expect.poll(async () => (await post({})).status).toBe(200)
  expect(entries.filter(({ request }) => BigInt(request.priceMicroUsd) > 0n)).toHaveLength(1)
})

/** Signed for and perhaps on record: nobody can say that it was not. */
test('an answer whose outcome could not be made durable is not run again under its key', async () => {
  const { post, node, lane } = await start({ tokens: ['a'] })
  const finish = lane.finishRequest.bind(lane)
  lane.finishRequest = async () => {
    throw new Error('the journal cannot be written')
  }
  expect((await post({})).status).toBe(500)
  lane.finishRequest = finish
  expect((await post({})).status).toBe(500)
  expect(node.opened).toHaveLength(1)
})

test('who leaves finds the answer on the next try', async () => {
  const { post, node, entries } = await start({ tokens: ['a', 'b', 'c'], tokenMs: 40 })
  const gone = new AbortController()
  const left = post({}, { signal: gone.signal })
  await expect.poll(() => node.opened.length).toBe(1)
  gone.abort()
  await expect(left).rejects.toThrow()
  expect(await (await post({})).text()).toContain('"content":"abc"')
  expect([node.opened.length, node.cancelled, entries.length]).toEqual([1, 0, 1])
})

const options = { secret: 'a secret that the gateways share', requireInside: () => {} }
const { signal } = new AbortController()

test('what was too large to keep, or was left by its gateway, is never run again', async () => {
  const clock = manualClock()
  const keys = createIdempotency({ ...options, store: memoryIdempotencyStore(clock), clock })
  const entered = await keys.enter(keyed, 'req_1', signal)
  if (!('claim' in entered)) throw new Error('the key was free')
  await entered.claim.keep({ headers: {}, body: 'x'.repeat(2_000_000) })
  await expect(keys.enter(keyed, 'req_2', signal)).rejects.toThrow('req_1; its answer is too large')
  await keys.enter({ ...keyed, idempotencyKey: 'dead' }, 'req_3', signal)
  clock.advanceMs(RUNNING_MS_MAX + 1)
  await expect(keys.enter({ ...keyed, idempotencyKey: 'dead' }, 'req_4', signal)).rejects.toThrow('did not finish')
})

test('the longest time limit of a client is shorter than a request is waited for', () => {
  expect(deadlineOf('3600000', 0)).toBeLessThan(RUNNING_MS_MAX)
  expect(() => deadlineOf(String(RUNNING_MS_MAX), 0)).toThrow('from 1 to 3600000')
})

test('a retry waits while somebody says that the request runs, and some seconds longer', async () => {
  const clock = manualClock()
  const store = memoryIdempotencyStore(clock)
  const names: string[] = []
  const silent = { ...store, sayRunning: async (said: readonly string[]) => void names.push(...said) }
  const first = await createIdempotency({ ...options, store: silent, clock }).enter(keyed, 'req_1', signal)
  if (!('claim' in first)) throw new Error('the key was free')
  await store.sayRunning(names)
  const retry = createIdempotency({ ...options, store, clock }).enter(keyed, 'req_2', signal)
  let ended = false
  retry.catch(() => undefined).finally(() => (ended = true))
  for (const advanceMs of [5_000, 2_000]) {
    clock.advanceMs(advanceMs)
    await sleep(250)
    expect(ended).toBe(false)
  }
  clock.advanceMs(2_000)
  const error = await retry.catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'state_conflict', retryAfterS: 10 })
  expect(String(error)).toContain('ran req_1')
  // It was only away, and comes back with its answer.
  await first.claim.keep({ headers: {}, body: 'late' })
  expect(await createIdempotency({ ...options, store, clock }).enter(keyed, 'req_3', signal)).toEqual({
    answer: { headers: {}, body: 'late' },
  })
})
