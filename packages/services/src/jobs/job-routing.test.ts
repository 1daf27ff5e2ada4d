/** Queued jobs obey the routing policy of their body and of their organisation, and go nowhere that is draining. */
import { manualClock } from '@isochrone/domain'
import {
  bytes32Of,
  type DispatchRequest,
  type DispatchResponse,
  type NodeLiveness,
  type NodeState,
} from '@isochrone/protocol'
import { expect, test } from 'vitest'
import type { QueuedJobRow } from '../ports/job-store.ts'
import { createJobFleet } from './job-fleet.ts'
import { placementMemoryOf, withTry } from './placement-memory.ts'
import { type JobLook } from './conclude-job.ts'
import { runJob } from './run-job.ts'

const clock = manualClock()

function nodeOf(name: string, more: Partial<NodeState> = {}): NodeState {
  return {
    kind: 'node',
    nodeId: bytes32Of(name),
    id: `node_${name}`,
    name,
    providerId: bytes32Of('provider'),
    providerName: 'p',
    providerOrgId: 'org_p',
    active: true,
    termsHash: bytes32Of('terms'),
    terms: {},
    termsDocument: {},
    prices: {
      inMicroUsdPerMtok: '1000000',
      cachedMicroUsdPerMtok: '1000000',
      outMicroUsdPerMtok: '2000000',
      inMicroUsdPerGb: '0',
      outMicroUsdPerGb: '0',
    },
    region: 'local',
    failureDomain: name,
    country: 'DE',
    simulated: false,
    gpuClass: 'CPU',
    trust: 'claimed',
    dataPolicy: 'any',
    tier: 'regional',
    ...more,
  }
}

function livenessOf(state: NodeState, more: Partial<NodeLiveness> = {}): NodeLiveness {
  const model = {
    model: 'm',
    modelHash: bytes32Of('m'),
    contextTokensMax: 4_096,
    quantisation: 'f16',
    simulated: false,
  }
  return {
    nodeId: state.nodeId,
    lane: bytes32Of('lane'),
    gatewayUrl: 'http://127.0.0.1:1',
    seenAtMs: clock.nowMs(),
    linkedSinceMs: 0,
    hardware: 'cpu',
    models: [model],
    concurrencyMax: 4,
    activeStreams: 0,
    queuedStreams: 0,
    rttMs: 1,
    simulatedRttMs: null,
    ttftP50Ms: null,
    ttftP95Ms: null,
    tokensPerSecond: null,
    estimate: null,
    ...more,
  }
}

interface World {
  states: NodeState[]
  /** Null: it is not linked. */
  live?: Partial<Record<string, Partial<NodeLiveness> | null>>
  routing?: unknown
  organisation?: unknown
  body?: object
  response?: Partial<DispatchResponse>
  kind?: QueuedJobRow['kind']
  /** It was dispatched before, to a node of that name. */
  before?: string
}

/** One look at a job with that routing; the names of the nodes that it was dispatched to. */
async function look({
  states,
  live = {},
  routing,
  organisation = {},
  body = {},
  response = {},
  kind = 'queued',
  before,
}: World) {
  const dispatched: DispatchRequest[] = []
  const ends: { status: string; error: string | null; httpStatus: number | null }[] = []
  const requeued: unknown[] = []
  const urls: string[] = []
  const job: QueuedJobRow = {
    id: 'job_1',
    orgId: 'org_1',
    keyId: null,
    requestId: 'req_0000000a',
    kind,
    path: '/v1/chat/completions',
    model: 'm',
    source: null,
    gatewayUrl: before === undefined ? null : 'http://127.0.0.1:1',
    retryOf: null,
    batchId: null,
    dispatchedAt: null,
    erasedAt: null,
    body: { model: 'm', messages: [], max_tokens: 10, ...body, ...(routing !== undefined && { routing }) },
    status: 'running',
    attempts: 8,
    attemptsMax: 8,
    placement:
      before === undefined
        ? null
        : withTry(placementMemoryOf(null), null, { attempt: 1, nodeId: bytes32Of(before), atMs: 0 }),
    answer: null,
    httpStatus: null,
    error: null,
    deadlineAt: null,
    createdAt: new Date(0),
    startedAt: null,
    finishedAt: null,
  }
  const result: JobLook = await runJob(
    {
      jobs: {
        start: async () => job,
        place: async () => true,
        requeue: async (_id, { attempted, error, unpin = false }) => void requeued.push({ attempted, error, unpin }),
        finish: async (_id, { status, error, httpStatus }) => ends.push({ status, error, httpStatus }) > 0,
      },
      fleet: {
        nodes: async () => ({
          states,
          liveness: new Map(
            states
              .filter(({ name }) => live[name] !== null)
              .map((state) => [state.nodeId, livenessOf(state, live[state.name] ?? {})]),
          ),
        }),
        routing: async () => organisation,
        gateways: async () => gateways,
        isRevoked: async () => false,
      },
      gateway: {
        gatewayFor: (_id, mayServe = () => true) => gateways.map(({ url }) => url).find(mayServe) ?? null,
        dispatch: async (url, request) => {
          dispatched.push(request)
          urls.push(url)
          return { outcome: 'answered', httpStatus: 200, answer: {}, message: null, ...response }
        },
      },
      pools: createJobFleet(),
      clock,
    },
    'job_1',
  )
  const names = dispatched.map(({ nodeId }) => states.find((state) => state.nodeId === nodeId)?.name)
  return { result, names, ends, requeued, urls }
}

/** The first of them takes every job that it may. */
const gateways = [
  { url: 'http://127.0.0.1:1', country: 'US', region: 'us-east' },
  { url: 'http://127.0.0.1:2', country: 'DE', region: 'eu-de' },
  { url: 'http://127.0.0.1:3', country: '', region: '' },
]
const german = nodeOf('german')
const french = nodeOf('french', { country: 'FR' })
const cheap = nodeOf('cheap', { prices: { ...german.prices, outMicroUsdPerMtok: '100' } })

test('regions, price caps, data policies and exclusions hold for queued work too', async () => {
  const states = [german, french]
  expect((await look({ states, routing: { regions: ['FR'] } })).names).toEqual(['french'])
  expect((await look({ states, organisation: { regions: ['DE'] } })).names).toEqual(['german'])
  expect((await look({ states, routing: { regions: ['US'] } })).names).toEqual([])
  expect((await look({ states: [german, cheap], routing: { max_price: { output: 0.01 } } })).names).toEqual(['cheap'])
  expect((await look({ states: [german], routing: { max_price: { request: 0.000_001 } } })).names).toEqual([])
  expect((await look({ states, routing: { data_policy: 'no_retention' } })).names).toEqual([])
  expect((await look({ states, routing: { exclude: ['node_german'] } })).names).toEqual(['french'])
})

test('a node that drains, is full or rests after failures takes no job', async () => {
  const states = [german, french]
  expect((await look({ states, live: { german: { draining: true } } })).names).toEqual(['french'])
  expect((await look({ states, live: { german: { activeStreams: 4 } } })).names).toEqual(['french'])
  const resting = { breakerOpenUntilMs: clock.nowMs() + 5_000 }
  expect((await look({ states, live: { german: resting, french: resting } })).names).toEqual([])
})

test('a node whose checks have failed takes no job', async () => {
  expect((await look({ states: [{ ...german, barred: true }, french] })).names).toEqual(['french'])
  expect((await look({ states: [{ ...german, barred: true }] })).names).toEqual([])
})

test('policies that contradict each other end the job with the reason, and nothing is dispatched', async () => {
  const { names, ends } = await look({
    states: [german],
    routing: { regions: ['FR'] },
    organisation: { regions: ['DE'] },
  })
  expect(names).toEqual([])
  expect(ends).toMatchObject([{ status: 'failed', error: expect.stringContaining('routing.regions') }])
})

test("a gateway's refusal for want of capacity is no attempt and nothing against the node, however often it comes", async () => {
  const refused = { outcome: 'retry', httpStatus: 503, message: 'busy' } as const
  const { result, ends, requeued } = await look({ states: [german], response: refused })
  expect(requeued).toEqual([{ attempted: false, error: 'busy', unpin: true }])
  expect([result.kind, ends]).toEqual(['again', []])
  const failed = await look({ states: [german], response: { ...refused, httpStatus: 502 } })
  expect(failed.ends).toMatchObject([{ status: 'failed' }])
})

test('a prompt that may fit goes to a node: only the least number of its tokens makes it too long', async () => {
  expect((await look({ states: [german], body: { user: 'a'.repeat(20_000) } })).names).toEqual(['german'])
  expect((await look({ states: [german], body: { user: 'a'.repeat(200_000) } })).names).toEqual([])
})

test('what no engine inside the policy could serve is refused with the reason, and waits while an absent node may', async () => {
  const long = { user: 'a'.repeat(200_000) }
  const tools = { tools: [{ type: 'function', function: { name: 'f' } }] }
  const text = { models: [{ ...livenessOf(german).models[0]!, features: ['chat' as const] }] }
  const cases = [
    [{ body: long }, 'longer than the context of every node'],
    [{ body: { max_tokens: 4_097 } }, 'longer than the context of every node'],
    [{ body: tools, live: { german: text } }, 'can do what it asks for: chat, tools'],
    // One that could is outside the policy.
    [{ body: tools, live: { german: text }, states: [german, french], routing: { regions: ['DE'] } }, 'chat, tools'],
  ] satisfies [Partial<Parameters<typeof look>[0]>, string][]
  for (const [world, reason] of cases) {
    const { result, names, ends } = await look({ states: [german], ...world })
    expect([result.kind, names]).toEqual(['done', []])
    expect(ends).toMatchObject([{ status: 'failed', httpStatus: 400, error: expect.stringContaining(reason) }])
  }
  const away = await look({ states: [german, french], live: { french: null }, body: long })
  expect([away.result.kind, away.ends]).toEqual(['again', []])
  const outside = await look({
    states: [german, french],
    live: { french: null },
    body: long,
    routing: { regions: ['DE'] },
  })
  expect(outside.ends).toMatchObject([{ status: 'failed', httpStatus: 400 }])
  // That every place is taken is no reason.
  const busy = await look({ states: [german], live: { german: { activeStreams: 4 } } })
  expect([busy.result.kind, busy.ends]).toEqual(['again', []])
})

test('what no node of the marketplace fits is refused with the reason; what an absent one would fit waits', async () => {
  const cases: [object, string][] = [
    [{ max_price: { output: 0.01 } }, 'routing.max_price.output 0.01 USD is below the lowest price on offer'],
    [{ max_price: { request: 0.000_001 } }, 'routing.max_price.request'],
    [{ regions: ['US'] }, 'routing.regions US has no replica of this model'],
    [{ min_trust: 'attested' }, 'routing.min_trust attested is reached by no replica'],
    [{ exclude: ['node_german'] }, 'routing.exclude leaves no replica of this model'],
    [{ exclude: [german.providerId] }, 'routing.exclude leaves no replica of this model'],
  ]
  for (const kind of ['queued', 'background', 'batch'] as const) {
    for (const [routing, reason] of cases) {
      const { result, names, ends } = await look({ states: [german], routing, kind })
      expect([result.kind, names]).toEqual(['done', []])
      expect(ends).toMatchObject([{ status: 'failed', httpStatus: 400, error: expect.stringContaining(reason) }])
    }
  }
  for (const away of [cheap, nodeOf('american', { country: 'US', trust: 'attested' })]) {
    const routing = away === cheap ? cases[0]?.[0] : cases[2]?.[0]
    const { result, ends, requeued } = await look({ states: [german, away], live: { [away.name]: null }, routing })
    expect([result.kind, ends]).toEqual(['again', []])
    expect(requeued).toMatchObject([{ attempted: false, error: expect.stringContaining('no node for m') }])
  }
  const exclude = { exclude: ['node_german'] }
  const { result, ends } = await look({ states: [german, french], live: { french: null }, routing: exclude })
  expect([result.kind, ends]).toEqual(['again', []])
})

test('what a gateway may have answered already is asked for before it is refused', async () => {
  const world = { states: [german], routing: { regions: ['US'] }, before: 'american' }
  const answered = await look(world)
  expect(answered.ends).toMatchObject([{ status: 'succeeded' }])
  const not = { outcome: 'retry', httpStatus: 503, message: 'it was not answered here' } as const
  const { result, ends } = await look({ ...world, response: not })
  expect([result.kind, ends]).toMatchObject(['done', [{ status: 'failed', httpStatus: 400 }]])
})

test('a job goes to a gateway inside its organisation, waits where there is none, and leaves one that is outside by now', async () => {
  const states = [german, french]
  const [outside, inside] = gateways.map(({ url }) => url)
  expect((await look({ states })).urls).toEqual([outside])
  for (const regions of [['DE'], ['EU'], ['DE/eu-de']]) {
    const { urls, ends } = await look({ states: [nodeOf('german', { region: 'eu-de' })], organisation: { regions } })
    expect([urls, ends]).toMatchObject([[inside], [{ status: 'succeeded' }]])
  }
  const none = await look({ states, organisation: { regions: ['FR'] } })
  expect([none.urls, none.ends]).toEqual([[], []])
  expect(none.requeued).toMatchObject([{ attempted: false, error: expect.stringContaining('residency') }])
  const misdirected = { outcome: 'rejected', httpStatus: 421, message: 'outside' } as const
  const moved = await look({ states, organisation: { regions: ['DE'] }, before: 'german', response: misdirected })
  expect([moved.urls, moved.ends]).toEqual([[outside], []])
  expect(moved.requeued).toEqual([{ attempted: false, error: 'outside', unpin: true }])
})
