/** A caller beyond its limit is refused at the door in the words of the first refusal, and of nobody else's. */
import { afterEach, expect, test } from 'vitest'
import { API_KEY, OTHER_KEY, startFakeGateway } from '../testing/fake-gateway.ts'
import { fakeNode, MODEL } from '../testing/fake-node.ts'

const open: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close()
})

async function start() {
  let looked = 0
  const gateway = await startFakeGateway({
    nodes: [fakeNode(`0x${'01'.repeat(32)}`, { tokens: ['a'] })],
    requestsPerMinuteMax: 1,
    change({ requestLimits }) {
      const enter = requestLimits.enter.bind(requestLimits)
      requestLimits.enter = (...args) => (looked++, enter(...args))
    },
  })
  open.push(gateway)
  const ask = async (key = API_KEY, body = '{}'.padEnd(100_000), path = '/v1/chat/completions') => {
    const response = await fetch(`${gateway.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body,
    })
    const json = (await response.json()) as { error?: Record<string, unknown> }
    return { response, error: json.error }
  }
  return { gateway, ask, looked: () => looked }
}

const good = JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 1 })

test('the next refusals of a key are the first one again, each with an id of its own, without another look', async () => {
  const { ask, looked } = await start()
  expect((await ask(API_KEY, good)).response.status).toBe(200)
  const all = await Promise.all(Array.from({ length: 30 }, () => ask()))
  expect(new Set(all.map(({ response }) => response.status))).toEqual(new Set([429]))
  expect(looked()).toBeLessThan(30)
  const ids = all.map(({ error }) => error?.request_id)
  expect(new Set(ids).size).toBe(30)
  expect(ids).toEqual(all.map(({ response }) => response.headers.get('x-request-id')))
  for (const { response, error } of all) {
    expect(error).toMatchObject({ code: 'rate_limit_exceeded', type: 'requests', owner: 'client', param: null })
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(response.headers.get('x-ratelimit-limit-requests')).toBe('1')
  }
})

test('no other spelling of the path goes past it', async () => {
  const { ask, looked } = await start()
  await ask(API_KEY, good)
  for (const path of ['/v1/chat/completions?api-version=1', '/v1/chat/complet%69ons']) {
    // It remembers a refusal for a quarter of a second.
    const looksAt = async () => {
      await ask()
      const before = looked()
      expect((await ask(API_KEY, good, path)).response.status).toBe(429)
      return looked() - before
    }
    await expect.poll(looksAt, { timeout: 10_000 }).toBe(0)
  }
})

test('no other key and no other path meets it, and a gateway that stops says so', async () => {
  const { gateway, ask } = await start()
  await ask(API_KEY, good)
  await ask()
  expect((await ask(OTHER_KEY, good)).response.status).toBe(200)
  const models = await fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${API_KEY}` } })
  expect(models.status).toBe(200)
  gateway.deps.notReady = () => 'is about to stop'
  expect((await ask()).response.status).toBe(503)
})
