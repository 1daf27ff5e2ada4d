/** What customers see, through the official client: answers, typed errors, bills. */
import OpenAI, {
  APIError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  RateLimitError,
} from 'openai'
import { afterEach, expect, test, vi } from 'vitest'
import type { Hex } from '@isochrone/protocol'
import {
  API_KEY,
  CHANNEL,
  INTERNAL_TOKEN,
  OTHER_KEY,
  startFakeGateway,
  type FakeGatewayOptions,
} from '../testing/fake-gateway.ts'
import { fakeNode, MODEL, type NodeScript } from '../testing/fake-node.ts'

const open: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close()
})
const idOf = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`

async function start(scripts: NodeScript[], options: Partial<FakeGatewayOptions> = {}) {
  const nodes = scripts.map((script, index) => fakeNode(idOf(index + 1), script))
  const gateway = await startFakeGateway({ nodes, ...options })
  open.push(gateway)
  return { ...gateway, nodes }
}
const ask = { model: MODEL, messages: [{ role: 'user' as const, content: 'Hi' }] }
const hello = { tokens: ['Hel', 'lo', '!'] }
const post = (url: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json', ...headers },
    body,
  })

test('a whole answer carries text, usage, price and the node, and has exactly one billed receipt', async () => {
  const { openai, entries } = await start([hello])
  const { data, response } = await openai.chat.completions.create(ask).withResponse()
  expect(data.choices[0]?.message).toMatchObject({ role: 'assistant', content: 'Hello!' })
  expect(data.choices[0]?.finish_reason).toBe('stop')
  expect(data.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 3, total_tokens: 13 })
  expect(data).toMatchObject({ isochrone: { node: 'node_0', priceMicroUsd: '19', tokensOutMax: 4_096 } })
  expect(response.headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{32}$/)
  expect(response.headers.get('x-isochrone-node')).toBe('node_0')
  expect(entries).toHaveLength(1)
  expect(entries[0]).toMatchObject({ request: { status: 'succeeded', priceMicroUsd: '19', tokensOut: 3 } })
  expect(entries[0]?.receipts).toHaveLength(1)
})

test('a stream ends with usage and [DONE] only after its receipt is durable', async () => {
  const { openai, entries, deps, nodes } = await start([hello])
  let durable = false
  const finish = deps.lane.finishRequest.bind(deps.lane)
  deps.lane.finishRequest = async (entry) => {
    await new Promise((resolve) => setTimeout(resolve, 30))
    await finish(entry)
    durable = true
  }
  const stream = await openai.chat.completions.create({ ...ask, stream: true, stream_options: { include_usage: true } })
  let text = ''
  let usage: unknown
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? ''
    if (chunk.usage) {
      usage = chunk
      expect(durable).toBe(true)
    }
  }
  expect(text).toBe('Hello!')
  expect(usage).toMatchObject({ usage: { completion_tokens: 3 }, isochrone: { node: 'node_0', priceMicroUsd: '19' } })
  expect(nodes[0]?.acknowledged.at(-1)).toBe(3)
  expect(entries).toHaveLength(1)
})

test('nothing of a whole answer leaves before its receipt is durable', async () => {
  const { openai, entries, deps } = await start([hello])
  const finish = deps.lane.finishRequest.bind(deps.lane)
  const disk = Promise.withResolvers<void>()
  deps.lane.finishRequest = async (entry) => {
    await finish(entry)
    await disk.promise
  }
  let isAnswered = false
  const answer = openai.chat.completions.create(ask).finally(() => (isAnswered = true))
  await vi.waitFor(() => expect(entries).toHaveLength(1))
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(isAnswered).toBe(false)
  disk.resolve()
  expect((await answer).choices[0]?.message.content).toBe('Hello!')
})

/** An organisation of a thousand tokens a minute sent such requests before, and goes on to. */
test('a limit that nobody named makes no request too large for the tokens of a minute, and is corrected', async () => {
  const { openai, nodes } = await start([hello], {
    change: ({ requestLimits }) => {
      const enter = requestLimits.enter.bind(requestLimits)
      requestLimits.enter = (organisation, key) => enter({ ...organisation, tokensPerMinuteMax: 1_000 }, key)
    },
  })
  const remaining: number[] = []
  for (let i = 0; i < 4; i++) {
    await openai.chat.completions.create(ask)
    const { response } = await openai.chat.completions.create({ ...ask, max_tokens: 5 }).withResponse()
    remaining.push(Number(response.headers.get('x-ratelimit-remaining-tokens')))
  }
  expect(Math.min(...remaining)).toBeGreaterThan(800)
  const named = openai.chat.completions.create({ ...ask, max_tokens: 4_096 - 100 }, { maxRetries: 0 })
  const refused = await named.catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(RateLimitError)
  // As OpenAI tells what was exceeded.
  expect(refused).toMatchObject({ status: 429, type: 'tokens', code: 'rate_limit_exceeded' })
  expect(nodes[0]?.opened).toHaveLength(8)
})

test('completions answer with text', async () => {
  const { openai } = await start([hello])
  const answer = await openai.completions.create({ model: MODEL, prompt: 'Hi' })
  expect(answer.choices[0]?.text).toBe('Hello!')
  expect(answer.object).toBe('text_completion')
})

test('the node gets the body byte for byte, unknown fields included', async () => {
  const { url, nodes } = await start([hello])
  const body = `{ "model":"${MODEL}",  "messages":[{"role":"user","content":"ü"}], "future_field": {"x": 1} }`
  expect((await post(url, body)).status).toBe(200)
  expect(nodes[0]?.opened[0]?.body).toBe(body)
  expect(nodes[0]?.opened[0]?.header.tokensOutMax).toBe(4_096)
})

test('a failure before the first token moves on to another node, unseen and unbilled', async () => {
  for (const status of ['engine_failed', 'rejected', 'link_lost'] as const) {
    const failing = { status }
    const { openai, entries, nodes } = await start([failing, failing])
    for (const node of nodes) node.open = failOnce(node.open.bind(node), nodes, hello)
    const stream = await openai.chat.completions.create({ ...ask, stream: true })
    let text = ''
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
    expect(text).toBe('Hello!')
    expect(entries).toHaveLength(1)
    expect(entries[0]?.receipts.map(({ delivery }) => delivery.price)).toEqual(['0', '19'])
    expect(entries[0]?.request.attempts).toHaveLength(2)
  }
})

/** After the first node was asked, every node answers well. */
function failOnce<T extends (...args: never[]) => unknown>(
  openStream: T,
  nodes: { script: NodeScript }[],
  then: NodeScript,
): T {
  return ((...args: never[]) => {
    const stream = openStream(...args)
    for (const node of nodes) node.script = then
    return stream
  }) as T
}

/** Its price was not part of what was reserved: with it the request could cost more than the balance. */
test('a dearer node that links while a request runs is no alternate for it', async () => {
  const { openai, control, nodes } = await start([{ status: 'engine_failed' }])
  const [first] = nodes
  const dear = fakeNode(idOf(2), hello)
  const openStream = first!.open.bind(first)
  first!.open = (header, body) => {
    nodes.push(dear)
    const state = control.node(first!.nodeId)!
    const prices = { ...state.prices, outMicroUsdPerMtok: '900000000' }
    control.apply(2, { ...state, nodeId: dear.nodeId, failureDomain: 'b', prices })
    return openStream(header, body)
  }
  await expect(openai.chat.completions.create(ask)).rejects.toThrow(InternalServerError)
  expect(dear.opened).toEqual([])
})

test('a node that claims more tokens than it sent bytes is paid for no more than the bytes', async () => {
  const { openai, entries } = await start([{ tokens: ['a'], claimedEach: 3_000 }], { limitMicroUsd: 10_000_000_000n })
  const answer = await openai.chat.completions.create({ ...ask, max_tokens: 3_500 })
  expect(answer.choices[0]?.message.content).toBe('a')
  expect(Number(entries[0]?.receipts[0]?.delivery.billedOut)).toBeLessThan(1_000)
})

/** What is put together in memory must have an end. */
test('a node that floods a whole answer is stopped, left and not paid', async () => {
  const { openai, entries, nodes } = await start([{ tokens: ['a', 'b', 'c'], padding: 200_000 }])
  const asked = openai.chat.completions.create({ ...ask, max_tokens: 4 })
  await expect(asked).rejects.toThrow(InternalServerError)
  expect(nodes[0]?.cancelled).toBe(1)
  expect(entries[0]).toMatchObject({ request: { status: 'failed', priceMicroUsd: '0' } })
})

test('a silent node is left after the limit, and the answer comes from another one', async () => {
  const limits = { silenceMsMax: 60, totalMsMax: 5_000 }
  const { openai, entries, nodes } = await start([{ status: 'silent' }, { status: 'silent' }], {
    attemptLimits: limits,
  })
  for (const node of nodes) node.open = failOnce(node.open.bind(node), nodes, hello)
  const answer = await openai.chat.completions.create(ask)
  expect(answer.choices[0]?.message.content).toBe('Hello!')
  expect(entries[0]?.request.attempts.map(({ outcome }) => outcome)).toEqual(['provider_timeout', 'completed'])
})

test('an engine that dies mid-stream ends it with an error frame; delivered tokens alone are billed', async () => {
  const { openai, entries } = await start([
    { tokens: ['a', 'b'], status: 'engine_failed' },
    { tokens: ['a', 'b'], status: 'engine_failed' },
  ])
  const stream = await openai.chat.completions.create({ ...ask, stream: true })
  let text = ''
  const reading = (async () => {
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
  })()
  await expect(reading).rejects.toThrow(APIError)
  expect(text).toBe('ab')
  expect(entries[0]).toMatchObject({ request: { status: 'failed', errorCode: 'provider_failed', priceMicroUsd: '6' } })
  expect(entries[0]?.receipts).toHaveLength(1)
})

test('when every node fails, the client throws its typed server error and nothing is billed', async () => {
  const { openai, entries } = await start([{ status: 'engine_failed' }, { status: 'engine_failed' }])
  await expect(openai.chat.completions.create(ask)).rejects.toThrow(InternalServerError)
  expect(entries[0]).toMatchObject({ request: { status: 'failed', httpStatus: 502, priceMicroUsd: '0' } })
  expect(entries[0]?.receipts).toHaveLength(2)
})

test('a customer who leaves cancels the engine and is billed for what was delivered', async () => {
  const { openai, entries, nodes } = await start([{ tokens: Array.from({ length: 200 }, () => 'x'), tokenMs: 20 }])
  const stream = await openai.chat.completions.create({ ...ask, stream: true })
  let seen = 0
  for await (const _chunk of stream) if (++seen === 4) break
  await expect.poll(() => entries.length).toBe(1)
  expect(nodes[0]?.cancelled).toBe(1)
  expect(entries[0]).toMatchObject({ request: { status: 'aborted', httpStatus: 499 } })
  expect(Number(entries[0]?.receipts[0]?.delivery.billedOut)).toBeGreaterThanOrEqual(3)
  expect(Number(entries[0]?.receipts[0]?.delivery.billedOut)).toBeLessThan(150)
})

test('wrong, revoked and missing keys are 401 before the body is looked at', async () => {
  const { url, openai, control } = await start([hello])
  const stranger = new OpenAI({ apiKey: 'iso_wrong', baseURL: `${url}/v1`, maxRetries: 0 })
  await expect(stranger.chat.completions.create(ask)).rejects.toThrow(AuthenticationError)
  const bare = await fetch(`${url}/v1/chat/completions`, { method: 'POST', body: 'not json' })
  expect(bare.status).toBe(401)
  expect(bare.headers.get('x-should-retry')).toBe('false')
  const key = control.keyByHash((await import('node:crypto')).hash('sha256', API_KEY, 'base64url'))
  if (!key) throw new Error('no key')
  control.apply(2, { ...key, enabled: false })
  await expect(openai.chat.completions.create(ask)).rejects.toMatchObject({ status: 401, code: 'invalid_api_key' })
})

test('bad bodies are 400 and name the field or the place', async () => {
  const { url, openai } = await start([hello])
  const named = async (body: unknown) => {
    const error = await openai.chat.completions.create(body as never).then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(BadRequestError)
    return (error as BadRequestError).param
  }
  expect(await named({ messages: ask.messages })).toBe('model')
  expect(await named({ model: MODEL })).toBe('messages')
  expect(await named({ model: MODEL, messages: [] })).toBe('messages')
  expect(await named({ ...ask, messages: [{ content: 'x' }] })).toBe('messages[0].role')
  expect(await named({ ...ask, max_tokens: 0 })).toBe('max_tokens')
  expect(await named({ ...ask, max_completion_tokens: 1.5 })).toBe('max_completion_tokens')
  expect(await named({ ...ask, stream: 'yes' })).toBe('stream')
  const broken = await post(url, '{"model": "x",\n "messages": ]}')
  expect(broken.status).toBe(400)
  expect(await broken.json()).toMatchObject({ error: { message: expect.stringContaining('line 2, column 14') } })
})

test('a completion that is to be stored is refused: nothing would keep it', async () => {
  const { openai, nodes } = await start([hello])
  const error = await openai.chat.completions.create({ ...ask, store: true }).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(BadRequestError)
  expect(error).toMatchObject({ code: 'unsupported_field', param: 'store' })
  expect((await openai.chat.completions.create({ ...ask, store: false })).choices[0]?.message.content).toBe('Hello!')
  expect(nodes[0]?.opened).toHaveLength(1)
})

test('what the engine refuses is 400 too, with the field that its message names', async () => {
  const { openai, nodes } = await start([{ status: 'invalid_request', message: 'n: only one choice is supported' }])
  const error = await openai.chat.completions
    .create({ ...ask, n: 3, max_tokens: 100 })
    .catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(BadRequestError)
  expect(error).toMatchObject({ param: 'n' })
  expect(nodes[0]?.opened).toHaveLength(1)
})

test('too large is 413, another type is 415, another path is 404, all in the same shape', async () => {
  const { url } = await start([hello], { bodyBytesMax: 1_000 })
  const large = await post(url, JSON.stringify({ ...ask, pad: 'x'.repeat(2_000) }))
  expect([large.status, await large.json()]).toMatchObject([413, { error: { code: 'payload_too_large' } }])
  const typed = await post(url, 'x=1', { 'content-type': 'text/plain' })
  expect([typed.status, await typed.json()]).toMatchObject([415, { error: { code: 'unsupported_media_type' } }])
  const nowhere = await fetch(`${url}/v1/nothing`)
  expect([nowhere.status, await nowhere.json()]).toMatchObject([404, { error: { code: 'not_found' } }])
})

test('an unknown model is 404 model_not_found', async () => {
  const { openai } = await start([hello])
  const error = await openai.chat.completions.create({ ...ask, model: 'gpt-9' }).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(NotFoundError)
  expect(error).toMatchObject({ code: 'model_not_found', param: 'model' })
})

test('no node is 503 with Retry-After, and on record', async () => {
  const { url, entries } = await start([])
  const answer = await post(url, JSON.stringify(ask))
  expect(answer.status).toBe(503)
  expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  expect(entries[0]).toMatchObject({ request: { status: 'failed', httpStatus: 503 }, receipts: [] })
})

test('over the limit is 429 insufficient_quota, which the client does not retry; nothing is dispatched', async () => {
  const { url, nodes } = await start([hello], { limitMicroUsd: 100n })
  const patient = new OpenAI({ apiKey: API_KEY, baseURL: `${url}/v1`, maxRetries: 3 })
  const error = await patient.chat.completions.create(ask).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(RateLimitError)
  expect(error).toMatchObject({ code: 'insufficient_quota' })
  expect(nodes[0]?.opened).toHaveLength(0)
})

test('rate and concurrency limits are 429 with when to come back', async () => {
  const rate = await start([hello], { requestsPerMinuteMax: 1 })
  expect((await post(rate.url, JSON.stringify(ask))).status).toBe(200)
  const second = await post(rate.url, JSON.stringify(ask))
  expect([second.status, Number(second.headers.get('retry-after')) > 0]).toEqual([429, true])
  expect(await second.json()).toMatchObject({ error: { type: 'requests', code: 'rate_limit_exceeded' } })
  const busy = await start([{ tokens: ['a', 'b'], tokenMs: 500 }], { concurrentRequestsMax: 1 })
  const answers = await Promise.all([post(busy.url, JSON.stringify(ask)), post(busy.url, JSON.stringify(ask))])
  expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 429])
})

test('the placement is explained on request: header, whole record in the answer', async () => {
  const { openai } = await start([hello, hello])
  const { data, response } = await openai.chat.completions
    .create(ask, { headers: { 'x-isochrone-explain': '1' } })
    .withResponse()
  const header: unknown = JSON.parse(response.headers.get('x-isochrone-placement') ?? 'null')
  expect(header).toMatchObject({ unit: 'microUsd', poolSize: 2, candidates: [{ terms: {} }, {}] })
  expect(data).toMatchObject({
    isochrone: { placement: { unit: 'microUsd', engineVersion: expect.any(String), sampled: expect.any(Array) } },
  })
})

/** `curl -N` shows the body alone. */
test('an explained stream says in its last chunk why the node was chosen, usage asked for or not', async () => {
  const { url } = await start([hello])
  const lastChunk = async (headers: Record<string, string>) => {
    const text = await (await post(url, JSON.stringify({ ...ask, stream: true }), headers)).text()
    const events = text.trim().split('\n\n')
    expect(events.at(-1)).toBe('data: [DONE]')
    return JSON.parse(events.at(-2)?.slice('data: '.length) ?? 'null') as unknown
  }
  expect(await lastChunk({ 'x-isochrone-explain': '1' })).toMatchObject({
    choices: [],
    usage: { completion_tokens: 3 },
    isochrone: { node: 'node_0', placement: { unit: 'microUsd', candidates: [{ terms: {} }] } },
  })
  expect(await lastChunk({})).not.toHaveProperty('isochrone')
})

test('models list what is linked, with what is simulated', async () => {
  const { openai } = await start([hello, hello])
  const models = await openai.models.list()
  expect(models.data).toMatchObject([{ id: MODEL, object: 'model', isochrone: { nodes: 2, simulatedNodes: 0 } }])
})

test('a lease that runs is a model to the keys of its organisation, and to nobody else', async () => {
  const { openai, url, control } = await start([hello])
  const leaseId = `lease_${'1'.repeat(32)}`
  const lease = { kind: 'lease', leaseId, orgId: 'org_1', model: MODEL, nodeId: idOf(1), active: true } as const
  control.apply(2, lease)
  const idsOf = async (client: OpenAI) => (await client.models.list()).data.map(({ id }) => id)
  const stranger = new OpenAI({ apiKey: OTHER_KEY, baseURL: `${url}/v1`, maxRetries: 0 })
  expect(await idsOf(openai)).toEqual([MODEL, leaseId])
  expect(await openai.models.retrieve(leaseId)).toMatchObject({ id: leaseId, isochrone: { nodes: 1, leased: MODEL } })
  expect(await idsOf(stranger)).toEqual([MODEL])
  await expect(stranger.models.retrieve(leaseId)).rejects.toBeInstanceOf(NotFoundError)
  // Between two nodes nothing answers to it, and once it is over it is gone.
  control.apply(3, { ...lease, nodeId: null })
  expect(await idsOf(openai)).toEqual([MODEL])
  control.apply(4, { ...lease, active: false })
  await expect(openai.models.retrieve(leaseId)).rejects.toBeInstanceOf(NotFoundError)
})

test('a request that opts to wait becomes a job, which only its organisation can read', async () => {
  const { url, jobs } = await start([hello])
  const answer = await post(url, JSON.stringify({ ...ask, stream: true }), { 'x-isochrone-queue': '1' })
  expect(answer.status).toBe(202)
  const job = (await answer.json()) as { id: string }
  expect(job).toMatchObject({ object: 'isochrone.job', status: 'queued' })
  expect(jobs.get(job.id)?.input).toMatchObject({ body: { stream: false } })
  const read = (id: string) => fetch(`${url}/v1/jobs/${id}`, { headers: { authorization: `Bearer ${API_KEY}` } })
  expect(await (await read(job.id)).json()).toMatchObject({ id: job.id, status: 'queued' })
  expect((await read(`job_${'f'.repeat(32)}`)).status).toBe(404)
})

test('what PostgreSQL cannot store is not queued, and is served at once as any other text', async () => {
  const { url, jobs } = await start([hello])
  for (const content of ['a\u0000b', 'half \ud83d of a pair']) {
    const body = JSON.stringify({ ...ask, messages: [{ role: 'user', content }] })
    const answer = await post(url, body, { 'x-isochrone-queue': '1' })
    expect([answer.status, await answer.json()]).toMatchObject([400, { error: { code: 'invalid_request' } }])
    expect((await post(url, body)).status).toBe(200)
  }
  expect(jobs.size).toBe(0)
})

test('what no money could pay for is not queued; what may be paid once others end is', async () => {
  const queued = { 'x-isochrone-queue': '1' }
  const refused = async (gateway: Awaited<ReturnType<typeof start>>) => {
    const answer = await post(gateway.url, JSON.stringify(ask), queued)
    expect([answer.status, await answer.json()]).toMatchObject([429, { error: { code: 'insufficient_quota' } }])
    expect(answer.headers.get('x-should-retry')).toBe('false')
    expect(gateway.jobs.size).toBe(0)
  }
  await refused(await start([hello], { limitMicroUsd: 100n }))
  await refused(await start([], { limitMicroUsd: 0n }))
  const unfunded = await start([hello])
  const organisation = unfunded.control.organisation('org_1')
  unfunded.control.apply(2, { ...organisation!, channelId: null })
  await refused(unfunded)
  const rich = await start([hello])
  const held = await rich.budget.reserve(CHANNEL, 999_900n)
  expect((await post(rich.url, JSON.stringify(ask), queued)).status).toBe(202)
  held.release()
})

test('what no node of the marketplace fits is refused, not queued; a node that is not linked now may come back', async () => {
  const { url, jobs, control } = await start([hello])
  const queued = { 'x-isochrone-queue': '1' }
  const withRouting = (routing: object) => JSON.stringify({ ...ask, routing })
  const cap = withRouting({ max_price: { output: 0.01 } })
  const low = await post(url, cap, queued)
  expect([low.status, await low.json()]).toMatchObject([
    400,
    {
      error: { param: 'routing.max_price.output', message: expect.stringContaining('below the lowest price on offer') },
    },
  ])
  const outside = await post(url, withRouting({ regions: ['US'] }), queued)
  expect([outside.status, await outside.json()]).toMatchObject([400, { error: { param: 'routing.regions' } }])
  const background = await fetch(`${url}/v1/responses`, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: MODEL, input: 'Hi', background: true, routing: { max_price: { output: 0.01 } } }),
  })
  expect(background.status).toBe(400)
  expect(jobs.size).toBe(0)
  const [node] = control.nodes()
  const prices = { ...node!.prices, outMicroUsdPerMtok: '100' }
  control.apply(2, { ...node!, nodeId: idOf(9), id: 'node_9', country: 'US', prices })
  expect((await post(url, cap, queued)).status).toBe(202)
})

test('what no engine of the model could serve is refused, not queued, and names what is too much', async () => {
  const { url, jobs } = await start([hello])
  const queued = { 'x-isochrone-queue': '1' }
  const refusalOf = async (body: object) => {
    const response = await post(url, JSON.stringify({ ...ask, ...body }), queued)
    const { error } = (await response.json()) as { error: { code: string; param: string } }
    return [response.status, error.code, error.param]
  }
  const long = [{ role: 'user', content: 'a word '.repeat(100_000) }]
  expect(await refusalOf({ messages: long })).toEqual([400, 'context_length_exceeded', 'messages'])
  expect(await refusalOf({ max_tokens: 1_000_000 })).toEqual([400, 'context_length_exceeded', 'max_tokens'])
  expect(jobs.size).toBe(0)
})

test('a queued body may be as large as any, with what its worker says around it', async () => {
  const { url, jobs } = await start([hello], { bodyBytesMax: 1_000 })
  const queued = { 'x-isochrone-queue': '1' }
  const empty = JSON.stringify({ ...ask, stream: false, pad: '' })
  const body = { ...ask, stream: false, pad: 'x'.repeat(1_000 - empty.length) }
  expect((await post(url, JSON.stringify(body), queued)).status).toBe(202)
  const answer = await fetch(`${url}/internal/v1/dispatch`, {
    method: 'POST',
    headers: { authorization: `Bearer ${INTERNAL_TOKEN}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      requestId: 'req_large',
      jobId: 'job_1',
      orgId: 'org_1',
      keyId: null,
      path: '/v1/chat/completions',
      body,
      nodeId: idOf(1),
      placement: { by: 'worker' },
      timeoutMs: 5_000,
    }),
  })
  expect(await answer.json()).toMatchObject({ outcome: 'answered' })
  // What is larger once it is written anew would be handed to nobody.
  const grown = `${JSON.stringify({ ...ask }).slice(0, -1)},"pad":[${Array.from({ length: 100 }, () => '1e20').join()}]}`
  const refused = await post(url, grown, queued)
  expect([refused.status, await refused.json()]).toMatchObject([413, { error: { code: 'payload_too_large' } }])
  expect(jobs.size).toBe(1)
})

test('a job is run once however often it is dispatched, and answered from the journal after', async () => {
  const { url, nodes, entries } = await start([{ ...hello, tokenMs: 10 }])
  const dispatch = (token = INTERNAL_TOKEN, nodeId = idOf(1)) =>
    fetch(`${url}/internal/v1/dispatch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        requestId: 'req_job',
        jobId: 'job_1',
        orgId: 'org_1',
        keyId: null,
        path: '/v1/chat/completions',
        body: ask,
        nodeId,
        placement: { by: 'worker' },
        timeoutMs: 5_000,
      }),
    })
  expect((await dispatch('wrong')).status).toBe(401)
  expect(await (await dispatch(INTERNAL_TOKEN, idOf(9))).json()).toMatchObject({ outcome: 'retry' })
  const both = await Promise.all([dispatch(), dispatch()])
  for (const answer of both) {
    expect(await answer.json()).toMatchObject({
      outcome: 'answered',
      answer: { choices: [{ message: { content: 'Hello!' } }], usage: { completion_tokens: 3 } },
    })
  }
  expect(await (await dispatch()).json()).toMatchObject({ outcome: 'answered' })
  expect(nodes[0]?.opened).toHaveLength(1)
  expect(entries).toHaveLength(1)
  expect(entries[0]?.request).toMatchObject({ jobId: 'job_1', placement: { by: 'worker' } })
})

test('a failed job attempt is to be tried again, under an attempt number that was never used', async () => {
  const { url, nodes, entries } = await start([{ status: 'engine_failed' }])
  const dispatch = async () => {
    const answer = await fetch(`${url}/internal/v1/dispatch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${INTERNAL_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        requestId: 'req_job',
        jobId: 'job_1',
        orgId: 'org_1',
        keyId: null,
        path: '/v1/chat/completions',
        body: ask,
        nodeId: idOf(1),
        placement: null,
        timeoutMs: 5_000,
      }),
    })
    return (await answer.json()) as { outcome: string }
  }
  expect((await dispatch()).outcome).toBe('retry')
  const [node] = nodes
  if (node) node.script = hello
  expect((await dispatch()).outcome).toBe('answered')
  expect(nodes[0]?.opened.map(({ header }) => header.attempt)).toEqual([0, 1])
  expect(entries.map(({ request }) => request.status)).toEqual(['failed', 'succeeded'])
})

test('health, metrics, early epoch close and corrected records answer; health says why not', async () => {
  const { url, deps } = await start([hello])
  await post(url, JSON.stringify(ask))
  expect(await (await fetch(`${url}/healthz`)).json()).toMatchObject({ status: 'ok', linkedNodes: 1 })
  const metrics = await (
    await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${INTERNAL_TOKEN}` } })
  ).text()
  expect(metrics).toContain('isochrone_gateway_requests_total{path="/v1/chat/completions",status="200"} 1')
  expect(metrics).toContain('isochrone_gateway_ttft_seconds_count 1')
  const close = (body?: string) =>
    fetch(`${url}/internal/v1/close-epoch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${INTERNAL_TOKEN}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body }),
    })
  expect(await (await close()).json()).toMatchObject({ epochs: [7] })
  const closeOf = (lanes: string[]) => close(JSON.stringify({ lanes }))
  expect(await (await closeOf([deps.lane.id])).json()).toMatchObject({ lane: deps.lane.id, epochs: [7] })
  expect(await (await closeOf([`0x${'0a'.repeat(32)}`])).json()).toMatchObject({ lane: deps.lane.id, epochs: [] })
  expect((await close('{"lanes":"all"}')).status).toBe(400)
  const correct = (record: object, authorization = `Bearer ${INTERNAL_TOKEN}`) =>
    fetch(`${url}/internal/v1/correct-record`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(record),
    })
  const record = { nodeId: `0x${'01'.repeat(32)}`, lane: `0x${'02'.repeat(32)}`, epoch: 7, version: 1 }
  expect((await correct(record)).status).toBe(200)
  expect((await correct(record, 'Bearer guessed')).status).toBe(401)
  expect((await correct({ ...record, epoch: 8 })).status).toBe(404)
  expect((await correct({ ...record, version: 0 })).status).toBe(400)
  deps.notReady = () => 'cannot write its journal'
  expect((await fetch(`${url}/healthz`)).status).toBe(503)
  // Before the keys are loaded a good key must not look revoked.
  expect((await fetch(`${url}/v1/models`)).status).toBe(503)
  expect((await post(url, JSON.stringify(ask))).status).toBe(503)
})

test('a field that no engine of the model supports is refused at once, with its name and who supports it', async () => {
  const plain = { ...hello, features: ['chat', 'seed'] }
  const { openai, entries, nodes } = await start([plain, { ...plain, features: ['chat', 'tools'] }])
  const refused = await openai.chat.completions.create({ ...ask, logprobs: true }).catch((error: unknown) => error)
  expect(refused).toBeInstanceOf(BadRequestError)
  expect(refused).toMatchObject({ param: 'logprobs', code: 'unsupported_field' })
  expect(String(refused)).toContain(`no node that serves ${MODEL} offers 'logprobs'`)
  const tools = [{ type: 'function' as const, function: { name: 'now' } }]
  for (let i = 0; i < 4; i++) await openai.chat.completions.create({ ...ask, tools })
  expect(nodes.map(({ opened }) => opened.length)).toEqual([0, 4])
  const both = openai.chat.completions.create({ ...ask, tools, seed: 1 })
  await expect(both).rejects.toMatchObject({ param: 'tools', code: 'unsupported_field' })
  expect(entries).toHaveLength(4)
})

test('who opts to wait is served at once where there is room, and waits as a job where there is none', async () => {
  const wait = { 'x-isochrone-wait-ms': '60000' }
  const roomy = await start([hello])
  expect((await post(roomy.url, JSON.stringify(ask), wait)).status).toBe(200)
  expect(roomy.jobs.size).toBe(0)
  const { url, jobs } = await start([])
  const answer = await post(url, JSON.stringify(ask), wait)
  const job = (await answer.json()) as { id: string }
  expect([answer.status, job]).toMatchObject([202, { object: 'isochrone.job', status: 'queued' }])
  expect(answer.headers.get('location')).toBe(`/v1/jobs/${job.id}`)
  expect(jobs.get(job.id)?.input).toMatchObject({ kind: 'waiting', deadlineMs: 60_000 })
  for (const bad of ['0', '1.5', 'soon', '86400001']) {
    const refused = await post(url, JSON.stringify(ask), { 'x-isochrone-wait-ms': bad })
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: { param: 'x-isochrone-wait-ms' } }])
  }
})

test('a background response is kept, read, cancelled and deleted by its organisation alone', async () => {
  const { url, openai: client } = await start([hello])
  const response = await client.responses.create({ model: MODEL, input: 'Say hi.', background: true })
  expect(response).toMatchObject({ object: 'response', status: 'queued', background: true, output: [] })
  expect(await client.responses.retrieve(response.id)).toMatchObject({ id: response.id, status: 'queued' })
  expect((await fetch(`${url}/v1/responses/${response.id}`)).status).toBe(401)
  expect(await client.responses.cancel(response.id)).toMatchObject({ id: response.id, status: 'cancelled' })
  const types: string[] = []
  const stream = await client.responses.retrieve(response.id, { stream: true, starting_after: 0 })
  for await (const event of stream) types.push(event.type)
  expect(types).toEqual(['response.in_progress', 'response.cancelled'])
  await client.responses.delete(response.id)
  await expect(client.responses.retrieve(response.id)).rejects.toThrow('no response')
  const bad = { model: MODEL, input: 'x', background: true, store: false } as const
  await expect(client.responses.create(bad)).rejects.toThrow("'store'")
})
