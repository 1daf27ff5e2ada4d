/** Residency at the door: a caller of elsewhere is sent to the right gateway by the headers alone. */
import { once } from 'node:events'
import { request } from 'node:http'
import OpenAI from 'openai'
import { afterEach, expect, test } from 'vitest'
import type { Lane } from '../ports.ts'
import { createControlStore } from '../control/control-state.ts'
import { keepContentInside } from '../control/keep-content-inside.ts'
import { isInside, requireStoreInside } from '../control/residency.ts'
import { fakeNode, MODEL } from '../testing/fake-node.ts'
import { API_KEY, OTHER_KEY, startFakeGateway } from '../testing/fake-gateway.ts'

type Fake = Awaited<ReturnType<typeof startFakeGateway>>
type Entry = Parameters<Lane['finishRequest']>[0]
let fake: Fake | undefined
afterEach(() => fake?.close())

const gatewayState = (country: string, byte: string) => ({
  kind: 'gateway' as const,
  lane: `0x${byte.repeat(32)}`,
  url: `https://${country.toLowerCase()}.example`,
  region: 'x',
  country,
})

async function startOutside(regions: string[]): Promise<Fake> {
  fake = await startFakeGateway({
    nodes: [fakeNode(`0x${'01'.repeat(32)}`, { tokens: ['a'] })],
    routing: { regions },
    place: { country: 'US', region: 'us-east' },
  })
  for (const [index, country] of ['US', 'FR', 'DE'].entries())
    fake.control.apply(2 + index, gatewayState(country, `0${index}`))
  return fake
}

/** Says how much it will send, and sends none of it. */
async function headersOnly(url: string, key: string, path = '/v1/chat/completions') {
  const call = request(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'content-length': '1000' },
  })
  call.flushHeaders()
  const [response] = (await once(call, 'response')) as [import('node:http').IncomingMessage]
  let text = ''
  for await (const part of response) text += String(part)
  call.destroy()
  return { status: response.statusCode, headers: response.headers, body: JSON.parse(text) as { error: object } }
}

test('a gateway outside the residency refuses before any of the body came, and names those inside', async () => {
  const { url } = await startOutside(['EU'])
  const { status, headers, body } = await headersOnly(url, API_KEY)
  expect(status).toBe(421)
  expect(headers).toMatchObject({ 'x-should-retry': 'false', 'x-isochrone-gateway': 'https://fr.example' })
  expect(body.error).toMatchObject({ code: 'wrong_gateway', owner: 'client' })
  expect(body.error).toHaveProperty('gateways', [
    { url: 'https://fr.example', region: 'x', country: 'FR' },
    { url: 'https://de.example', region: 'x', country: 'DE' },
  ])
  const openai = new OpenAI({ apiKey: API_KEY, baseURL: `${url}/v1`, maxRetries: 2 })
  await expect(
    openai.chat.completions.create({ model: MODEL, messages: [{ role: 'user', content: 'a' }] }),
  ).rejects.toThrow(/https:\/\/fr\.example or https:\/\/de\.example/)
  expect(fake?.entries).toEqual([])
})

test('keys to seal to are refused by the headers too: to who is elsewhere, and to a stranger', async () => {
  const { url } = await startOutside(['EU'])
  const elsewhere = await headersOnly(url, API_KEY, '/v1/sealed/candidates')
  expect([elsewhere.status, elsewhere.headers['x-isochrone-gateway']]).toEqual([421, 'https://fr.example'])
  const stranger = await headersOnly(url, 'iso_nobody', '/v1/sealed/candidates')
  expect([stranger.status, stranger.body.error]).toEqual([401, expect.objectContaining({ owner: 'client' })])
})

test('nothing of an organisation passes a gateway outside, and others pass it', async () => {
  const { url } = await startOutside(['CH'])
  for (const path of ['/v1/models', '/v1/jobs/job_1']) {
    const response = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${API_KEY}` } })
    expect([path, response.status, response.headers.get('x-isochrone-gateway')]).toEqual([path, 421, null])
  }
  const other = new OpenAI({ apiKey: OTHER_KEY, baseURL: `${url}/v1`, maxRetries: 0 })
  expect((await other.completions.create({ model: MODEL, prompt: 'a' })).choices[0]?.text).toBe('a')
})

test('what has no known country is outside; a provider region inside a country asks for that country', () => {
  const de = { country: 'DE', region: 'fra' }
  expect([isInside(null, { country: '', region: '' }), isInside(['DE'], de), isInside(['DE/eu-de'], de)]).toEqual([
    true,
    true,
    true,
  ])
  for (const residency of [['FR'], ['FR/fra'], ['eu-de'], []]) expect(isInside(residency, de)).toBe(false)
  expect(isInside(['DE'], { country: '', region: 'DE' })).toBe(false)
  expect(isInside(['fra'], de)).toBe(true)
})

const organisation = {
  kind: 'organisation' as const,
  orgId: 'org_1',
  name: 'Test',
  channelId: null,
  requestsPerMinuteMax: 1,
  concurrentRequestsMax: 1,
  routing: { regions: ['DE'] },
}

test('queued work is taken only where its store is inside, and a policy that cannot be read is none', () => {
  expect(() => requireStoreInside(organisation, { country: 'DE', region: '' })).not.toThrow()
  expect(() => requireStoreInside(organisation, { country: 'US', region: '' })).toThrow(/forbidden: Queued work/)
  expect(() => requireStoreInside({ ...organisation, routing: { regions: 7 } }, { country: 'DE', region: '' })).toThrow(
    'state_conflict',
  )
})

test('what is journalled for a store outside holds nothing that came from prompt or answer', async () => {
  const canary = 'kestrel-over-the-dyke'
  const control = createControlStore()
  control.apply(1, organisation)
  const written: Entry[] = []
  const inner = { finishRequest: async (entry: Entry) => void written.push(entry), id: '0x1' } as unknown as Lane
  const request = { prefixHashes: [1, 2], tokensIn: 3 }
  const entry = {
    receipts: [],
    answer: { text: canary },
    request: {
      orgId: 'org_1',
      errorMessage: canary,
      attempts: [{ attempt: 0, message: canary }],
      placement: { request, choice: 'n', earlier: [{ request, choice: 'm' }], later: [{ request, choice: 'o' }] },
    },
  } as unknown as Entry
  for (const country of ['US', 'DE'])
    await keepContentInside(inner, control, { country, region: '' }).finishRequest(entry)
  const [outside, inside] = written
  expect(JSON.stringify(outside)).not.toContain(canary)
  expect(outside?.request.placement).toEqual({
    request: { prefixHashes: [0, 0], tokensIn: 3 },
    choice: 'n',
    earlier: [{ request: { prefixHashes: [0, 0], tokensIn: 3 }, choice: 'm' }],
    later: [{ request: { prefixHashes: [0, 0], tokensIn: 3 }, choice: 'o' }],
  })
  expect(inside).toBe(entry)
})
