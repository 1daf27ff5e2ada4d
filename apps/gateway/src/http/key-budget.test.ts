/** What a program sees of its key's budget: the whole way of a request, with nodes and a lane in memory. */
import OpenAI from 'openai'
import { afterEach, expect, test } from 'vitest'
import { fakeNode, MODEL } from '../testing/fake-node.ts'
import { API_KEY, CHANNEL, INTERNAL_TOKEN, OTHER_KEY, startFakeGateway } from '../testing/fake-gateway.ts'

type Fake = Awaited<ReturnType<typeof startFakeGateway>>
let fake: Fake | undefined
afterEach(() => fake?.close())

const ask = { model: MODEL, messages: [{ role: 'user' as const, content: 'hi' }], max_tokens: 5 }

async function startWith(budget: { microUsd: string; period: 'day' | 'month' | 'total' }): Promise<Fake> {
  fake = await startFakeGateway({ nodes: [fakeNode(`0x${'01'.repeat(32)}`, { tokens: ['a', 'b'] })] })
  const key = fake.control.keyById('key_1')
  fake.control.apply(2, { ...key!, name: 'CI "nightly"', budget: { ...budget, version: 1 } })
  return fake
}

const post = (url: string, key: string, body: object, headers: Record<string, string> = {}) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })

test('beyond its budget a key is refused with a sentence that says which key, how much, and when it renews', async () => {
  const { url, entries, budget } = await startWith({ microUsd: '700', period: 'day' })
  let [served, answer] = [0, await post(url, API_KEY, ask)]
  for (; answer.status === 200 && served < 100; served++) {
    await answer.text()
    answer = await post(url, API_KEY, ask)
  }
  expect([served > 0, answer.status, answer.headers.get('x-should-retry')]).toEqual([true, 429, 'false'])
  const { error } = (await answer.json()) as { error: Record<string, string> }
  expect(error).toMatchObject({ code: 'insufficient_quota', type: 'insufficient_quota', owner: 'client' })
  expect(error.message).toMatch(
    /^The API key 'CI "nightly"' has a budget of \$0\.0007 for each day: \$0\.\d+ spent, .*could cost \$0\.\d+\. It renews at \d{4}-\d\d-\d\d 00:00 UTC;/,
  )
  const billed = entries.reduce((sum, { request }) => sum + BigInt(request.priceMicroUsd), 0n)
  expect(billed).toBeGreaterThan(0n)
  expect(billed).toBeLessThanOrEqual(700n)
  // The organisation's money was held for the refused request too, and is free again: all of it.
  const all = await budget.reserve(CHANNEL, 1_000_000n - billed)
  all.release()
  // Its other keys, and other organisations, go on.
  expect((await post(url, OTHER_KEY, ask)).status).toBe(200)
})

test('the official client throws its rate limit error at once, and a queued request is refused too', async () => {
  const { url, jobs } = await startWith({ microUsd: '1', period: 'total' })
  let calls = 0
  const counted: typeof fetch = (...args) => (calls++, fetch(...args))
  const openai = new OpenAI({ apiKey: API_KEY, baseURL: `${url}/v1`, maxRetries: 5, fetch: counted })
  await expect(openai.chat.completions.create(ask)).rejects.toBeInstanceOf(OpenAI.RateLimitError)
  expect(calls).toBe(1)
  const queued = await post(url, API_KEY, ask, { 'x-isochrone-queue': '1' })
  expect([queued.status, jobs.size]).toEqual([429, 0])
})

/** A line of a batch, say: it waits where its money is missing, and is told so by this answer. */
test('a job that came in by a key spends that key’s budget', async () => {
  const { url } = await startWith({ microUsd: '1', period: 'month' })
  const dispatch = (requestId: string, keyId: string | null) =>
    fetch(`${url}/internal/v1/dispatch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${INTERNAL_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        jobId: `job_${requestId}`,
        requestId: `req_${requestId}`,
        orgId: 'org_1',
        keyId,
        path: '/v1/chat/completions',
        body: ask,
        nodeId: `0x${'01'.repeat(32)}`,
        placement: {},
        timeoutMs: 5_000,
        dispatchedAtMs: null,
      }),
    }).then((response) => response.json())
  expect(await dispatch('a', 'key_1')).toMatchObject({
    outcome: 'rejected',
    httpStatus: 429,
    answer: { error: { code: 'insufficient_quota' } },
  })
  expect(await dispatch('b', null)).toMatchObject({ outcome: 'answered' })
})
