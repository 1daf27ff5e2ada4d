/** Queued jobs on real Postgres, Redis and BullMQ, against a gateway that misbehaves: each ends once, none is lost. */
import { manualClock, systemClock } from '@isochrone/domain'
import { freePort } from '@isochrone/local-stack'
import { bytes32Of, type DispatchResponse, redisKeys } from '@isochrone/protocol'
import { createLogger } from '@isochrone/runtime'
import { openWakeQueue } from '@isochrone/runtime/wake-queue'
import {
  cancelJob,
  enqueueJob,
  eraseJob,
  getJob,
  retryJob,
  runJob,
  sweepJobs,
  type RunJobDeps,
} from '@isochrone/services'
import { expect, test } from 'vitest'
import { eventually } from '../testing/test-market.ts'
import { answered, unsteadyGateway } from '../testing/unsteady-gateway.ts'
import { dispatchToGateway } from './dispatch-to-gateway.ts'
import { startInferenceWorker } from './inference-worker.ts'

const logger = createLogger('test', 'silent')
const nodes = ['a', 'b'].map((name) => bytes32Of(name))
const world = unsteadyGateway(nodes)
const deps = (): RunJobDeps => ({ jobs: world.store.jobs, ...world.deps() })

const retry: DispatchResponse = { outcome: 'retry', httpStatus: 502, answer: null, message: 'it failed' }

const noQueue = { add: async () => {} }
const enqueue = (
  queue: { add(id: string): Promise<void> } = noQueue,
  deadlineMs?: number,
  keyId: string | null = null,
) =>
  enqueueJob(
    { jobs: world.store.jobs, queue, clock: systemClock },
    {
      orgId: 'org_a',
      keyId,
      path: '/v1/chat/completions',
      model: 'tiny',
      body: { model: 'tiny', messages: [{ role: 'user', content: 'hi' }] },
      ...(deadlineMs !== undefined && { deadlineMs }),
    },
  )

test('a job is placed, answered and over; another look, or another organisation, changes and sees nothing', async () => {
  const { id, requestId } = await enqueue()
  expect(await runJob(deps(), id)).toEqual({ kind: 'done' })
  expect(await getJob(world.store.jobs, 'org_a', id)).toMatchObject({ status: 'succeeded', answer: { id: 'x' } })
  expect(await getJob(world.store.jobs, 'org_b', id)).toBeUndefined()
  expect(await runJob(deps(), id)).toEqual({ kind: 'done' })
  expect(world.calls.map((call) => call.requestId)).toEqual([requestId])
})

test('a failed node is not asked again at once, and attempts are bounded', async () => {
  world.behave = () => retry
  const { id } = await enqueue()
  let looks = 0
  while ((await runJob(deps(), id)).kind === 'again') looks += 1
  expect(looks).toBe(7)
  expect(world.calls).toHaveLength(8)
  expect(new Set(world.calls.slice(0, 2).map((call) => call.nodeId)).size).toBe(2)
  expect(await getJob(world.store.jobs, 'org_a', id)).toMatchObject({
    status: 'failed',
    httpStatus: 502,
    answer: { error: { type: 'server_error', code: 'provider_failed', owner: 'provider' } },
  })
})

/** Engines write what they like: a reason that the database refuses must not be asked for again until the deadline. */
test('a node whose words cannot be stored ends its job, and counts as an attempt, like any other', async () => {
  const odd = 'no \u0000 and \ud800'
  world.behave = () => ({ outcome: 'rejected', httpStatus: 400, answer: { error: { message: odd } }, message: odd })
  const refused = await enqueue()
  expect(await runJob(deps(), refused.id)).toEqual({ kind: 'done' })
  expect(await getJob(world.store.jobs, 'org_a', refused.id)).toMatchObject({
    status: 'failed',
    httpStatus: 400,
    error: 'no \u{FFFD} and \u{FFFD}',
  })
  world.behave = () => ({ ...retry, message: odd })
  const failed = await enqueue()
  expect(await runJob(deps(), failed.id)).toMatchObject({ kind: 'again', reason: 'no \u{FFFD} and \u{FFFD}' })
  expect(await world.store.jobs.get(failed.id)).toMatchObject({ status: 'queued', attempts: 1 })
})

test('a gateway that hangs up costs no attempt, and the same request id is asked again', async () => {
  world.behave = () => (world.calls.length < 10 ? 'hang up' : answered)
  const { id, requestId } = await enqueue()
  while ((await runJob(deps(), id)).kind === 'again');
  expect(await getJob(world.store.jobs, 'org_a', id)).toMatchObject({ status: 'succeeded' })
  expect(world.calls.every((call) => call.requestId === requestId)).toBe(true)
})

test('a job past its deadline fails, a cancelled one is not run', async () => {
  const late = await enqueue(noQueue, 1)
  await runJob({ ...deps(), clock: manualClock(Date.now() + 60_000) }, late.id)
  const { requestId } = late
  const error = { type: 'timeout', code: 'job_deadline_exceeded', owner: 'client', request_id: requestId }
  expect(await getJob(world.store.jobs, 'org_a', late.id)).toMatchObject({
    status: 'failed',
    httpStatus: 504,
    answer: { error },
  })
  const { id } = await enqueue()
  await cancelJob({ jobs: world.store.jobs, clock: systemClock }, 'org_a', id)
  expect(await runJob(deps(), id)).toEqual({ kind: 'done' })
  await expect(cancelJob({ jobs: world.store.jobs, clock: systemClock }, 'org_a', id)).rejects.toThrow('cancelled')
  expect(world.calls).toHaveLength(0)
})

test('jobs spread over nodes, survive a dead worker and a Redis that was away, and each is answered once', async () => {
  let answers = 0
  world.behave = () => (++answers % 5 === 0 ? 'hang up' : answered)
  const queue = openWakeQueue({ redisUrl: world.stack.redisUrl, name: redisKeys.queueInference, logger })
  const start = () => startInferenceWorker({ ...deps(), redisUrl: world.stack.redisUrl, logger })
  const ids = await Promise.all(Array.from({ length: 40 }, (_, i) => enqueue(i % 2 ? queue : noQueue)))
  const first = start()
  await eventually(async () => world.calls.length > 5)
  await first.close(true)
  await world.stack.crash('redis')
  const second = start()
  await eventually(async () => {
    await sweepJobs({ jobs: world.store.jobs, queue, clock: manualClock(Date.now() + 60_000) }).catch(() => {})
    return (await world.db.job.count({ where: { id: { in: ids.map(({ id }) => id) }, status: 'succeeded' } })) === 40
  }, 150_000)
  expect(new Set(world.calls.map((call) => call.nodeId)).size).toBe(2)
  await second.close()
  await queue.close()
}, 300_000)

test('an answer that the gateway gave and keeps no more is waited for, not made again', async () => {
  world.behave = () => ({ outcome: 'recorded', httpStatus: 202, answer: null, message: 'answered' })
  const { id } = await enqueue()
  expect((await runJob(deps(), id)).kind).toBe('again')
  await world.store.jobs.finish(id, {
    status: 'succeeded',
    httpStatus: 200,
    answer: { a: 1 },
    error: null,
    now: new Date(),
  })
  expect(await runJob(deps(), id)).toEqual({ kind: 'done' })
  expect(await getJob(world.store.jobs, 'org_a', id)).toMatchObject({ status: 'succeeded', answer: { a: 1 } })
})

test('a deadline that passes while the gateway may have answered asks it, and runs nothing', async () => {
  world.behave = () => 'hang up'
  const { id } = await enqueue(noQueue, 30_000)
  expect((await runJob(deps(), id)).kind).toBe('again')
  const late = { ...deps(), clock: manualClock(Date.now() + 60_000) }
  expect((await runJob(late, id)).kind).toBe('again')
  world.behave = ({ answerOnly }) => (answerOnly ? answered : retry)
  expect(await runJob(late, id)).toEqual({ kind: 'done' })
  expect(await getJob(world.store.jobs, 'org_a', id)).toMatchObject({ status: 'succeeded', answer: { id: 'x' } })
  expect(world.calls.map(({ answerOnly }) => answerOnly)).toEqual([false, true, true])
})

/** A key that was revoked may be in wrong hands: what waits is not begun, what was begun before is told as it ended. */
test('nothing is begun for a revoked key, and an answer from before counts', async () => {
  const { id, requestId } = await enqueue(noQueue, 30_000, 'key_leaked')
  const other = await enqueue(noQueue, 30_000, 'key_other')
  world.revoked.add('key_leaked')
  expect(await runJob(deps(), id)).toEqual({ kind: 'done' })
  expect(world.calls).toEqual([])
  const error = { type: 'invalid_request_error', code: 'invalid_api_key', request_id: requestId }
  expect(await getJob(world.store.jobs, 'org_a', id)).toMatchObject({
    status: 'failed',
    httpStatus: 401,
    error: expect.stringContaining('revoked'),
    answer: { error },
  })
  world.behave = () => 'hang up'
  expect((await runJob(deps(), other.id)).kind).toBe('again')
  world.revoked.add('key_other')
  expect((await runJob(deps(), other.id)).kind).toBe('again')
  world.behave = ({ answerOnly }) => (answerOnly ? answered : retry)
  expect(await runJob(deps(), other.id)).toEqual({ kind: 'done' })
  expect(await getJob(world.store.jobs, 'org_a', other.id)).toMatchObject({ status: 'succeeded' })
  expect(world.calls.map(({ answerOnly }) => answerOnly)).toEqual([false, true, true])
})

test('a job stays with the gateway that has it, and leaves one that never got it', async () => {
  const gone = `http://127.0.0.1:${await freePort()}`
  let first: string | undefined = gone
  const gateway = dispatchToGateway({ gatewayUrls: [world.url, gone], internalToken: 'x' })
  const picky = { ...gateway, gatewayFor: (requestId: string) => first ?? gateway.gatewayFor(requestId) }
  const { id } = await enqueue()
  const look = () => runJob({ ...deps(), gateway: picky }, id)
  expect((await look()).kind).toBe('again')
  expect(await world.store.jobs.get(id)).toMatchObject({ gatewayUrl: null, dispatchedAt: null })
  first = undefined
  world.behave = () => 'hang up'
  expect((await look()).kind).toBe('again')
  expect(await world.store.jobs.get(id)).toMatchObject({ gatewayUrl: world.url })
  first = gone
  world.behave = () => answered
  expect(await look()).toEqual({ kind: 'done' })
})

test('a failed job is repeated once however often it is asked for; prompt and answer can be erased', async () => {
  world.behave = () => ({ outcome: 'rejected', httpStatus: 400, answer: { error: {} }, message: 'no' })
  const { id } = await enqueue()
  const retryDeps = { jobs: world.store.jobs, queue: noQueue, clock: systemClock }
  await expect(retryJob(retryDeps, 'org_a', id)).rejects.toThrow('queued')
  await runJob(deps(), id)
  await expect(retryJob(retryDeps, 'org_b', id)).rejects.toThrow('no such job')
  const clicks = await Promise.all(Array.from({ length: 5 }, () => retryJob(retryDeps, 'org_a', id)))
  expect(new Set(clicks.map((click) => click.id)).size).toBe(1)
  const again = clicks[0]?.id ?? ''
  expect(await world.store.jobs.get(again)).toMatchObject({ status: 'queued', retryOf: id, model: 'tiny' })
  await expect(eraseJob(retryDeps, 'org_b', again)).rejects.toThrow('no such job')
  await eraseJob(retryDeps, 'org_a', again)
  expect(await getJob(world.store.jobs, 'org_a', again)).toBeUndefined()
  expect(await world.store.jobs.get(again)).toMatchObject({ status: 'cancelled', body: {}, answer: null })
  // What an engine says of a request may quote it.
  await eraseJob(retryDeps, 'org_a', id)
  expect(await world.store.jobs.get(id)).toMatchObject({ status: 'failed', body: {}, answer: null, error: null })
})
