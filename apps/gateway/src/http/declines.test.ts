/** A request whose node has more prompts before it than it knew of: what its customer waits and pays, and what is learned. */
import { afterEach, expect, test, vi } from 'vitest'
import type { Hex } from '@isochrone/protocol'
import { replicaStateOf } from '@isochrone/scheduler'
import { API_KEY, startFakeGateway, testPrices, type FakeGatewayOptions } from '../testing/fake-gateway.ts'
import { fakeNode, MODEL, type FakeNode, type NodeScript } from '../testing/fake-node.ts'

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

interface Declining {
  unasked?: boolean
  /** False: it lies, for nothing waits there. */
  saysSo?: boolean
  script?: NodeScript
}

/** Declines what comes with a bound, as agents do: its report first. */
function declines(node: FakeNode, { unasked = false, saysSo = true, script = {} }: Declining = {}): void {
  const openStream = node.open.bind(node)
  node.open = (header, body) => {
    const isDeclined = unasked || header.prompt?.aheadMax !== undefined
    node.script = isDeclined ? { status: 'rejected', promptsAhead: WAITING, ...script } : { tokens }
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
    earlier: [
      {
        sent: [{ attempt: 0, as: 'first', prefillAheadMax: headers()[0]?.prompt?.aheadMax, declinedBehind: WAITING }],
      },
    ],
  })
  expect(entries[0]?.request.attempts).toMatchObject([
    { outcome: 'rejected', declined: { promptsAhead: WAITING, aheadMax: headers()[0]?.prompt?.aheadMax } },
    { outcome: 'completed' },
  ])
  for (const [index, cap] of nodes.map(capOf).entries()) expect(cap).toBeGreaterThanOrEqual(before[index] ?? 0)
})

test('who names no SLO, and who allows no other node, sends no bound', async () => {
  for (const routing of [{}, { ttft_slo_ms: 5_000, allow_fallbacks: false }]) {
    const { url, headers } = await start(2)
    expect((await ask(url, routing)).status).toBe(200)
    expect(headers().map(({ prompt }) => prompt)).toEqual([{ tokens: expect.any(Number) }])
  }
})

test('where no node is asked to decline, none is told how much may wait', async () => {
  const { url, headers } = await start(2, { change: ({ serve }) => void (serve.declinesMax = 0) })
  expect((await ask(url)).status).toBe(200)
  expect(headers().map(({ prompt }) => prompt)).toEqual([{ tokens: expect.any(Number) }])
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

/** The alternates of the first decision are no better: a fresh one has looked at them too. */
test('where nobody else would be in time by then, it goes back to the node that declined, and not to an alternate', async () => {
  const { url, nodes, headers, control } = await start(3)
  const hears = (node: FakeNode): void => {
    reports(node, WAITING)
    for (const active of [false, true]) {
      const state = control.node(node.nodeId)
      if (state) control.apply(control.version + 1, { ...state, active })
    }
  }
  for (const node of nodes) {
    declines(node)
    const openStream = node.open.bind(node)
    node.open = (header, body) => {
      for (const other of nodes) if (other !== node && header.prompt?.aheadMax !== undefined) hears(other)
      return openStream(header, body)
    }
  }
  expect(await ask(url)).toEqual({ status: 200, text: 'Hello!' })
  expect(headers().map(({ prompt }) => prompt?.aheadMax !== undefined)).toEqual([true, false])
  expect(nodes.map((node) => node.opened.length).toSorted((a, b) => a - b)).toEqual([0, 0, 2])
})

test('a node that declines what it was not asked to, or whose own report says otherwise, or that is late, has refused', async () => {
  for (const [lie, routing] of [
    [{ unasked: true }, {}],
    [{ saysSo: false }, { ttft_slo_ms: 5_000 }],
    // It kept the request as long as it liked, for something better may have come.
    [{ script: { endMs: 700 } }, { ttft_slo_ms: 5_000 }],
    // What was begun was taken.
    [{ script: { tokens } }, { ttft_slo_ms: 5_000 }],
  ] as const) {
    const { url, nodes, capOf } = await start(2)
    const before = Math.min(...nodes.map(capOf))
    for (const node of nodes) declines(node, lie)
    await ask(url, routing)
    expect(Math.min(...nodes.map(capOf))).toBeLessThan(before)
  }
})

test('a node may decline as often as it serves, and some more; beyond that it has refused', async () => {
  const dear = { ...testPrices, inMicroUsdPerMtok: '9000000', outMicroUsdPerMtok: '9000000' }
  const { url, nodes, capOf, deps } = await start(2, {
    nodeStates: [{}, { prices: dear }],
    change: ({ serve, metrics }) => void (serve.events = metrics),
  })
  const picky = nodes[0] as FakeNode
  declines(picky)
  const before = capOf(picky)
  const asked: number[] = []
  while (picky.opened.length < 9 && asked.length < 100) {
    expect((await ask(url)).status).toBe(200)
    asked.push(picky.opened.length)
    if (picky.opened.length <= 8) expect(capOf(picky)).toBe(before)
  }
  expect(picky.opened.length).toBe(9)
  expect(capOf(picky)).toBeLessThan(before)
  expect((await deps.metrics.render()).body).toMatch(/declines_total 8$/m)
})

test('where the node that declined is gone by then, the request waits for a place like any other', async () => {
  const { url, nodes, control } = await start(3, { patienceMs: 5_000, nodeStates: [{}, {}, { active: false }] })
  const [one, two, late] = nodes as [FakeNode, FakeNode, FakeNode]
  const setActive = (node: FakeNode, active: boolean): void => {
    const state = control.node(node.nodeId)
    if (state) control.apply(control.version + 1, { ...state, active })
  }
  const reportsAnew = (prefillTokens: number): void => {
    setActive(late, false)
    reports(late, prefillTokens)
    setActive(late, true)
  }
  for (const node of [one, two]) {
    declines(node)
    const openStream = node.open.bind(node)
    node.open = (header, body) => {
      for (const gone of [one, two]) setActive(gone, false)
      reportsAnew(WAITING)
      setTimeout(() => reportsAnew(0), 300)
      return openStream(header, body)
    }
  }
  expect(await ask(url)).toEqual({ status: 200, text: 'Hello!' })
  expect(late.opened).toHaveLength(1)
})

/** News of a node may be a second old, and half a second is all that some have. */
test('while a request waits, nodes are asked how they are, and it goes as soon as one says that its prompts are done', async () => {
  const { url, nodes, report } = await start(3, { patienceMs: 5_000 })
  for (const node of nodes) {
    reports(node, WAITING)
    report(node)
  }
  const answer = ask(url, { ttft_slo_ms: 5_000 })
  await expect.poll(() => nodes.map(({ asked }) => asked > 0)).toEqual([true, true, true])
  expect(nodes.map(({ opened }) => opened.length)).toEqual([0, 0, 0])
  const [one] = nodes as [FakeNode]
  reports(one, 0)
  report(one)
  expect(await answer).toEqual({ status: 200, text: 'Hello!' })
  expect(one.opened).toHaveLength(1)
})

test('what was declined is on record as that, by the words of this gateway', async () => {
  const { url, nodes, entries } = await start(2)
  for (const node of nodes) declines(node, { script: { message: 'my dog is ill' } })
  await ask(url)
  const [first] = entries[0]?.request.attempts ?? []
  expect(first).toMatchObject({ outcome: 'rejected' })
  expect(first?.message).toMatch(/^declined: 1000000 prompt tokens wait there, at most \d+ may$/)
})

test('a client that leaves before the node declines is asked for nothing, and no other node is', async () => {
  const { url, nodes, entries } = await start(2)
  for (const node of nodes) declines(node, { script: { endMs: 300 } })
  const leaving = AbortSignal.timeout(100)
  await expect(
    fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        model: MODEL,
        messages: [{ role: 'user', content: 'Hi' }],
        routing: { ttft_slo_ms: 5_000 },
      }),
      signal: leaving,
    }),
  ).rejects.toThrow()
  await expect.poll(() => entries.length).toBe(1)
  expect(entries[0]?.request).toMatchObject({ status: 'aborted', attempts: [{ outcome: 'client_aborted' }] })
  expect(nodes.map((node) => node.opened.length).toSorted((a, b) => a - b)).toEqual([0, 1])
})

/** Else the more is declined, the more than one request in twenty gets a rival. */
test('a request earns its share of a hedge once, however many nodes declined it', async () => {
  const { url, nodes, headers, deps } = await start(4)
  const earned = vi.spyOn(deps.serve.hedging.budget, 'earn')
  for (const node of nodes) declines(node)
  expect((await ask(url)).status).toBe(200)
  expect([headers().length, earned.mock.calls.length]).toEqual([3, 1])
})
