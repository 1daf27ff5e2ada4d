/** A request whose node has more prompts before it than it knew of: what its customer waits and pays, and what is learned. */
import { afterEach, expect, test } from 'vitest'
import type { Hex } from '@isochrone/protocol'
import { replicaStateOf } from '@isochrone/scheduler'
import { API_KEY, startFakeGateway, type FakeGatewayOptions } from '../testing/fake-gateway.ts'
import { fakeNode, MODEL, type FakeNode } from '../testing/fake-node.ts'

const open: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close()
})
const idOf = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`
const tokens = ['Hel', 'lo', '!']
const WAITING = 1_000_000

/** Says that so many prompt tokens wait there. */
function reports(node: FakeNode, prefillTokens: number): void {
  const load = { activeStreams: 0, queuedStreams: 0, tokensPerSecond: 0, draining: false }
  node.reported = { ...load, prefillTokens, ownAtHeartbeat: 0, atMs: Date.now() }
}

/** Declines what comes with a bound, as agents do: its report first. `saysSo` false: it lies, for nothing waits there. */
function declines(node: FakeNode, { unasked = false, saysSo = true } = {}): void {
  const openStream = node.open.bind(node)
  node.open = (header, body) => {
    const isDeclined = unasked || header.prompt?.aheadMax !== undefined
    node.script = isDeclined ? { status: 'rejected', promptsAhead: WAITING } : { tokens }
    if (isDeclined) reports(node, saysSo ? WAITING : 0)
    return openStream(header, body)
  }
}

async function start(count: number, options: Partial<FakeGatewayOptions> = {}) {
  const nodes = Array.from({ length: count }, (_, index) => fakeNode(idOf(index + 1), { tokens }))
  const gateway = await startFakeGateway({ nodes, patienceMs: 200, ...options })
  open.push(gateway)
  const capOf = (node: FakeNode): number => {
    const pool = gateway.fleet.pool(MODEL)
    return pool ? replicaStateOf(pool, pool.slotOf(node.nodeId) ?? -1).streamsMax : Number.NaN
  }
  const headers = () => {
    const opened = nodes.flatMap((node) => node.opened.map(({ header }) => header))
    return opened.toSorted((a, b) => a.attempt - b.attempt)
  }
  return { ...gateway, nodes, capOf, headers }
}

async function ask(url: string, routing: object = { ttft_slo_ms: 5_000 }): Promise<{ status: number; text: string }> {
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'Hi' }], routing }),
  })
  const answer = (await response.json()) as { choices?: { message: { content: string } }[] }
  return { status: response.status, text: answer.choices?.[0]?.message.content ?? '' }
}

test('a node that declines costs a round trip: the answer comes from another one, is billed once, and nothing is held against it', async () => {
  const { url, nodes, entries, headers, capOf } = await start(2)
  const before = nodes.map(capOf)
  for (const node of nodes) declines(node)
  expect(await ask(url)).toEqual({ status: 200, text: 'Hello!' })
  expect(nodes.map((node) => node.opened.length)).toEqual([1, 1])
  // Where there is nowhere else to go there is no bound.
  expect(headers().map(({ attempt, prompt }) => [attempt, prompt])).toEqual([
    [0, { tokens: expect.any(Number), aheadMax: expect.any(Number) }],
    [1, { tokens: expect.any(Number) }],
  ])
  expect(entries[0]?.receipts.map(({ delivery }) => delivery.price)).toEqual(['0', '19'])
  // What each attempt was told is on record with the decision that sent it.
  expect(entries[0]?.request.placement).toMatchObject({
    sent: [{ attempt: 1, as: 'failover' }],
    earlier: [{ sent: [{ attempt: 0, as: 'first', prefillAheadMax: headers()[0]?.prompt?.aheadMax }] }],
  })
  for (const [index, cap] of nodes.map(capOf).entries()) expect(cap).toBeGreaterThanOrEqual(before[index] ?? 0)
})

test('who names no SLO, and who allows no other node, sends no bound', async () => {
  for (const routing of [{}, { ttft_slo_ms: 5_000, allow_fallbacks: false }]) {
    const { url, headers } = await start(2)
    expect((await ask(url, routing)).status).toBe(200)
    expect(headers().map(({ prompt }) => prompt)).toEqual([{ tokens: expect.any(Number) }])
  }
})

test('two nodes may decline one request: the third takes it, and failures still have their attempts', async () => {
  const { url, nodes, headers } = await start(4)
  for (const node of nodes) declines(node)
  expect(await ask(url)).toEqual({ status: 200, text: 'Hello!' })
  expect(headers().map(({ prompt }) => prompt?.aheadMax !== undefined)).toEqual([true, true, false])
})

test('where there is nowhere else by then, the node that declined takes it after all', async () => {
  const { url, nodes, headers, control } = await start(2)
  for (const node of nodes) {
    declines(node)
    const openStream = node.open.bind(node)
    node.open = (header, body) => {
      for (const other of nodes) {
        const state = control.node(other.nodeId)
        if (other !== node && state) control.apply(control.version + 1, { ...state, active: false })
      }
      return openStream(header, body)
    }
  }
  expect(await ask(url)).toEqual({ status: 200, text: 'Hello!' })
  expect(headers().map(({ prompt }) => prompt?.aheadMax !== undefined)).toEqual([true, false])
  expect(nodes.map((node) => node.opened.length).toSorted((a, b) => a - b)).toEqual([0, 2])
})

test('a node that declines what it was not asked to, or whose own report says otherwise, has refused', async () => {
  for (const [lie, routing] of [
    [{ unasked: true }, {}],
    [{ saysSo: false }, { ttft_slo_ms: 5_000 }],
  ] as const) {
    const { url, nodes, capOf } = await start(2)
    const before = Math.min(...nodes.map(capOf))
    for (const node of nodes) declines(node, lie)
    await ask(url, routing)
    expect(Math.min(...nodes.map(capOf))).toBeLessThan(before)
  }
})
