/** Our chain endpoint stays ours: who is not signed in does not reach it, and nothing but a wallet's calls passes. */
import type { Viewer } from '@isochrone/services'
import { expect, test, vi } from 'vitest'
import { relayToChain } from './chain-relay.ts'

const rpcUrl = 'https://chain.example/v2/secret-key'
const viewer = { userId: 'user_1' } as Viewer
const post = (body: unknown) =>
  new Request('http://web.test/api/chain', {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
const read = { jsonrpc: '2.0', id: 1, method: 'eth_chainId', params: [] }
const chain = (answer: string) => vi.fn(async () => new Response(answer)) as unknown as typeof fetch

test('a read of somebody signed in is passed on and answered, alone or in a batch', async () => {
  const fetch = chain('{"jsonrpc":"2.0","id":1,"result":"0x7a69"}')
  for (const body of [read, [read, { ...read, id: 2 }]]) {
    const answer = await relayToChain({ rpcUrl, viewer, fetch }, post(body))
    expect([answer.status, await answer.json()]).toEqual([200, { jsonrpc: '2.0', id: 1, result: '0x7a69' }])
  }
  expect(fetch).toHaveBeenCalledTimes(2)
})

test('a visitor, another method, a batch without end and what is no call never reach the chain', async () => {
  const fetch = chain('{}')
  const cases: [number, unknown, Viewer | null][] = [
    [401, read, null],
    [400, { ...read, method: 'anvil_setBalance' }, viewer],
    [400, { ...read, method: 'eth_getLogs' }, viewer],
    [400, Array.from({ length: 21 }, () => read), viewer],
    [400, [], viewer],
    [400, 'not json', viewer],
    [413, JSON.stringify({ ...read, params: ['x'.repeat(70_000)] }), viewer],
  ]
  for (const [status, body, who] of cases) {
    const answer = await relayToChain({ rpcUrl, viewer: who, fetch }, post(body))
    expect([answer.status, JSON.stringify(body).slice(0, 60)]).toEqual([status, JSON.stringify(body).slice(0, 60)])
  }
  expect(fetch).not.toHaveBeenCalled()
})

/** An endpoint's address may hold a key, and error pages of proxies repeat it. */
test('no answer ever names the endpoint', async () => {
  const failing = vi.fn(() => Promise.reject(new Error(`connect ${rpcUrl}`))) as unknown as typeof fetch
  for (const fetch of [failing, chain(`<html>403 at ${rpcUrl}</html>`), chain('x'.repeat(1_100_000))]) {
    const answer = await relayToChain({ rpcUrl, viewer, fetch }, post(read))
    expect(answer.status).toBe(503)
    expect(await answer.text()).not.toContain('secret-key')
  }
})
