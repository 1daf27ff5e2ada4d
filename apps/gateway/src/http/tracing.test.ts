/** What a collector is told of a request: its steps, by the standard's names, and nothing that anybody said. */
import { createLogger, startTracing, type Tracing } from '@isochrone/runtime'
import { startCollector, type CollectedSpan } from '@isochrone/runtime/testing'
import type { Hex } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { createHedging } from '../requests/limits/hedging.ts'
import { API_KEY, INTERNAL_TOKEN, startFakeGateway, type FakeGatewayOptions } from '../testing/fake-gateway.ts'
import { fakeNode, MODEL, type FakeNode, type NodeScript } from '../testing/fake-node.ts'

const CANARY = 'canary-7c1f'
const CLIENT = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8) }
const nodeId = (byte: string): Hex => `0x${byte.repeat(32)}`

async function traced(
  options: FakeGatewayOptions,
  run: (gateway: Awaited<ReturnType<typeof startFakeGateway>>) => Promise<unknown>,
) {
  const collector = await startCollector()
  const settings = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_TRACES_SAMPLER_ARG: 1 }
  const tracing = (await startTracing('gateway', settings, createLogger('test', 'silent'))) as Tracing
  const gateway = await startFakeGateway({ ...options, change: (deps) => (deps.tracing = tracing) })
  try {
    await run(gateway)
    // Its server span ends with the response, which the client may have read a moment earlier.
    await gateway.close()
    await tracing.stop()
    return { spans: collector.spans(), text: collector.text(), gateway }
  } finally {
    await collector.close()
  }
}

const ask = (url: string, body: Record<string, unknown> = {}, headers: Record<string, string> = {}) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({
      model: MODEL,
      max_tokens: 20,
      messages: [{ role: 'user', content: `prompt ${CANARY}` }],
      user: `user ${CANARY}`,
      metadata: { note: CANARY },
      ...body,
    }),
  }).then((response) => response.text())

const named = (spans: CollectedSpan[], name: string) => spans.filter((span) => span.name === name)
const chat = `chat ${MODEL}`

test('a request is a server span with admission, placement, attempt and settling below it, in the client’s trace', async () => {
  const node = fakeNode(nodeId('01'), { tokens: ['one ', 'two ', 'three'] })
  const { spans } = await traced({ nodes: [node] }, ({ url }) =>
    ask(url, {}, { traceparent: `00-${CLIENT.traceId}-${CLIENT.spanId}-01` }),
  )
  const [server] = named(spans, 'POST /v1/chat/completions')
  expect(server).toMatchObject({ kind: 2, traceId: CLIENT.traceId, parentSpanId: CLIENT.spanId, failed: false })
  expect(server?.attributes).toMatchObject({ 'http.response.status_code': 200, 'http.route': '/v1/chat/completions' })
  const below = spans.filter(({ parentSpanId }) => parentSpanId === server?.spanId)
  expect(below.map(({ name }) => name).toSorted()).toEqual(['admission', chat, 'placement', 'settle'])
  const [attempt] = named(spans, chat)
  expect(attempt?.kind).toBe(3)
  expect(attempt?.attributes).toMatchObject({
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': 'isochrone',
    'gen_ai.request.model': MODEL,
    'gen_ai.response.model': MODEL,
    'gen_ai.request.max_tokens': 20,
    'gen_ai.usage.input_tokens': 10,
    'gen_ai.usage.output_tokens': 3,
    'isochrone.attempt.kind': 'first',
    'isochrone.attempt.outcome': 'completed',
  })
  expect(spans.every(({ startNs, endNs }) => startNs <= endNs)).toBe(true)
  // The node is told where to go on.
  expect(node.opened[0]?.header.traceparent).toBe(`00-${CLIENT.traceId}-${attempt?.spanId}-01`)
})

/** Whoever reads traces learns how long it took, never what was said or with which key. */
test('no prompt, answer, key, user or message of a node is in a span', async () => {
  const failing = fakeNode(nodeId('01'), { status: 'engine_failed', message: `engine says ${CANARY}` })
  const answering = fakeNode(nodeId('02'), { tokens: [`answer ${CANARY}`, ' and more'] })
  const { spans, text } = await traced({ nodes: [failing, answering] }, async ({ url }) => {
    expect(await ask(url)).toContain(CANARY)
    expect(await ask(url, { stream: true })).toContain(CANARY)
    await ask(url, { messages: CANARY })
    await ask(url, { model: CANARY })
    await ask(url, {}, { authorization: `Bearer ${CANARY}`, 'x-session-id': CANARY, traceparent: CANARY })
    await fetch(`${url}/v1/completions?secret=${CANARY}`, { method: 'POST', body: CANARY })
  })
  expect(spans.length).toBeGreaterThan(10)
  expect(text).not.toContain(CANARY)
  expect(text).not.toContain(API_KEY)
})

/** The operator's error rate is that of all requests, not of those whose clients stayed. */
test('a client that leaves in the middle ends its span too, and is counted', async () => {
  const node = fakeNode(nodeId('01'), { tokens: ['one '], status: 'silent' })
  const { spans } = await traced({ nodes: [node] }, async ({ url, entries }) => {
    for (const stream of [true, false]) {
      const gone = new AbortController()
      const asking = fetch(`${url}/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: MODEL, max_tokens: 20, stream, messages: [{ role: 'user', content: 'Hi' }] }),
        signal: gone.signal,
      })
      if (stream) expect((await asking).status).toBe(200)
      else await expect.poll(() => node.opened.length).toBe(2)
      gone.abort()
      if (!stream) await expect(asking).rejects.toThrow()
      await expect.poll(() => entries.length).toBe(stream ? 1 : 2)
    }
    const metrics = () =>
      fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${INTERNAL_TOKEN}` } }).then((response) =>
        response.text(),
      )
    await expect
      .poll(metrics)
      .toContain('isochrone_gateway_requests_total{path="/v1/chat/completions",status="499"} 2\n')
  })
  const servers = named(spans, 'POST /v1/chat/completions')
  expect(servers.map(({ attributes }) => attributes['http.response.status_code'])).toEqual([499, 499])
})

test('a refused request is a trace too, with its status', async () => {
  const { spans } = await traced({ nodes: [] }, ({ url }) => ask(url, {}, { authorization: 'Bearer nobody' }))
  expect(spans.map(({ name }) => name).toSorted()).toEqual(['POST /v1/chat/completions', 'admission'])
  expect(named(spans, 'POST /v1/chat/completions')[0]?.attributes['http.response.status_code']).toBe(401)
  expect(named(spans, 'admission')[0]).toMatchObject({ failed: true })
})

/** Whoever is asked first follows the first script, and so on. */
function scripted(count: number, scripts: readonly NodeScript[]): FakeNode[] {
  const features = ['chat', 'continuation']
  const nodes = Array.from({ length: count }, (_, index) => fakeNode(nodeId(`0${index + 1}`), { features }))
  let asked = 0
  for (const node of nodes) {
    const openStream = node.open.bind(node)
    node.open = (header, body) => {
      node.script = { features, ...scripts[Math.min(asked++, scripts.length - 1)] }
      return openStream(header, body)
    }
  }
  return nodes
}

const tokens = ['a ', 'b ', 'c ', 'd ']

test('failover and continuation are attempts of one trace, and their usage adds up to the bill', async () => {
  const nodes = scripted(3, [{ status: 'rejected' }, { tokens: tokens.slice(0, 2), status: 'link_lost' }, { tokens }])
  const { spans, gateway } = await traced({ nodes }, ({ url }) => ask(url, { stream: true, user: 'u', metadata: {} }))
  const attempts = named(spans, chat).map(({ attributes }) => attributes)
  expect(attempts.map((attributes) => attributes['isochrone.attempt.kind'])).toEqual([
    'first',
    'failover',
    'continuation',
  ])
  expect(attempts.map((attributes) => attributes['gen_ai.usage.output_tokens'])).toEqual([0, 2, 2])
  expect(gateway.entries[0]?.request.tokensOut).toBe(4)
  expect(attempts.map((attributes) => attributes['error.type'])).toEqual(['rejected', 'provider_failed', undefined])
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1)
})

test('a hedge is an attempt beside the first one', async () => {
  const hedging = createHedging({ share: 1 })
  hedging.budget.earn()
  const nodes = scripted(2, [{ status: 'silent' }, { tokens }])
  const { spans } = await traced({ nodes, hedging }, ({ url }) => ask(url))
  const kinds = named(spans, chat).map(({ attributes }) => attributes['isochrone.attempt.kind'])
  expect(new Set(kinds)).toEqual(new Set(['first', 'hedge']))
})

/** Whoever looks for a queued job finds each of its tries, wherever it ran. */
test('each try of a queued job is a trace with its steps, found by the job, and says nothing of its content', async () => {
  const nodes = scripted(2, [{ tokens }, { status: 'engine_failed', message: `engine says ${CANARY}` }])
  const dispatch = (url: string, n: number) =>
    fetch(`${url}/internal/v1/dispatch`, {
      method: 'POST',
      headers: { authorization: `Bearer ${INTERNAL_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        requestId: `req_${n}`,
        jobId: `job_${n}`,
        orgId: 'org_1',
        keyId: null,
        path: '/v1/chat/completions',
        body: { model: MODEL, max_tokens: 20, messages: [{ role: 'user', content: `prompt ${CANARY}` }] },
        nodeId: nodes[0]?.nodeId,
        placement: {},
        timeoutMs: 5_000,
      }),
    }).then((response) => response.json())
  const { spans, text } = await traced({ nodes }, async ({ url }) => {
    expect(await dispatch(url, 1)).toMatchObject({ outcome: 'answered' })
    expect(await dispatch(url, 2)).toMatchObject({ outcome: 'retry' })
  })
  const servers = named(spans, 'POST /internal/v1/dispatch')
  expect(
    servers.map(({ attributes, failed }) => [
      attributes['isochrone.job.id'],
      attributes['isochrone.request.id'],
      failed,
    ]),
  ).toEqual([
    ['job_1', 'req_1', false],
    ['job_2', 'req_2', true],
  ])
  for (const { spanId, traceId } of servers) {
    const below = spans.filter((span) => span.parentSpanId === spanId && span.traceId === traceId)
    expect(below.map(({ name }) => name)).toEqual(expect.arrayContaining(['admission', chat, 'settle']))
  }
  expect(named(spans, chat).map(({ attributes }) => attributes['gen_ai.usage.output_tokens'])).toEqual([
    tokens.length,
    0,
  ])
  expect(text).not.toContain(CANARY)
})

/** A gateway that traces nothing is no hole in its customer's trace. */
test('without a collector the client’s trace is passed on to the node as it is, and none is begun', async () => {
  const node = fakeNode(nodeId('01'), { tokens: ['x'] })
  const gateway = await startFakeGateway({ nodes: [node] })
  try {
    const traceparent = `00-${CLIENT.traceId}-${CLIENT.spanId}-00`
    await ask(gateway.url, {}, { traceparent })
    await ask(gateway.url, {}, { traceparent: CANARY })
    await ask(gateway.url)
    expect(node.opened.map(({ header }) => header.traceparent)).toEqual([traceparent, undefined, undefined])
  } finally {
    await gateway.close()
  }
})
