import { manualClock } from '@isochrone/domain'
import { afterEach, expect, test } from 'vitest'
import { API_KEY, OTHER_KEY, startFakeGateway } from '../testing/fake-gateway.ts'
import { createReadLimits } from './read-limits.ts'

const open: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close()
})

test('a key has its part of what its organisation may ask, and a minute fills both', () => {
  const clock = manualClock()
  const limits = createReadLimits(clock, { orgPerMinuteMax: 90, keyPerMinuteMax: 60 })
  const asked = (keyId: string, times: number): number => {
    for (let count = 0; count < times; count++) {
      try {
        limits.take('org_a', keyId)
      } catch {
        return count
      }
    }
    return times
  }
  expect(asked('key_1', 100)).toBe(60)
  expect(asked('key_2', 100)).toBe(30)
  expect(() => limits.take('org_b', 'key_3')).not.toThrow()
  clock.advanceMs(60_000)
  expect(asked('key_1', 100)).toBe(60)
})

/** Tenants: whoever polls without a pause takes the database from nobody else. */
test('who asks for what is kept without end is answered 429 with a time, and others are not', async () => {
  const gateway = await startFakeGateway({
    nodes: [],
    change: (deps) => (deps.readLimits = createReadLimits(deps.clock, { orgPerMinuteMax: 6, keyPerMinuteMax: 6 })),
  })
  open.push(gateway)
  const ask = (path: string, key = API_KEY, method = 'GET') =>
    fetch(`${gateway.url}${path}`, { method, headers: { authorization: `Bearer ${key}` } })
  const paths = ['/v1/jobs/job_1', '/v1/responses/resp_1?stream=true', '/v1/models', '/v1/models?a=1', '/v1/jobs/a']
  for (const path of paths) expect([404, 200]).toContain((await ask(path)).status)
  // Cancelling and deleting count as well; a key that is not valid counts for nobody.
  expect((await ask('/v1/jobs/job_1/cancel', API_KEY, 'POST')).status).toBe(404)
  expect((await ask('/v1/jobs/job_1', 'iso_nobody')).status).toBe(401)
  for (const [path, method] of [
    ['/v1/jobs/job_1', 'GET'],
    ['/v1/responses/resp_1', 'DELETE'],
    ['/v1/models', 'GET'],
    // However it is spelt.
    ['/v1/mod%65ls', 'GET'],
    ['/v1/jobs/job_1/cancel?a', 'POST'],
  ] as const) {
    const refused = await ask(path, API_KEY, method)
    expect([refused.status, refused.headers.get('x-should-retry')]).toEqual([429, null])
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await refused.json()).toMatchObject({ error: { code: 'rate_limit_exceeded', owner: 'client' } })
  }
  expect((await ask('/v1/models', OTHER_KEY)).status).toBe(200)
  // A completion has limits of its own.
  const completion = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    body: '{}',
  })
  expect(completion.status).toBe(400)
})

test('no more is read of a body than a request for what is kept can need, and the limit said is the one that holds', async () => {
  const gateway = await startFakeGateway({ nodes: [] })
  open.push(gateway)
  const cancel = async (bytes: number) => {
    const response = await fetch(`${gateway.url}/v1/jobs/job_1/cancel`, {
      method: 'POST',
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      body: '{}'.padEnd(bytes),
    })
    return { status: response.status, text: await response.text() }
  }
  expect((await cancel(64 * 1024)).status).toBe(404)
  expect(await cancel(64 * 1024 + 1)).toEqual({ status: 413, text: expect.stringContaining('than 65536 bytes') })
})
