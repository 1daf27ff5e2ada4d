import { createLogger } from '@isochrone/runtime'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startWitness, type RunningWitness } from './start-witness.ts'

let witness: RunningWitness

beforeAll(async () => {
  witness = await startWitness({
    host: '127.0.0.1',
    port: 0,
    key: `0x${'11'.repeat(32)}`,
    token: 'the token of the platform',
    name: 'here',
    place: { latitude: 52.4, longitude: 4.9 },
    logger: createLogger('test', 'silent'),
  })
})
afterAll(() => witness?.close())

const ask = (path: string, init?: RequestInit) => fetch(new URL(path, witness.url), init)

test('any page may time a ping, and reads nothing from it', async () => {
  const response = await ask('/v1/ping?at=1', { headers: { origin: 'https://market.example' } })
  expect([response.status, await response.text()]).toEqual([204, ''])
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'access-control-allow-origin': '*',
    'timing-allow-origin': '*',
    'cache-control': 'no-store',
  })
})

/** The platform's token opens measurements; a page that times pings opens nothing. */
test('nothing else is open to other pages, and measuring is for who has the token', async () => {
  for (const path of ['/v1/witness', '/healthz', '/v1/nothing']) {
    expect((await ask(path)).headers.get('access-control-allow-origin')).toBeNull()
  }
  for (const path of ['/v1/echo', '/v1/matmul']) {
    expect((await ask(path, { method: 'POST', body: '{}' })).status).toBe(401)
  }
  expect((await ask('/v1/ping', { method: 'POST' })).status).toBe(404)
})
