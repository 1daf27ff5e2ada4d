/** A gateway that is behind refuses what would begin, says when to come back, and goes on with the rest. */
import { afterEach, expect, test } from 'vitest'
import { API_KEY, INTERNAL_TOKEN, startFakeGateway } from '../testing/fake-gateway.ts'
import { fakeNode, MODEL } from '../testing/fake-node.ts'

const open: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close()
})

async function start() {
  const loop = { isOverloaded: () => behindMs > 0, behindMs: () => behindMs, lateMs: () => behindMs, stop: () => {} }
  let behindMs = 0
  const node = fakeNode(`0x${'01'.repeat(32)}`, { tokens: ['a'] })
  const gateway = await startFakeGateway({ nodes: [node], change: (deps) => void (deps.loop = loop) })
  open.push(gateway)
  const ask = (path = '/v1/chat/completions', init: RequestInit = {}) =>
    fetch(`${gateway.url}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 1 }),
      ...init,
    })
  return { gateway, ask, behind: (ms: number) => void (behindMs = ms) }
}

test('refusals are typed, have an id, are spread over the time it is behind, and end with it', async () => {
  const { gateway, ask, behind } = await start()
  expect((await ask()).status).toBe(200)
  behind(2_500)
  const refused = await Promise.all(Array.from({ length: 30 }, () => ask()))
  const seconds = refused.map(({ headers }) => Number(headers.get('retry-after')))
  expect(new Set(seconds)).toEqual(new Set([1, 2, 3]))
  for (const response of refused) {
    expect(response.status).toBe(503)
    expect(response.headers.get('x-should-retry')).toBeNull()
    const { error } = (await response.json()) as { error: Record<string, unknown> }
    expect(error).toMatchObject({ code: 'capacity_unavailable', owner: 'capacity', type: 'server_error' })
    expect(error.request_id).toBe(response.headers.get('x-request-id'))
  }
  behind(3_600_000)
  expect(Number((await ask()).headers.get('retry-after'))).toBeLessThanOrEqual(10)
  behind(0)
  expect((await ask()).status).toBe(200)
  // Nothing of what was refused was begun.
  expect(gateway.entries).toHaveLength(2)
  const { body } = await gateway.deps.metrics.render()
  expect(body).toContain('isochrone_gateway_shed_total 31')
  expect(body).toContain('isochrone_gateway_requests_total{path="/v1/chat/completions",status="503"} 31')
})

test('a body that comes after its refusal is read to its end, so that the answer is', async () => {
  const { ask, behind } = await start()
  behind(1)
  const response = await ask('/v1/chat/completions', { body: 'x'.repeat(8 * 1024 * 1024) })
  expect(response.status).toBe(503)
  expect(await response.json()).toHaveProperty('error')
})

test('what is no new work is answered, and a gateway that stops says that', async () => {
  const { gateway, ask, behind } = await start()
  behind(60_000)
  const headers = { authorization: `Bearer ${API_KEY}` }
  expect((await ask('/v1/models', { method: 'GET', headers, body: null })).status).toBe(200)
  expect((await ask('/healthz', { method: 'GET', body: null })).status).toBe(200)
  expect((await ask('/v1/jobs/job_1/cancel')).status).toBe(404)
  expect((await ask('/v1/batches')).status).toBe(503)
  expect((await ask('/v1/chat/completions?x=1')).status).toBe(503)
  expect((await ask('/v1/chat/complet%69ons')).status).toBe(503)
  gateway.deps.notReady = () => 'is about to stop'
  const { error } = (await (await ask()).json()) as { error: { message: string } }
  expect(error.message).toBe('This gateway is about to stop.')
})

test('a job of the worker goes elsewhere, or comes again', async () => {
  const { ask, behind, gateway } = await start()
  behind(60_000)
  const dispatch = {
    requestId: 'req_00000000000000000000000000000001',
    orgId: 'org_1',
    keyId: 'key_1',
    jobId: 'job_00000000000000000000000000000001',
    nodeId: `0x${'01'.repeat(32)}`,
    path: '/v1/chat/completions',
    body: { model: MODEL, messages: [{ role: 'user', content: 'Hi' }] },
    placement: null,
    timeoutMs: 5_000,
    dispatchedAtMs: Date.now(),
  }
  const response = await ask('/internal/v1/dispatch', {
    headers: { authorization: `Bearer ${INTERNAL_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify(dispatch),
  })
  expect(await response.json()).toMatchObject({ outcome: 'retry', httpStatus: 503 })
  expect(gateway.entries).toHaveLength(0)
})
