/** An answer that survives its node, as its customer sees and pays it. */
import OpenAI from 'openai'
import { afterEach, expect, test } from 'vitest'
import type { Hex, NodeState } from '@isochrone/protocol'
import { API_KEY, startFakeGateway, testPrices, type FakeGatewayOptions } from '../testing/fake-gateway.ts'
import { fakeNode, MODEL, type FakeNode, type NodeScript } from '../testing/fake-node.ts'

const open: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close()
})
const idOf = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`
const features = ['chat', 'completions', 'continuation', 'seed', 'n', 'tools', 'json_object']
const tokens = ['One', ' day', ' the', ' river', ' came', '.']
const ask = { model: MODEL, messages: [{ role: 'user' as const, content: 'Hi' }] }

/** Whoever is asked first breaks after `count` tokens; from then on all answer well. */
function breakFirst(nodes: readonly FakeNode[], breaks: readonly NodeScript[]): void {
  let asked = 0
  for (const node of nodes) {
    const openStream = node.open.bind(node)
    node.open = (header, body) => {
      node.script = { features, tokens, ...breaks[asked++] }
      return openStream(header, body)
    }
  }
}

async function start(
  count: number,
  breaks: readonly NodeScript[],
  options: Partial<FakeGatewayOptions> = {},
  able = features,
) {
  const nodes = Array.from({ length: count }, (_, index) => fakeNode(idOf(index + 1), { features: able }))
  const gateway = await startFakeGateway({ nodes, patienceMs: 200, ...options })
  open.push(gateway)
  breakFirst(nodes, breaks)
  return { ...gateway, nodes, opened: () => nodes.flatMap((node) => node.opened) }
}

const brokenAfter = (count: number, status: NodeScript['status'] = 'link_lost'): NodeScript => ({
  status: status ?? 'link_lost',
  tokens: tokens.slice(0, count),
})
type Billed = { price: string; billedOut: number; attempt: number }
const billsOf = (entries: { receipts: { delivery: unknown }[] }[]) =>
  (entries[0]?.receipts ?? []).map(({ delivery }) => delivery as Billed)

async function streamed(url: string, body: object, headers: Record<string, string> = {}) {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ ...ask, stream: true, stream_options: { include_usage: true }, ...body }),
  })
  const text = await response.text()
  const chunks = text.split('\n\n').filter((event) => event.startsWith('data: {'))
  return { text, chunks: chunks.map((event) => JSON.parse(event.slice(6)) as OpenAI.ChatCompletionChunk) }
}

test('a stream goes on where its node died: one answer, one bill for each token, and a comment that says so', async () => {
  for (const status of ['link_lost', 'engine_failed'] as const) {
    const { url, entries, opened } = await start(2, [brokenAfter(3, status)])
    const { text, chunks } = await streamed(url, {})
    expect(text).toMatch(/\n\n: isochrone continuation from node_[01] to node_[01] after 3 tokens\n\n/)
    expect(text.endsWith('data: [DONE]\n\n')).toBe(true)
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(tokens.join(''))
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1)
    expect(chunks.filter(({ choices }) => choices[0]?.delta.role !== undefined)).toHaveLength(1)
    expect(chunks.filter(({ choices }) => choices[0]?.finish_reason)).toHaveLength(1)
    const last = chunks.at(-1) as OpenAI.ChatCompletionChunk & { isochrone: { continuations: unknown[] } }
    expect(last.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 6 })
    expect(last.isochrone.continuations).toMatchObject([{ afterTokens: 3 }])

    expect(opened().map(({ header }) => [header.attempt, header.tokensOutMax, header.continuation?.text])).toEqual(
      expect.arrayContaining([
        [0, 4_096, undefined],
        [1, 4_093, 'One day the'],
      ]),
    )
    expect(billsOf(entries).map(({ billedOut }) => billedOut)).toEqual([3, 3])
    expect(billsOf(entries).map(({ price }) => price)).toEqual(['9', '19'])
    expect(entries[0]?.request).toMatchObject({ status: 'succeeded', tokensIn: 10, tokensOut: 6, priceMicroUsd: '28' })
  }
})

test('a whole answer goes on as well, and is paid for as if it had been streamed', async () => {
  const { openai, entries } = await start(2, [brokenAfter(2, 'engine_failed')])
  const answer = await openai.chat.completions.create(ask)
  expect(answer.choices[0]).toMatchObject({ message: { content: tokens.join('') }, finish_reason: 'stop' })
  expect(answer.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 6 })
  expect(billsOf(entries).map(({ billedOut }) => billedOut)).toEqual([2, 4])
})

test('texts go on after their prompt', async () => {
  const { openai, opened } = await start(2, [brokenAfter(4)])
  const answer = await openai.completions.create({ model: MODEL, prompt: 'Hi' })
  expect(answer.choices[0]?.text).toBe(tokens.join(''))
  expect(opened().map(({ header }) => header.continuation?.text)).toContain('One day the river')
})

test('it survives three nodes and not a fourth', async () => {
  const breaks = [brokenAfter(1), brokenAfter(2), brokenAfter(3)]
  const third = await start(5, breaks)
  expect((await streamed(third.url, {})).text).toContain('[DONE]')
  expect(billsOf(third.entries).map(({ billedOut }) => billedOut)).toEqual([1, 1, 1, 3])

  const fourth = await start(5, [...breaks, brokenAfter(4)])
  const { text } = await streamed(fourth.url, {})
  expect(text).toContain('"code":"provider_failed"')
  expect(text).not.toContain('[DONE]')
  expect(billsOf(fourth.entries).map(({ billedOut }) => billedOut)).toEqual([1, 1, 1, 1])
  expect(fourth.entries[0]?.request).toMatchObject({ status: 'failed', tokensIn: 0, tokensOut: 4 })
})

test('a node that cannot go on is no end: the next one is asked', async () => {
  const { url, entries } = await start(4, [
    brokenAfter(2),
    { status: 'invalid_request', tokens: [] },
    { status: 'rejected', tokens: [] },
  ])
  const { text } = await streamed(url, {})
  expect(text).toContain('[DONE]')
  expect(billsOf(entries).map(({ billedOut }) => billedOut)).toEqual([2, 0, 0, 4])
})

test('what a node refuses in the middle is tried at no other, and what was delivered is billed once', async () => {
  const refuses = { ...brokenAfter(3, 'invalid_request'), message: 'one part of the answer is too large to be sent' }
  const streaming = await start(2, [refuses])
  const { text } = await streamed(streaming.url, {})
  const said = 'one part of the answer is too large to be sent. The prompt and the tokens delivered so far are billed.'
  expect(text).toContain(`"message":"${said}"`)
  expect(text).toContain('"code":"invalid_request"')
  expect(text).not.toContain('[DONE]')
  expect(streaming.opened()).toHaveLength(1)
  expect(billsOf(streaming.entries).map(({ billedOut }) => billedOut)).toEqual([3])

  // Of a whole answer nothing was delivered.
  const whole = await start(2, [refuses])
  const refused = await whole.openai.chat.completions.create(ask).catch((error: unknown) => error)
  expect(refused).toMatchObject({ status: 400, message: expect.not.stringContaining('billed') as string })
  expect(whole.opened()).toHaveLength(1)
  expect(billsOf(whole.entries).map(({ price }) => price)).toEqual(['0'])
})

test('what was refused, and what nobody can go on with, ends with an error frame; what was delivered is billed', async () => {
  const cases: [object, Partial<FakeGatewayOptions>?, string[]?][] = [
    [{ routing: { allow_continuation: false } }],
    [{ routing: { allow_fallbacks: false } }],
    [{}, { routing: { allow_continuation: false } }],
    [{ n: 2, max_tokens: 100 }],
    [{ response_format: { type: 'json_object' } }],
    [{}, {}, ['chat', 'completions']],
  ]
  for (const [body, options, able] of cases) {
    const { url, entries } = await start(2, [brokenAfter(3)], options, able)
    const { text } = await streamed(url, body)
    expect(text).toContain('The tokens delivered so far are billed.')
    expect(text).not.toContain('[DONE]')
    expect(billsOf(entries).map(({ billedOut }) => billedOut)).toEqual([3])
  }
})

test('a stream whose node died after its last chunk is whole', async () => {
  const { url, entries, opened } = await start(2, [{ lostAfterLast: true }])
  const { text } = await streamed(url, {})
  expect(text).toContain('[DONE]')
  expect(opened()).toHaveLength(1)
  expect(billsOf(entries).map(({ billedOut }) => billedOut)).toEqual([6])
  expect(entries[0]?.request.status).toBe('succeeded')
})

/** Two nodes that take one stream each: one is busy with a long answer when that of the other breaks after 3 tokens. */
async function startFull(goingOn: FakeGatewayOptions['goingOn'], headers: Record<string, string> = {}) {
  const nodes = [1, 2].map((n) => fakeNode(idOf(n), { features }, 1))
  const gateway = await startFakeGateway({ nodes, goingOn })
  open.push(gateway)
  breakFirst(nodes, [{ tokens, tokenMs: 400 }, brokenAfter(3)])
  const busy = streamed(gateway.url, {})
  await expect.poll(() => nodes.some(({ activeStreams }) => activeStreams > 0)).toBe(true)
  const broken = await streamed(gateway.url, {}, headers)
  return { ...gateway, busy: await busy, broken }
}

test('where the other nodes are full, an answer waits for a place, and its customer hears that it does', async () => {
  const { broken, busy, entries } = await startFull({ patienceMs: 60_000, keepAliveMs: 20 })
  expect(broken.text).toMatch(/: isochrone waiting for a node to go on after 3 tokens\n\n/)
  expect(broken.text).toMatch(/: isochrone continuation from node_[01] to node_[01] after 3 tokens/)
  for (const { text, chunks } of [broken, busy]) {
    expect(text).toContain('[DONE]')
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')).toBe(tokens.join(''))
  }
  expect(entries.map(({ request }) => request.tokensOut)).toEqual([6, 6])
})

test('an answer waits no longer than its patience, or than the time that its client gives it', async () => {
  const impatient = await startFull({ patienceMs: 50, keepAliveMs: 20 })
  expect(impatient.broken.text).toContain('"code":"provider_failed"')
  expect(impatient.broken.text).not.toContain('[DONE]')

  const hurried = await startFull({ patienceMs: 60_000, keepAliveMs: 20 }, { 'x-isochrone-timeout-ms': '1000' })
  expect(hurried.broken.text).toContain('"code":"deadline_exceeded"')
  const outcome = hurried.entries.find(({ request }) => request.status === 'aborted')
  expect(outcome?.request).toMatchObject({ tokensOut: 3, errorCode: 'deadline_exceeded' })
})

/** Each price within what was reserved, and so their sum: a dear node's tokens and another's prompt would not be. */
test('an answer goes on only where what was reserved still covers it', async () => {
  const prices = (input: string, output: string): Partial<NodeState> => ({
    prices: { ...testPrices, inMicroUsdPerMtok: input, cachedMicroUsdPerMtok: input, outMicroUsdPerMtok: output },
  })
  // A: all in the output. B: all in the prompt. Reserved is the dearer of the two, not the dearer part of each.
  const { url, entries } = await start(2, [brokenAfter(5)], {
    nodeStates: [prices('0', '9000000000'), prices('9000000000', '0')],
    limitMicroUsd: 10_000_000_000n,
  })
  const { text } = await streamed(url, { max_tokens: 6, routing: { exclude: [] } })
  const spent = billsOf(entries).reduce((sum, { price }) => sum + BigInt(price), 0n)
  const promptMax =
    BigInt(
      JSON.stringify({ ...ask, stream: true, stream_options: { include_usage: true }, max_tokens: 6 }).length + 64,
    ) * 9_000n
  const reserved = promptMax > 54_000n ? promptMax : 54_000n
  expect(spent).toBeLessThanOrEqual(reserved)
  expect(text.includes('[DONE]')).toBe(billsOf(entries).length === 2)
})

test('a customer who leaves while it goes on gets no further attempt', async () => {
  const { url, nodes, entries } = await start(2, [brokenAfter(2), { status: 'silent', tokens }])
  const gone = new AbortController()
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    signal: gone.signal,
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...ask, stream: true }),
  })
  const reader = response.body?.getReader()
  let text = ''
  while (!text.includes('river')) text += Buffer.from((await reader?.read())?.value ?? []).toString()
  gone.abort()
  await expect.poll(() => entries.length).toBe(1)
  expect(entries[0]?.request).toMatchObject({ status: 'aborted' })
  expect(nodes.reduce((sum, node) => sum + node.opened.length, 0)).toBe(2)
})
