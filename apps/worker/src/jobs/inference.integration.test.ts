/** Queued jobs on real Postgres, Redis and BullMQ, against a gateway that misbehaves: each ends once, none is lost. */
import { createServer, type Server } from 'node:http'
import { manualClock, systemClock } from '@isochrone/domain'
import { createDb, createStore, type Db, type Store } from '@isochrone/db'
import { freePort, startTestStack, type TestStack } from '@isochrone/local-stack'
import {
  bytes32Of,
  type DispatchRequest,
  type DispatchResponse,
  type NodeLiveness,
  type NodeState,
  redisKeys,
} from '@isochrone/protocol'
import { createLogger } from '@isochrone/runtime'
import { openWakeQueue } from '@isochrone/runtime/wake-queue'
import {
  cancelJob,
  createJobFleet,
  enqueueJob,
  eraseJob,
  getJob,
  retryJob,
  runJob,
  sweepJobs,
  type RunJobDeps,
} from '@isochrone/services'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { eventually } from '../testing/test-market.ts'
import { dispatchToGateway } from './dispatch-to-gateway.ts'
import { startInferenceWorker } from './inference-worker.ts'

type Gateway = (request: DispatchRequest) => DispatchResponse | 'hang up'

let stack: TestStack
let db: Db
let store: Store
let server: Server
let url: string
let behave: Gateway
let calls: DispatchRequest[]
const logger = createLogger('test', 'silent')
const nodes = ['a', 'b'].map((name) => bytes32Of(name))

const answered: DispatchResponse = { outcome: 'answered', httpStatus: 200, answer: { id: 'x' }, message: null }
const retry: DispatchResponse = { outcome: 'retry', httpStatus: 502, answer: null, message: 'it failed' }

beforeAll(async () => {
  stack = await startTestStack({ postgres: true, redis: true })
  db = createDb(stack.databaseUrl)
  store = createStore(db)
  server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const dispatch = JSON.parse(Buffer.concat(chunks).toString()) as DispatchRequest
      calls.push(dispatch)
      const result = behave(dispatch)
      if (result === 'hang up') return request.socket.destroy()
      response.setHeader('content-type', 'application/json').end(JSON.stringify(result))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
})
beforeEach(() => {
  calls = []
  behave = () => answered
})
afterAll(async () => {
  server?.close()
  await db?.$disconnect()
  await stack?.stop()
})

function deps(): RunJobDeps {
  return {
    jobs: store.jobs,
    fleet: { nodes: async () => fleet(), routing: async () => ({}), gateways: async () => [] },
    gateway: dispatchToGateway({ gatewayUrls: [url], internalToken: 'x' }),
    pools: createJobFleet(),
    clock: systemClock,
  }
}

function fleet() {
  const prices = {
    inMicroUsdPerMtok: '1',
    cachedMicroUsdPerMtok: '1',
    outMicroUsdPerMtok: '1',
    inMicroUsdPerGb: '0',
    outMicroUsdPerGb: '0',
  }
  const states = nodes.map((nodeId): NodeState => ({
    kind: 'node',
    nodeId,
    id: nodeId.slice(0, 8),
    name: nodeId.slice(0, 8),
    providerId: bytes32Of('p'),
    providerName: 'p',
    providerOrgId: 'org_p',
    active: true,
    termsHash: bytes32Of('t'),
    terms: {},
    termsDocument: {},
    prices,
    region: 'local',
    failureDomain: nodeId,
    country: 'DE',
    simulated: false,
    gpuClass: 'CPU',
    trust: 'claimed',
    dataPolicy: 'any',
    tier: 'regional',
  }))
  const model = {
    model: 'tiny',
    modelHash: bytes32Of('m'),
    contextTokensMax: 2048,
    quantisation: 'F32',
    simulated: false,
  }
  const liveness = new Map(
    nodes.map((nodeId): [string, NodeLiveness] => [
      nodeId,
      {
        nodeId,
        lane: bytes32Of('lane'),
        gatewayUrl: url,
        seenAtMs: Date.now(),
        linkedSinceMs: 0,
        hardware: 'cpu',
        models: [model],
        concurrencyMax: 16,
        activeStreams: 0,
        queuedStreams: 0,
        rttMs: 1,
        simulatedRttMs: null,
        ttftP50Ms: null,
        ttftP95Ms: null,
        tokensPerSecond: null,
        estimate: null,
      },
    ]),
  )
  return { states, liveness }
}

const noQueue = { add: async () => {} }
const enqueue = (queue: { add(id: string): Promise<void> } = noQueue, deadlineMs?: number) =>
  enqueueJob(
    { jobs: store.jobs, queue, clock: systemClock },
    {
      orgId: 'org_a',
      keyId: null,
      path: '/v1/chat/completions',
      model: 'tiny',
      body: { model: 'tiny', messages: [{ role: 'user', content: 'hi' }] },
      ...(deadlineMs !== undefined && { deadlineMs }),
    },
  )

test('a job is placed, answered and over; another look, or another organisation, changes and sees nothing', async () => {
  const { id, requestId } = await enqueue()
  expect(await runJob(deps(), id)).toEqual({ kind: 'done' })
  expect(await getJob(store.jobs, 'org_a', id)).toMatchObject({ status: 'succeeded', answer: { id: 'x' } })
  expect(await getJob(store.jobs, 'org_b', id)).toBeUndefined()
  expect(await runJob(deps(), id)).toEqual({ kind: 'done' })
  expect(calls.map((call) => call.requestId)).toEqual([requestId])
})

test('a failed node is not asked again at once, and attempts are bounded', async () => {
  behave = () => retry
  const { id } = await enqueue()
  let looks = 0
  while ((await runJob(deps(), id)).kind === 'again') looks += 1
  expect(looks).toBe(7)
  expect(calls).toHaveLength(8)
  expect(new Set(calls.slice(0, 2).map((call) => call.nodeId)).size).toBe(2)
  expect(await getJob(store.jobs, 'org_a', id)).toMatchObject({
    status: 'failed',
    httpStatus: 502,
    answer: { error: { type: 'server_error', code: 'provider_failed', owner: 'provider' } },
  })
})

test('a gateway that hangs up costs no attempt, and the same request id is asked again', async () => {
  behave = () => (calls.length < 10 ? 'hang up' : answered)
  const { id, requestId } = await enqueue()
  while ((await runJob(deps(), id)).kind === 'again');
  expect(await getJob(store.jobs, 'org_a', id)).toMatchObject({ status: 'succeeded' })
  expect(calls.every((call) => call.requestId === requestId)).toBe(true)
})

test('a job past its deadline fails, a cancelled one is not run', async () => {
  const late = await enqueue(noQueue, 1)
  await runJob({ ...deps(), clock: manualClock(Date.now() + 60_000) }, late.id)
  const { requestId } = late
  const error = { type: 'timeout', code: 'job_deadline_exceeded', owner: 'client', request_id: requestId }
  expect(await getJob(store.jobs, 'org_a', late.id)).toMatchObject({
    status: 'failed',
    httpStatus: 504,
    answer: { error },
  })
  const { id } = await enqueue()
  await cancelJob({ jobs: store.jobs, clock: systemClock }, 'org_a', id)
  expect(await runJob(deps(), id)).toEqual({ kind: 'done' })
  await expect(cancelJob({ jobs: store.jobs, clock: systemClock }, 'org_a', id)).rejects.toThrow('cancelled')
  expect(calls).toHaveLength(0)
})

test('jobs spread over nodes, survive a dead worker and a Redis that was away, and each is answered once', async () => {
  let answers = 0
  behave = () => (++answers % 5 === 0 ? 'hang up' : answered)
  const queue = openWakeQueue({ redisUrl: stack.redisUrl, name: redisKeys.queueInference, logger })
  const start = () => startInferenceWorker({ ...deps(), redisUrl: stack.redisUrl, logger })
  const ids = await Promise.all(Array.from({ length: 40 }, (_, i) => enqueue(i % 2 ? queue : noQueue)))
  const first = start()
  await eventually(async () => calls.length > 5)
  await first.close(true)
  await stack.crash('redis')
  const second = start()
  await eventually(async () => {
    await sweepJobs({ jobs: store.jobs, queue, clock: manualClock(Date.now() + 60_000) }).catch(() => {})
    return (await db.job.count({ where: { id: { in: ids.map(({ id }) => id) }, status: 'succeeded' } })) === 40
  }, 150_000)
  expect(new Set(calls.map((call) => call.nodeId)).size).toBe(2)
  await second.close()
  await queue.close()
}, 300_000)

test('an answer that the gateway gave and keeps no more is waited for, not made again', async () => {
  behave = () => ({ outcome: 'recorded', httpStatus: 202, answer: null, message: 'answered' })
  const { id } = await enqueue()
  expect((await runJob(deps(), id)).kind).toBe('again')
  await store.jobs.finish(id, { status: 'succeeded', httpStatus: 200, answer: { a: 1 }, error: null, now: new Date() })
  expect(await runJob(deps(), id)).toEqual({ kind: 'done' })
  expect(await getJob(store.jobs, 'org_a', id)).toMatchObject({ status: 'succeeded', answer: { a: 1 } })
})

test('a deadline that passes while the gateway may have answered asks it, and runs nothing', async () => {
  behave = () => 'hang up'
  const { id } = await enqueue(noQueue, 30_000)
  expect((await runJob(deps(), id)).kind).toBe('again')
  const late = { ...deps(), clock: manualClock(Date.now() + 60_000) }
  expect((await runJob(late, id)).kind).toBe('again')
  behave = ({ answerOnly }) => (answerOnly ? answered : retry)
  expect(await runJob(late, id)).toEqual({ kind: 'done' })
  expect(await getJob(store.jobs, 'org_a', id)).toMatchObject({ status: 'succeeded', answer: { id: 'x' } })
  expect(calls.map(({ answerOnly }) => answerOnly)).toEqual([false, true, true])
})

test('a job stays with the gateway that has it, and leaves one that never got it', async () => {
  const gone = `http://127.0.0.1:${await freePort()}`
  let first: string | undefined = gone
  const gateway = dispatchToGateway({ gatewayUrls: [url, gone], internalToken: 'x' })
  const picky = { ...gateway, gatewayFor: (requestId: string) => first ?? gateway.gatewayFor(requestId) }
  const { id } = await enqueue()
  const look = () => runJob({ ...deps(), gateway: picky }, id)
  expect((await look()).kind).toBe('again')
  expect(await store.jobs.get(id)).toMatchObject({ gatewayUrl: null, dispatchedAt: null })
  first = undefined
  behave = () => 'hang up'
  expect((await look()).kind).toBe('again')
  expect(await store.jobs.get(id)).toMatchObject({ gatewayUrl: url })
  first = gone
  behave = () => answered
  expect(await look()).toEqual({ kind: 'done' })
})

test('a failed job is repeated once however often it is asked for; prompt and answer can be erased', async () => {
  behave = () => ({ outcome: 'rejected', httpStatus: 400, answer: { error: {} }, message: 'no' })
  const { id } = await enqueue()
  const retryDeps = { jobs: store.jobs, queue: noQueue, clock: systemClock }
  await expect(retryJob(retryDeps, 'org_a', id)).rejects.toThrow('queued')
  await runJob(deps(), id)
  await expect(retryJob(retryDeps, 'org_b', id)).rejects.toThrow('no such job')
  const clicks = await Promise.all(Array.from({ length: 5 }, () => retryJob(retryDeps, 'org_a', id)))
  expect(new Set(clicks.map((click) => click.id)).size).toBe(1)
  const again = clicks[0]?.id ?? ''
  expect(await store.jobs.get(again)).toMatchObject({ status: 'queued', retryOf: id, model: 'tiny' })
  await expect(eraseJob(retryDeps, 'org_b', again)).rejects.toThrow('no such job')
  await eraseJob(retryDeps, 'org_a', again)
  expect(await getJob(store.jobs, 'org_a', again)).toBeUndefined()
  expect(await store.jobs.get(again)).toMatchObject({ status: 'cancelled', body: {}, answer: null })
})
