/** The playground spends little and only for who may, and no secret of ours reaches a browser. */
import { AppError, manualClock } from '@isochrone/domain'
import type { ControlPlane, Viewer } from '@isochrone/services'
import { expect, test, vi } from 'vitest'
import { createPlaygroundRelay } from './playground-relay.ts'
import { HOUR_MICRO_USD, REQUEST_MICRO_USD } from './playground-purse.ts'

const secret = 'iso_lent-secret'
const organisation = { id: 'org_1', name: 'Team', slug: 'team', role: 'owner', providerId: null } as const
const viewer = (role: 'owner' | 'admin' | 'member' = 'owner', userId = 'user_1'): Viewer => ({
  userId,
  name: 'A person',
  email: 'a@example.test',
  admin: false,
  organisations: [],
  activeOrganisation: { ...organisation, role },
})
const chat = { model: 'm', messages: [{ role: 'user', content: 'Hello' }], maxTokens: 16 }
const post = (body: unknown, headers: Record<string, string> = {}) =>
  new Request('http://web.test/api/playground', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
const streamed = (priceMicroUsd: string | null) =>
  new Response(
    `data: {"choices":[{"delta":{"content":"Hi"}}]}\n\n${
      priceMicroUsd === null ? '' : `data: {"choices":[],"isochrone":{"priceMicroUsd":"${priceMicroUsd}"}}\n\n`
    }data: [DONE]\n\n`,
    { headers: { 'content-type': 'text/event-stream', 'x-request-id': 'req_1', 'set-cookie': 'no=1' } },
  )

interface Sent {
  url: string
  authorization: string
  routing: { max_price?: { request?: number } }
}

function setUp(answer: (turn: number) => Response | Promise<Response> = () => streamed('7')) {
  const sent: Sent[] = []
  const clock = manualClock(1_000_000)
  const lend = vi.fn(async () => ({ keyId: 'key_1', secret, expiresAtMs: clock.nowMs() + 3_600_000 }))
  const fetch = vi.fn(async (url: string, { headers, body }: { headers: Record<string, string>; body: string }) => {
    const { routing } = JSON.parse(body) as Pick<Sent, 'routing'>
    sent.push({ url, authorization: headers.authorization ?? '', routing })
    return answer(sent.length)
  }) as unknown as typeof globalThis.fetch
  const relayGateways = vi.fn<ControlPlane['apiKeys']['relayGateways']>(async () => [
    'http://one.test/',
    'http://two.test',
  ])
  const controlPlane = { apiKeys: { lend, relayGateways } } as unknown as ControlPlane
  const relay = createPlaygroundRelay({ controlPlane, clock, fetch, pause: async () => {} })
  return { relay, sent, lend, relayGateways, clock }
}

test('an owner streams on a lent key under a cap, and the answer holds neither the key nor cookies', async () => {
  const { relay, sent, lend } = setUp()
  const answer = await relay(post(chat), viewer())
  const text = await answer.text()
  expect([answer.status, text.endsWith('data: [DONE]\n\n')]).toEqual([200, true])
  expect(answer.headers.get('x-request-id')).toBe('req_1')
  expect(answer.headers.get('cache-control')).toContain('no-transform')
  expect(answer.headers.get('set-cookie')).toBeNull()
  expect(text + JSON.stringify([...answer.headers])).not.toContain(secret)
  expect(sent).toEqual([
    {
      url: 'http://one.test/v1/chat/completions',
      authorization: `Bearer ${secret}`,
      routing: { max_price: { request: Number(REQUEST_MICRO_USD) / 1e6 } },
    },
  ])
  await relay(post({ ...chat, routing: { max_price: { request: 0.001 } } }), viewer())
  expect(sent[1]?.routing.max_price?.request).toBe(0.001)
  expect(lend).toHaveBeenCalledTimes(1)
})

test('who may not spend, another site, and what is no chat never reach a gateway', async () => {
  const { relay, sent, lend } = setUp()
  const cases: [number, Request, Viewer | null][] = [
    [401, post(chat), null],
    [403, post(chat), viewer('member')],
    [403, post(chat), { ...viewer(), activeOrganisation: null }],
    [403, post(chat, { 'sec-fetch-site': 'cross-site' }), viewer()],
    [403, post(chat, { 'sec-fetch-site': 'same-site' }), viewer()],
    [415, post(chat, { 'content-type': 'text/plain' }), viewer()],
    [400, post('not json'), viewer()],
    [400, post({ ...chat, stream: false }), viewer()],
    [400, post({ ...chat, maxTokens: 1_000_000 }), viewer()],
    [400, post({ ...chat, routing: { max_price: { request: -1 } } }), viewer()],
    [400, post({ ...chat, messages: [] }), viewer()],
    [400, post(chat, { 'x-playground-key': 'short' }), viewer()],
    [413, post({ ...chat, model: 'x'.repeat(300_000) }), viewer()],
  ]
  for (const [status, request, who] of cases) {
    const answer = await relay(request, who)
    expect([status, await answer.json()]).toEqual([
      answer.status,
      { error: expect.objectContaining({ owner: 'client' }) },
    ])
  }
  expect(sent).toEqual([])
  expect(lend).not.toHaveBeenCalled()
})

test('what is asked leaves for no gateway outside the residency of the key, and is refused where there is none', async () => {
  const { relay, sent, lend, relayGateways } = setUp()
  relayGateways.mockResolvedValue(['http://two.test'])
  expect((await relay(post(chat), viewer())).status).toBe(200)
  await relay(post(chat, { 'x-playground-key': 'iso_mine-and-only-mine' }), viewer('member'))
  expect(relayGateways.mock.calls).toEqual([
    [{ orgId: 'org_1', secret: null }],
    [{ orgId: 'org_1', secret: 'iso_mine-and-only-mine' }],
  ])
  expect(sent.map(({ url }) => url)).toEqual(Array(2).fill('http://two.test/v1/chat/completions'))
  relayGateways.mockRejectedValue(new AppError('forbidden', { publicMessage: 'outside' }))
  const refused = await relay(post(chat), viewer('owner', 'user_2'))
  expect([refused.status, await refused.json()]).toMatchObject([
    403,
    { error: { message: 'outside', owner: 'client' } },
  ])
  expect([sent.length, lend.mock.calls.length]).toEqual([2, 1])
})

test('a pasted key is passed on for members too, uncapped, and nothing is lent', async () => {
  const { relay, sent, lend } = setUp()
  const answer = await relay(post(chat, { 'x-playground-key': 'iso_mine-and-only-mine' }), viewer('member'))
  expect(await answer.text()).not.toContain('mine-and-only')
  expect(sent[0]).toMatchObject({ authorization: 'Bearer iso_mine-and-only-mine', routing: {} })
  expect(lend).not.toHaveBeenCalled()
})

/** Money: whatever is asked at once, and however a stream ends, no more than an hour's amount is let out. */
test('requests at the same moment share one amount an hour, and unknown bills count in full', async () => {
  const { relay, clock } = setUp(() => streamed(null))
  const most = Number(HOUR_MICRO_USD / REQUEST_MICRO_USD)
  const answers = await Promise.all(Array.from({ length: most + 5 }, () => relay(post(chat), viewer())))
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(most)
  expect(answers.filter(({ status }) => status === 402)).toHaveLength(5)
  await Promise.all(answers.map((answer) => answer.text()))
  expect((await relay(post(chat), viewer())).status).toBe(402)
  expect((await relay(post(chat), viewer('owner', 'user_2'))).status).toBe(200)
  clock.advanceMs(3_600_001)
  expect((await relay(post(chat), viewer())).status).toBe(200)
})

test('what a bill leaves over, and what a refusal cost nothing of, can be spent again', async () => {
  const most = Number(HOUR_MICRO_USD / REQUEST_MICRO_USD)
  const { relay } = setUp((turn) => (turn % 2 ? streamed('5') : Response.json({ error: {} }, { status: 503 })))
  for (let turn = 0; turn < 3 * most; turn++) {
    const answer = await relay(post(chat), viewer())
    expect(answer.status).toBe(turn % 2 === 0 ? 200 : 503)
    await answer.text()
  }
})

test('a reader that leaves pays for what it left, and the gateway is told', async () => {
  let told = false
  const endless = () =>
    new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new TextEncoder().encode('data: {}\n\n')),
      cancel: () => {
        told = true
      },
    })
  const { relay } = setUp(() => new Response(endless()))
  const most = Number(HOUR_MICRO_USD / REQUEST_MICRO_USD)
  for (let turn = 0; turn < most; turn++) await (await relay(post(chat), viewer())).body?.cancel()
  expect(told).toBe(true)
  expect((await relay(post(chat), viewer())).status).toBe(402)
})

test('a key that gateways do not know yet is tried again; one that was revoked is replaced', async () => {
  const unknown = () => Response.json({ error: { code: 'invalid_api_key' } }, { status: 401 })
  const fresh = setUp((turn) => (turn < 4 ? unknown() : streamed('1')))
  expect((await fresh.relay(post(chat), viewer())).status).toBe(200)
  expect(fresh.lend).toHaveBeenCalledTimes(1)

  const revoked = setUp((turn) => (turn === 2 ? unknown() : streamed('1')))
  await revoked.relay(post(chat), viewer())
  revoked.clock.advanceMs(60_000)
  expect((await revoked.relay(post(chat), viewer())).status).toBe(401)
  expect((await revoked.relay(post(chat), viewer())).status).toBe(200)
  expect(revoked.lend).toHaveBeenCalledTimes(2)
})

test('a gateway that is down or may not serve the organisation is passed over, and none names itself', async () => {
  const down = setUp((turn) => (turn === 1 ? Promise.reject(new Error('connect http://one.test')) : streamed('1')))
  expect((await down.relay(post(chat), viewer())).status).toBe(200)
  const elsewhere = setUp((turn) => (turn === 1 ? new Response('{}', { status: 421 }) : streamed('1')))
  expect((await elsewhere.relay(post(chat), viewer())).status).toBe(200)
  const gone = setUp(() => Promise.reject(new Error('connect http://one.test')))
  const answer = await gone.relay(post(chat), viewer())
  expect([answer.status, await answer.json()]).toEqual([
    500,
    { error: { message: 'No gateway answers. Try again in a moment.', code: 'internal', owner: 'platform' } },
  ])
})
