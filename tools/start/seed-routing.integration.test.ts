/** The default routing policy: who may set it, what is refused and why, what it leaves, and that gateways hear of it. */
import { apiErrorOf, type ApiCaller } from '@isochrone/api'
import { redisKeys, type NodeLiveness } from '@isochrone/protocol'
import { loadControlSnapshot, type RoutingJson } from '@isochrone/services'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoPassword, seed } from './seed.ts'
import { startTestControlPlane, type TestControlPlane } from './seed/test-control-plane.ts'

let plane: TestControlPlane
let team: ApiCaller
const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (thrown: unknown) => apiErrorOf(thrown),
  )

beforeAll(async () => {
  plane = await startTestControlPlane()
  await seed(plane.ctx)
  team = await plane.as(await plane.signIn('team@isochrone.test', demoPassword))
  await plane.db.node.updateMany({ data: { status: 'active' } })
  for (const row of await plane.store.providers.nodes()) {
    // One of them was heard of long ago.
    const live = livenessOf(row.nodeId, row.name === 'aurora-2' ? 1 : Date.now())
    await plane.redis.hset(redisKeys.nodes, row.nodeId, JSON.stringify(live))
  }
})
afterAll(() => plane?.stop())

function livenessOf(nodeId: string, seenAtMs: number): NodeLiveness {
  return {
    nodeId,
    lane: `0x${'1'.repeat(64)}`,
    gatewayUrl: 'http://127.0.0.1:4001',
    seenAtMs,
    linkedSinceMs: seenAtMs,
    hardware: 'a CPU',
    models: [],
    concurrencyMax: 8,
    activeStreams: 0,
    queuedStreams: 0,
    rttMs: 9,
    simulatedRttMs: null,
    ttftP50Ms: null,
    ttftP95Ms: null,
    tokensPerSecond: null,
    estimate: null,
  }
}

test('a policy is kept as it was written, reaches the control stream, and is taken back', async () => {
  expect((await team.organisation.routing()).routing).toEqual({})
  const routing = { sort: 'price', regions: ['DE'], max_price: { output: 0.9, input: null }, gpu_classes: null }
  const kept = { sort: 'price', regions: ['DE'], max_price: { output: 0.9 } }
  expect((await team.organisation.setRouting({ routing })).routing).toEqual(kept)
  expect((await team.organisation.routing()).routing).toEqual(kept)
  const [newest] = await plane.redis.xrevrange(redisKeys.control, '+', '-', 'COUNT', 1)
  expect(JSON.parse(newest?.[1][1] ?? '{}')).toMatchObject({ state: { name: 'Acme Research', routing: kept } })
  const { states } = await loadControlSnapshot(plane.store)
  expect(states.find((state) => state.kind === 'organisation' && state.name === 'Acme Research')).toMatchObject({
    routing: kept,
  })
  expect((await team.organisation.setRouting({ routing: {} })).routing).toEqual({})
})

test.each([
  [{ sort: 'cheap' }, 'routing.sort', /price/],
  [{ sort: 'price', value_of_second_usd: 1 }, 'routing.value_of_second_usd', /contradicts/],
  [{ maxPrice: {} }, 'routing.maxPrice', /max_price/],
  [{ max_price: { output: -1 } }, 'routing.max_price.output', /negative/],
  [
    { max_price: { output: 0.000001 } },
    'routing.max_price.output',
    /^routing.max_price.output 0.000001 USD is below the lowest price on offer, 0.058 USD \(node 0x\w+\)\.$/,
  ],
  [
    { regions: ['NL'], max_price: { output: 0.059 } },
    'routing.max_price.output',
    /below the lowest price on offer inside the other constraints, 0\.\d+ USD/,
  ],
  [
    { regions: ['NL'], gpu_classes: ['B200'] },
    'routing.regions',
    /^routing.regions and gpu_classes are each possible, but no replica fits all of them\.$/,
  ],
  [{ gpu_classes: ['L40S'] }, 'routing.gpu_classes', /L40S is offered by no replica; there are /],
  [{ max_price: { request: 0.000_000_1 } }, 'routing.max_price.request', /worst case of even the smallest request/],

  [{ regions: ['Mars!'] }, 'routing.regions.0', /not a region/],
  [{ exclude: ['node_nobody'] }, 'routing.exclude.0', /no node and no provider/],
  [{ ttft_slo_ms: 0 }, 'routing.ttft_slo_ms', /more than 0/],
])('%j is refused, naming the field', async (routing, field, message) => {
  const error = await refusal(team.organisation.setRouting({ routing }))
  expect(error).toMatchObject({ code: 'invalid_input', field })
  expect(error?.publicMessage).toMatch(message)
  expect((await team.organisation.routing()).routing).toEqual({})
})

test('what a policy leaves of the market is counted, and every other node has its reason', async () => {
  const out = async (routing: RoutingJson) => {
    const { nodes, total, eligible } = await team.organisation.previewRouting({ routing })
    return {
      total,
      eligible,
      out: Object.fromEntries(nodes.flatMap((node) => (node.out ? [[node.name, node.out]] : []))),
    }
  }
  expect(await out({})).toEqual({ total: 5, eligible: 4, out: { 'aurora-2': 'offline' } })
  expect(await out({ regions: ['EU'] })).toMatchObject({
    eligible: 2,
    out: { 'aurora-3': 'outside_residency', 'borealis-b200': 'outside_residency', 'aurora-2': 'offline' },
  })
  expect(await out({ gpu_classes: ['H200', 'B200'] })).toMatchObject({ eligible: 2 })
  expect((await out({ data_policy: 'no_retention' })).out).toMatchObject({ 'aurora-3': 'data_policy' })
  expect((await out({ max_price: { output: 0.1 } })).out).toMatchObject({ 'borealis-b200': 'over_price_cap' })
  expect(await out({ min_trust: 'attested' })).toMatchObject({ eligible: 0, out: { 'aurora-1': 'trust' } })
})

test('a default that excludes everybody is refused; a promise that nobody keeps yet is saved', async () => {
  const { setRouting } = team.organisation
  const nodes = await plane.store.providers.nodes()
  for (const exclude of [nodes.map(({ id }) => id), [...new Set(nodes.map(({ providerId }) => providerId))]]) {
    expect(await refusal(setRouting({ routing: { exclude } }))).toMatchObject({
      code: 'invalid_input',
      field: 'routing.exclude',
      publicMessage: 'routing.exclude leaves no replica: all 5 are excluded, by node or by provider.',
    })
  }
  const promises: RoutingJson[] = [{ regions: ['DE'], min_trust: 'attested' }, { data_policy: 'no_retention' }]
  for (const routing of promises) {
    expect((await setRouting({ routing })).routing).toEqual(routing)
  }
  expect(await refusal(setRouting({ routing: { regions: ['DE'], max_price: { output: 0.01 } } }))).toMatchObject({
    field: 'routing.max_price.output',
  })
  await setRouting({ routing: {} })
})

test('a market without nodes refuses no default', async () => {
  await plane.db.node.updateMany({ data: { status: 'joining' } })
  const routing = { max_price: { output: 0.000_001 }, gpu_classes: ['L40S'] }
  expect((await team.organisation.setRouting({ routing })).routing).toEqual(routing)
  await team.organisation.setRouting({ routing: {} })
  await plane.db.node.updateMany({ data: { status: 'active' } })
})

test('a policy that leaves nobody is told the smallest changes that would help', async () => {
  const { eligible, changes } = await team.organisation.previewRouting({ routing: { regions: ['DE'] } })
  expect(eligible).toBe(0)
  expect(changes.join()).toMatch(/allow (NL|US) in regions/)
  const all = await team.organisation.previewRouting({ routing: {} })
  expect(all.changes).toEqual([])
})

test('an id as pages show it is kept as placement compares it', async () => {
  const [node] = await plane.store.providers.nodes()
  const { routing } = await team.organisation.setRouting({ routing: { exclude: [node?.id ?? ''] } })
  expect(routing).toEqual({ exclude: [node?.nodeId] })
  const preview = await team.organisation.previewRouting({ routing })
  expect(preview.nodes.find(({ id }) => id === node?.id)?.out).toBe('excluded')
  await team.organisation.setRouting({ routing: {} })
})

/** A form that was opened before a colleague kept prompts in one country must not let them out again. */
test('a stale tab takes back nothing that was saved meanwhile, and a lost answer is asked for again', async () => {
  const { setRouting } = team.organisation
  const { routing: seen } = await team.organisation.routing()
  await setRouting({ routing: { regions: ['DE'] }, seen })
  expect(await refusal(setRouting({ routing: { sort: 'price' }, seen }))).toMatchObject({
    code: 'state_conflict',
    publicMessage: expect.stringContaining('load the page again'),
  })
  expect((await team.organisation.routing()).routing).toEqual({ regions: ['DE'] })
  // The same form once more: it is saved already.
  expect((await setRouting({ routing: { regions: ['DE'] }, seen })).routing).toEqual({ regions: ['DE'] })
  expect(
    (await setRouting({ routing: { sort: 'price', regions: ['DE'] }, seen: { regions: ['DE'] } })).routing,
  ).toEqual({
    sort: 'price',
    regions: ['DE'],
  })
  // The order in which a policy says things is not what it says.
  const now = { regions: ['DE'], sort: 'price' }
  const tabs = ['latency', 'throughput', 'price'].map((sort) => setRouting({ routing: { sort }, seen: now }))
  const saved = (await Promise.allSettled(tabs)).filter(({ status }) => status === 'fulfilled')
  expect(saved).toHaveLength(1)
  await setRouting({ routing: {} })
})

test("another organisation's policy is its own", async () => {
  const provider = await plane.as(await plane.signIn('provider@isochrone.test', demoPassword))
  await team.organisation.setRouting({ routing: { sort: 'latency' } })
  expect((await provider.organisation.routing()).routing).toEqual({})
  await team.organisation.setRouting({ routing: {} })
})
