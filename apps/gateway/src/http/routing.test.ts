/** Routing policies through the real HTTP surface: what a request asks for holds, in the first choice and in failover. */
import { parsePlacementRecord, replayDecision } from '@isochrone/scheduler'
import { afterEach, expect, test } from 'vitest'
import type { Hex, NodeState } from '@isochrone/protocol'
import { API_KEY, OTHER_KEY, startFakeGateway, testPrices, type FakeGatewayOptions } from '../testing/fake-gateway.ts'
import { fakeNode, MODEL, type NodeScript } from '../testing/fake-node.ts'

const open: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const gateway of open.splice(0)) await gateway.close()
})
const idOf = (n: number): Hex => `0x${n.toString(16).padStart(64, '0')}`
const hello = { tokens: ['Hel', 'lo', '!'] }

async function start(
  states: (Partial<NodeState> & { script?: NodeScript; concurrencyMax?: number })[],
  options: Partial<FakeGatewayOptions> = {},
) {
  const nodes = states.map(({ script = hello, concurrencyMax = 8 }, index) =>
    fakeNode(idOf(index + 1), script, concurrencyMax),
  )
  const nodeStates = states.map(({ script: _script, concurrencyMax: _max, ...state }) => state)
  const gateway = await startFakeGateway({
    place: { country: 'FR', region: 'local' },
    nodes,
    nodeStates,
    limitMicroUsd: 1_000_000_000n,
    ...options,
  })
  open.push(gateway)

  async function ask(
    routing?: unknown,
    more: Record<string, unknown> = {},
    init: { headers?: Record<string, string>; signal?: AbortSignal } = {},
  ) {
    const response = await fetch(`${gateway.url}/v1/chat/completions`, {
      method: 'POST',
      ...init,
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json', ...init.headers },
      body: JSON.stringify({ model: MODEL, messages: [{ role: 'user', content: 'Hi' }], routing, ...more }),
    })
    const body = (await response.json()) as {
      error?: { param: string; message: string; code: string; suggestions?: unknown[] }
      isochrone?: { node: string; placement?: unknown }
      model?: string
    }
    return { status: response.status, headers: response.headers, ...body }
  }
  /** Until the first node is asked. */
  const isBusy = () => expect.poll(() => nodes[0]?.opened.length).toBeGreaterThan(0)
  return { ...gateway, nodes, ask, isBusy }
}

const german = { country: 'DE', region: 'eu-de' }
const french = { country: 'FR', region: 'eu-fr' }

test('regions are obeyed by every request and by failover, and refused where nobody is inside', async () => {
  const { ask, nodes } = await start([german, french])
  for (const regions of [['FR'], ['eu-fr']]) {
    for (let i = 0; i < 20; i++) expect((await ask({ regions })).isochrone?.node).toBe('node_1')
  }
  const outside = await ask({ regions: ['US'] })
  expect([outside.status, outside.error?.code]).toEqual([503, 'capacity_unavailable'])
  // Waiting does not move a node.
  expect(outside.headers.get('retry-after')).toBeNull()
  expect(outside.error?.message).toContain('regions')
  expect(outside.error?.suggestions).toMatchObject([{ changes: [{ field: 'routing.regions' }], replicas: 1 }, {}])
  nodes[1]!.script = { status: 'engine_failed' }
  expect((await ask({ regions: ['FR'] })).status).toBe(502)
  expect(nodes[0]?.opened).toHaveLength(0)
})

test("a request may tighten its organisation's residency and never leave it", async () => {
  const { ask, nodes } = await start([german, french], { routing: { regions: ['FR'] } })
  for (let i = 0; i < 10; i++) expect((await ask()).isochrone?.node).toBe('node_1')
  const outside = await ask({ regions: ['DE'] })
  expect([outside.status, outside.error?.param]).toEqual([400, 'routing.regions'])
  expect(nodes[0]?.opened).toHaveLength(0)
})

test('a price cap is obeyed; one below every price is refused with the cheapest price', async () => {
  const cheap = { prices: { ...testPrices, outMicroUsdPerMtok: '1000000' } }
  const { ask } = await start([{}, cheap])
  for (let i = 0; i < 10; i++) expect((await ask({ max_price: { output: 2 } })).isochrone?.node).toBe('node_1')
  const low = await ask({ max_price: { output: 0.5 } })
  expect([low.status, low.error?.param]).toEqual([400, 'routing.max_price.output'])
  expect(low.error?.message).toContain('1.00 USD')
  const tiny = await ask({ max_price: { request: 0.000_000_1 } })
  expect([tiny.status, tiny.error?.param]).toEqual([400, 'routing.max_price.request'])
})

test('data policy, trust, GPU class and exclusions are obeyed', async () => {
  const strict = { dataPolicy: 'no_retention', trust: 'attested', gpuClass: 'H200' } as const
  const { ask } = await start([{}, strict])
  for (const routing of [
    { data_policy: 'no_training' },
    { min_trust: 'challenged' },
    { gpu_classes: ['H200'] },
    { exclude: ['node_0'] },
    { exclude: [idOf(1)] },
  ]) {
    for (let i = 0; i < 5; i++) expect((await ask(routing)).isochrone?.node).toBe('node_1')
  }
  expect((await ask({ gpu_classes: ['B200'] })).status).toBe(503)
})

test('a policy that excludes every node is refused at once, without a time and with what to take out', async () => {
  const { ask, nodes } = await start([german, french])
  const { status, headers, error } = await ask({ exclude: ['node_0', idOf(2)] })
  expect([status, error?.code]).toEqual([503, 'capacity_unavailable'])
  expect(headers.get('retry-after')).toBeNull()
  expect(headers.get('x-should-retry')).toBe('false')
  expect(error?.message).toContain('routing.exclude leaves no replica of this model: all 2 are excluded')
  expect(error?.suggestions).toMatchObject([{ changes: [{ field: 'routing.exclude' }] }, {}])
  expect(nodes.map(({ opened }) => opened.length)).toEqual([0, 0])
})

test('wrong policies are 400 and name the field', async () => {
  const { ask, nodes } = await start([{}])
  const wrong: [unknown, string][] = [
    ['price', 'routing'],
    [{ sort: 'cheapest' }, 'routing.sort'],
    [{ max_price: { output: -1 } }, 'routing.max_price.output'],
    [{ maxprice: 1 }, 'routing.maxprice'],
    [{ regions: [] }, 'routing.regions'],
    [{ sort: 'price', value_of_second_usd: 1 }, 'routing.value_of_second_usd'],
  ]
  for (const [routing, param] of wrong) {
    const { status, error } = await ask(routing)
    expect([status, error?.param]).toEqual([400, param])
  }
  expect(nodes[0]?.opened).toHaveLength(0)
})

test('the node sees neither routing nor suffix, and every other byte as it was sent', async () => {
  const { url, nodes, ask } = await start([{}])
  const text = `{"model":"${MODEL}:price", "routing":{"sort":"price"},"messages":[{"role":"user","content":"Hi"}],"seed":1.0}`
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/json' },
    body: text,
  })
  expect(answer.status).toBe(200)
  expect(await answer.json()).toMatchObject({ model: MODEL })
  expect(nodes[0]?.opened[0]).toMatchObject({
    header: { model: MODEL },
    body: `{"model":"${MODEL}","messages":[{"role":"user","content":"Hi"}],"seed":1.0}`,
  })
  const contradiction = await ask({ sort: 'latency' }, { model: `${MODEL}:price` })
  expect([contradiction.status, contradiction.error?.param]).toEqual([400, 'routing.sort'])
  expect((await ask({}, { model: `${MODEL}:fast` })).status).toBe(404)
})

test('a cheap replica serves who asks for price, a fast one who asks for latency', async () => {
  const dear = { prices: { ...testPrices, inMicroUsdPerMtok: '20000000', outMicroUsdPerMtok: '30000000' } }
  // Slow enough that a busy machine's worst first answer from the fast one is still taken for faster (see `OUTLIER`).
  const { ask } = await start([{ script: { ...hello, tokenMs: 90 } }, dear], { routing: { sort: 'latency' } })
  const share = async (model: string) => {
    let served = 0
    for (let i = 0; i < 12; i++) if ((await ask(undefined, { model })).isochrone?.node === 'node_0') served++
    return served
  }
  await share(MODEL)
  expect(await share(`${MODEL}:price`)).toBeGreaterThanOrEqual(10)
  expect(await share(`${MODEL}:latency`)).toBeLessThanOrEqual(2)
})

test('without fallbacks a failure is the answer, and no other node is asked', async () => {
  const failing = { script: { status: 'engine_failed' as const } }
  const { ask, nodes } = await start([failing, failing])
  expect((await ask({ allow_fallbacks: false })).status).toBe(502)
  expect(nodes.reduce((sum, node) => sum + node.opened.length, 0)).toBe(1)
})

test('the record that explain returns replays to the same choice, bit for bit', async () => {
  const { ask } = await start([{}, { prices: { ...testPrices, outMicroUsdPerMtok: '2500000' } }, french])
  for (let i = 0; i < 5; i++) {
    const { isochrone } = await ask(
      { sort: 'balanced', regions: ['EU'] },
      {},
      { headers: { 'x-isochrone-explain': '1' } },
    )
    const record = parsePlacementRecord(isochrone?.placement)
    expect(record).toMatchObject({ poolSize: 3, choice: expect.any(String) })
    expect(replayDecision(record).differences).toEqual([])
  }
})

test('what is written of the request is the same record, and replays too', async () => {
  const { ask, entries } = await start([{}, { prices: { ...testPrices, outMicroUsdPerMtok: '2500000' } }, french])
  const { isochrone } = await ask({}, {}, { headers: { 'x-isochrone-explain': '1' } })
  const written = entries[0]?.request.placement
  expect(JSON.stringify(written).length).toBeLessThan(0.8 * JSON.stringify(isochrone?.placement).length)
  const record = parsePlacementRecord(JSON.parse(JSON.stringify(written)))
  expect(record.sampled).toEqual(parsePlacementRecord(isochrone?.placement).sampled)
  expect(replayDecision(record).differences).toEqual([])
})

test('so does the record of a prompt whose beginning is known, which decides among equals', async () => {
  const busy = { script: { tokens: ['a', 'b'], tokenMs: 400 } }
  const { ask } = await start([busy, busy, busy])
  const messages = [{ role: 'user', content: 'A beginning that is long enough for a block of it. '.repeat(40) }]
  const explained = { headers: { 'x-isochrone-explain': '1' } }
  const answers = await Promise.all(Array.from({ length: 9 }, () => ask({ sort: 'price' }, { messages }, explained)))
  for (const { isochrone } of answers) {
    const record = parsePlacementRecord(isochrone?.placement)
    expect(record.request.prefixHashes.length).toBeGreaterThan(0)
    expect(record.request.prefixHashes.every((hash) => hash === 0)).toBe(true)
    expect(replayDecision(record).differences).toEqual([])
  }
})

test('when no place comes in time, the answer is 503 with an honest Retry-After and what would help', async () => {
  const slow = { ...hello, tokenMs: 700 }
  const { ask, room, isBusy } = await start([{ concurrencyMax: 1, script: slow }], { patienceMs: 100 })
  const first = ask()
  await isBusy()
  const asked = performance.now()
  const second = await ask()
  expect(performance.now() - asked).toBeGreaterThanOrEqual(90)
  expect([second.status, second.error?.code]).toEqual([503, 'capacity_unavailable'])
  expect(Number(second.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
  expect(second.error?.suggestions).toMatchObject([{ changes: [{ field: 'wait', value: expect.any(Number) }] }])
  expect((await first).status).toBe(200)
  expect(room.size).toBe(0)
})

test('a target that nobody can keep is refused after that time, not after ten seconds', async () => {
  const { ask, isBusy } = await start([{ concurrencyMax: 1, script: { ...hello, tokenMs: 1_000 } }])
  const first = ask()
  await isBusy()
  const asked = performance.now()
  const refused = await ask({ ttft_slo_ms: 60 })
  expect(performance.now() - asked).toBeLessThan(3_000)
  expect(refused.status).toBe(503)
  expect((await first).status).toBe(200)
})

test('a customer who leaves while waiting leaves the queue, and the place goes to the next one', async () => {
  const slow = { ...hello, tokenMs: 500 }
  const { ask, room, nodes, entries, isBusy } = await start([{ concurrencyMax: 1, script: slow }])
  const first = ask()
  await isBusy()
  const gone = new AbortController()
  const left = ask({}, {}, { signal: gone.signal }).catch(() => 'left')
  await expect.poll(() => room.size).toBe(1)
  gone.abort()
  await expect.poll(() => room.size).toBe(0)
  expect(await left).toBe('left')
  expect((await first).status).toBe(200)
  expect((await ask()).status).toBe(200)
  expect(nodes[0]?.opened).toHaveLength(2)
  expect(entries.map(({ request }) => request.status).toSorted()).toEqual(['aborted', 'succeeded', 'succeeded'])
})

test('a node that links serves who waits at once', async () => {
  const slow = { ...hello, tokenMs: 700 }
  const { ask, room, link, nodes, control, isBusy } = await start([{ concurrencyMax: 1, script: slow }])
  const first = ask()
  await isBusy()
  const second = ask()
  await expect.poll(() => room.size).toBe(1)
  const fresh = fakeNode(idOf(2), hello)
  control.apply(2, { ...control.node(nodes[0]!.nodeId)!, nodeId: fresh.nodeId, id: 'node_1', failureDomain: 'b' })
  link(fresh)
  expect((await second).isochrone?.node).toBe('node_1')
  expect((await first).status).toBe(200)
})

test('who can only go where all is busy holds up nobody of its own organisation', async () => {
  const busy = { ...german, concurrencyMax: 1, script: { ...hello, tokenMs: 700 } }
  const { ask, room, isBusy } = await start([busy, french])
  const first = ask({ regions: ['DE'] })
  await isBusy()
  const waiting = ask({ regions: ['DE'] })
  await expect.poll(() => room.size).toBe(1)
  expect((await ask()).isochrone?.node).toBe('node_1')
  // Who came before still waits.
  expect(room.size).toBe(1)
  expect((await first).isochrone?.node).toBe('node_0')
  expect((await waiting).isochrone?.node).toBe('node_0')
})

test('who sends a burst does not hold up another organisation', async () => {
  const { ask, room } = await start([{ concurrencyMax: 2, script: { ...hello, tokenMs: 25 } }])
  // How long answers are is known by then: turns go by that.
  for (let i = 0; i < 8; i++) await ask()
  const order: string[] = []
  const from = (name: string, key: string) =>
    ask({}, {}, { headers: { authorization: `Bearer ${key}` } }).then(({ status }) => order.push(`${name} ${status}`))
  const burst = Array.from({ length: 40 }, () => from('burst', API_KEY))
  await expect.poll(() => room.size).toBeGreaterThanOrEqual(20)
  const before = order.length
  const small = Array.from({ length: 5 }, () => from('small', OTHER_KEY))
  await Promise.all([...burst, ...small])
  expect(order.every((line) => line.endsWith('200'))).toBe(true)
  // Served in turns: the five are through long before the burst is.
  expect(order.lastIndexOf('small 200') - before).toBeLessThan(20)
})

test('a cap below every price that the other constraints leave is 400 at once, and an exclusion counts', async () => {
  const cheap = { ...french, prices: { ...testPrices, outMicroUsdPerMtok: '1000000' } }
  const { ask } = await start([german, cheap])
  for (const rest of [{ regions: ['DE'] }, { exclude: ['node_1'] }]) {
    const { status, error } = await ask({ ...rest, max_price: { output: 1.5 } })
    expect([status, error?.param]).toEqual([400, 'routing.max_price.output'])
  }
})

test('nothing is suggested that the organisation forbids; who can change it is named', async () => {
  const { ask } = await start([german], { routing: { regions: ['FR'] } })
  const { status, error } = await ask()
  expect([status, error?.suggestions]).toEqual([503, []])
  expect(error?.message).toContain("Your organisation's policy allows only FR; an owner can change it.")
})

test('a lease obeys the policy of a request, but for caps on prices, because its time is paid for', async () => {
  const { ask, control } = await start([german, french])
  const leaseId = `lease_${'1'.repeat(32)}`
  control.apply(2, { kind: 'lease', leaseId, orgId: 'org_1', model: MODEL, nodeId: idOf(1), active: true })
  const leased = (routing: unknown) => ask(routing, { model: leaseId })
  expect((await leased({ regions: ['DE'], max_price: { output: 0.5 } })).status).toBe(200)
  const outside = await leased({ regions: ['FR'] })
  expect(outside.status).toBe(403)
  expect(outside.error?.message).toContain('outside residency')
})
