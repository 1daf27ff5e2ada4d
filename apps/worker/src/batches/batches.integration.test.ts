/** Batches on real Postgres, Redis and BullMQ, against a gateway that breaks: each line has one answer, whatever is killed. */
import { manualClock, systemClock } from '@isochrone/domain'
import { bytes32Of, type DispatchResponse } from '@isochrone/protocol'
import { createLogger } from '@isochrone/runtime'
import {
  advanceBatch,
  cancelBatch,
  contentOf,
  createBatch,
  storeFile,
  sweepBatches,
  type BatchRow,
} from '@isochrone/services'
import { expect, test } from 'vitest'
import { eventually } from '../testing/test-market.ts'
import { answered, unsteadyGateway } from '../testing/unsteady-gateway.ts'
import { startBatchWorker } from './batch-worker.ts'

const logger = createLogger('test', 'silent')
const world = unsteadyGateway([bytes32Of('a')])
const endpoint = '/v1/chat/completions'
const noMoney: DispatchResponse = {
  outcome: 'rejected',
  httpStatus: 429,
  answer: { error: { code: 'insufficient_quota' } },
  message: 'no money',
}
const silent = { addAll: async () => {}, add: async () => {} }

const startWorker = () =>
  startBatchWorker({
    store: world.store,
    ...world.deps(),
    redisUrl: world.stack.redisUrl,
    logger,
  })

async function makeBatch(
  orgId: string,
  lines: number,
  more: (line: number) => object = () => ({}),
  keyId: string | null = null,
): Promise<BatchRow> {
  const deps = { ...world.store, queue: silent, clock: systemClock }
  const text = Array.from({ length: lines }, (_, i) => {
    const body = { model: 'tiny', messages: [], ...more(i) }
    return JSON.stringify({ custom_id: `l${i}`, method: 'POST', url: endpoint, body })
  }).join('\n')
  const content = (async function* () {
    yield Buffer.from(text)
  })()
  const file = await storeFile(deps, { orgId, filename: 'in.jsonl', content })
  const { batch } = await createBatch(deps, {
    orgId,
    keyId,
    endpoint,
    inputFileId: file.id,
    completionWindow: '24h',
    metadata: null,
    outputExpiresAfterS: null,
    idempotency: null,
  })
  return batch
}

interface FileLine {
  custom_id: string
  error: { code: string; message: string }
}

async function linesOf(fileId: string | null): Promise<FileLine[]> {
  if (fileId === null) return []
  const parts: Uint8Array[] = []
  for await (const part of contentOf({ files: world.store.files }, fileId)) parts.push(part)
  const lines = Buffer.concat(parts).toString().trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line) as FileLine)
}

const customIds = async (fileId: string | null) => (await linesOf(fileId)).map(({ custom_id: id }) => id)

const sixty = Array.from({ length: 60 }, (_, i) => `l${i}`)
const statusOf = async (id: string) => (await world.store.batches.get(id))?.status

test('60 lines have one answer each though the worker is killed, Redis loses all and the gateway hangs up', async () => {
  let count = 0
  world.behave = () => (++count % 5 === 0 ? 'hang up' : answered)
  const { id } = await makeBatch('org_a', 60)
  const first = startWorker()
  await eventually(async () => world.calls.length > 10, 120_000)
  await first.close(true)
  await world.stack.crash('redis')
  const second = startWorker()
  await eventually(async () => (await statusOf(id)) === 'completed', 120_000)
  await second.close()
  const batch = await world.store.batches.get(id, 'org_a')
  expect(batch).toMatchObject({ total: 60, completed: 60, failed: 0, errorFileId: null })
  expect(await customIds(batch?.outputFileId ?? null)).toEqual(sixty)
  // Billing is by request id: no line ever had two.
  expect(new Set(world.calls.map(({ requestId }) => requestId)).size).toBe(60)
  expect(world.calls.every(({ slack, body }) => slack && (body.routing as { sort: string }).sort === 'price')).toBe(
    true,
  )
  const jobs = await world.db.job.findMany({ where: { batchId: id } })
  expect(jobs.every(({ body, answer }) => JSON.stringify(body) === '{}' && answer === null)).toBe(true)
}, 300_000)

test('lines that say what a second is worth are answered, by price and inside all else that they ask', async () => {
  const routing = { value_of_second_usd: 0.5, regions: ['DE'], ttft_slo_ms: 5_000 }
  const { id } = await makeBatch('org_d', 3, (line) => ({ model: line === 2 ? 'tiny:latency' : 'tiny', routing }))
  const worker = startWorker()
  await sweepBatches({ ...world.store, queue: silent, lines: silent, clock: systemClock })
  await eventually(async () => (await statusOf(id)) === 'completed', 120_000)
  await worker.close()
  expect(await world.store.batches.get(id, 'org_d')).toMatchObject({ total: 3, completed: 3, failed: 0 })
  expect(world.calls.map(({ body }) => [body.model, body.routing])).toEqual(
    Array.from({ length: 3 }, () => ['tiny', { sort: 'price', regions: ['DE'], ttft_slo_ms: 5_000 }]),
  )
})

test('a line whose routing policy is spelt wrongly fails the batch before anything is run, and is named', async () => {
  const { id } = await makeBatch('org_e', 3, (line) => (line === 1 ? { routing: { max_price: { ouput: 1 } } } : {}))
  const deps = { store: world.store, queue: silent, fleet: world.deps().fleet, clock: systemClock }
  expect(await advanceBatch(deps, id)).toEqual({ kind: 'again', delayMs: 10 })
  expect(await world.store.batches.get(id, 'org_e')).toMatchObject({
    status: 'failed',
    errors: [
      {
        code: 'invalid_routing',
        line: 2,
        param: 'body.routing.max_price.ouput',
        message: expect.stringContaining('did you mean body.routing.max_price.output?'),
      },
    ],
  })
  expect(await world.db.job.count({ where: { batchId: id } })).toBe(0)
})

/** A sweep removes so many at a time: those that it must leave must not stand in the way of all others'. */
test('files that have expired are removed however many others are read by batches that are not over', async () => {
  const at = (ms: number) => new Date(Date.now() + ms)
  const files = Array.from({ length: 251 }, (_, i) => ({
    id: `file_${1_000 + i}`,
    purpose: 'batch',
    filename: 'f',
    ready: true,
  }))
  const times = { createdAt: at(-7_200_000), expiresAt: at(-3_600_000) }
  await world.db.storedFile.createMany({ data: files.map((file) => ({ ...file, orgId: 'org_g', ...times })) })
  const reading = { orgId: 'org_g', endpoint, createdAt: at(-7_200_000), expiresAt: at(79_200_000) }
  await world.db.batch.createMany({
    data: files.slice(0, 250).map(({ id }) => ({ id: `batch_${id}`, inputFileId: id, ...reading })),
  })
  expect(await world.store.files.removeDue(new Date(), at(-3_600_000))).toBe(1)
  expect(await world.db.storedFile.count({ where: { orgId: 'org_g' } })).toBe(250)
  await world.db.batch.deleteMany({ where: { orgId: 'org_g' } })
  for (const count of [100, 100, 50, 0]) {
    expect(await world.store.files.removeDue(new Date(), at(-3_600_000))).toBe(count)
  }
})

/** What cannot be stored cannot be told as it is either, and a batch that nobody can end stays open for ever. */
test('faults in words that the database refuses end their batch all the same', async () => {
  const odd = [
    { model: 'a\u0000b' },
    { model: `${'x'.repeat(79)}\u{1F600}` },
    { routing: { 'so\u0000rt': 'price' } },
    { routing: { sort: '\ud800' } },
  ]
  const { id } = await makeBatch('org_f', odd.length, (line) => odd[line] ?? {})
  const deps = { store: world.store, queue: silent, fleet: world.deps().fleet, clock: systemClock }
  expect(await advanceBatch(deps, id)).toEqual({ kind: 'again', delayMs: 10 })
  const batch = await world.store.batches.get(id, 'org_f')
  expect(batch).toMatchObject({ status: 'failed' })
  const errors = batch?.errors as { line: number; code: string; message: string }[]
  expect(errors.map(({ line, code }) => [line, code])).toEqual([
    [1, 'model_not_found'],
    [2, 'model_not_found'],
    [3, 'invalid_routing'],
    [4, 'invalid_routing'],
  ])
  expect(errors[0]?.message).toContain('a\u{FFFD}b')
})

/** Every look is one step: done twice at once, or cut off after any of them, it comes to the same. */
test('looks that are doubled at each step queue no line twice', async () => {
  const { id } = await makeBatch('org_b', 60)
  const deps = { store: world.store, queue: silent, fleet: world.deps().fleet, clock: systemClock, windowMax: 16 }
  for (let turn = 0; (await statusOf(id)) !== 'completed'; turn++) {
    expect(turn).toBeLessThan(100)
    await Promise.allSettled([advanceBatch(deps, id), advanceBatch(deps, id), advanceBatch(deps, id)])
    const open = await world.store.batches.openJobIds(id)
    expect(open.length).toBeLessThanOrEqual(16)
    const end = { status: 'succeeded', httpStatus: 200, answer: { a: 1 }, error: null, now: new Date() } as const
    for (const jobId of open) await world.store.jobs.finish(jobId, end)
  }
  const batch = await world.store.batches.get(id)
  expect(await customIds(batch?.outputFileId ?? null)).toEqual(sixty)
  expect(await world.db.job.count({ where: { batchId: id } })).toBe(60)
})

test('a batch whose money is used up waits and says so; one that is cancelled or late answers for each line', async () => {
  world.behave = () => noMoney
  const { id } = await makeBatch('org_c', 60)
  const worker = startWorker()
  await sweepBatches({ ...world.store, queue: silent, lines: silent, clock: systemClock })
  await eventually(async () => ((await world.store.batches.get(id))?.outOfMoneyAt ?? null) !== null, 120_000)
  await worker.close(true)
  expect(await world.db.job.count({ where: { batchId: id, status: 'failed' } })).toBe(0)
  const deps = { batches: world.store.batches, queue: silent, clock: systemClock }
  await expect(cancelBatch(deps, 'org_a', id)).rejects.toThrow('no batch')
  await cancelBatch(deps, 'org_c', id)
  const late = await makeBatch('org_c', 60)
  const clock = manualClock(Date.now() + 90_000_000)
  const advance = { store: world.store, queue: silent, fleet: world.deps().fleet }
  for (const [batchId, at, status] of [
    [id, systemClock, 'cancelled'],
    [late.id, clock, 'expired'],
  ] as const) {
    for (let turn = 0; turn < 10; turn++) await advanceBatch({ ...advance, clock: at }, batchId)
    const batch = await world.store.batches.get(batchId)
    expect(batch).toMatchObject({ status, total: 60, completed: 0, failed: 60, outputFileId: null })
    expect(await customIds(batch?.errorFileId ?? null)).toEqual(sixty)
  }
})

/** Who revokes a key wants nothing more to be spent by it, however many lines its batch has left. */
test('a batch of a revoked key is cancelled with the lines that are not over, and says why', async () => {
  const { id } = await makeBatch('org_r', 20, undefined, 'key_leaked')
  const kept = await makeBatch('org_r', 1, undefined, 'key_kept')
  const advance = { store: world.store, queue: silent, fleet: world.deps().fleet, clock: systemClock, windowMax: 4 }
  await advanceBatch(advance, id)
  await advanceBatch(advance, id)
  const [first = ''] = await world.store.batches.openJobIds(id)
  const end = { status: 'succeeded', httpStatus: 200, answer: { a: 1 }, error: null, now: new Date() } as const
  await world.store.jobs.finish(first, end)
  world.revoked.add('key_leaked')
  for (let turn = 0; turn < 6; turn++) await advanceBatch(advance, id)
  const batch = await world.store.batches.get(id)
  expect(batch).toMatchObject({ status: 'cancelled', completed: 1, failed: 19, errors: [{ code: 'key_revoked' }] })
  expect(await world.db.job.count({ where: { batchId: id } })).toBe(4)
  const unanswered = await linesOf(batch?.errorFileId ?? null)
  expect(unanswered.map(({ error }) => error.message)).toEqual(
    Array.from({ length: 19 }, () => expect.stringContaining('key that asked for this batch was revoked')),
  )
  for (let turn = 0; turn < 2; turn++) await advanceBatch(advance, kept.id)
  expect(await statusOf(kept.id)).toBe('in_progress')
})

test('of many batches that are created at once an organisation has a hundred under way, never more', async () => {
  const { inputFileId } = await makeBatch('org_full', 1)
  const row = { orgId: 'org_full', endpoint, inputFileId, createdAt: new Date(), expiresAt: new Date() }
  await world.db.batch.createMany({ data: Array.from({ length: 95 }, (_, i) => ({ id: `batch_full${i}`, ...row })) })
  const deps = { ...world.store, queue: silent, clock: systemClock }
  const more = { completionWindow: '24h', metadata: null, outputExpiresAfterS: null }
  const create = (key: string) =>
    createBatch(deps, {
      orgId: 'org_full',
      keyId: null,
      endpoint,
      inputFileId,
      ...more,
      idempotency: { key, fingerprint: 'f' },
    })
  const ends = await Promise.allSettled(Array.from({ length: 24 }, (_, i) => create(`key ${i >> 1}`)))
  expect(await world.store.batches.openCount('org_full')).toBe(100)
  const made = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []))
  expect(made.filter(({ created }) => created)).toHaveLength(4)
  // Of two with one key the second has the batch of the first, however full it is by then.
  expect(new Set(made.map(({ batch }) => batch.id)).size).toBe(4)
  expect(made).toHaveLength(8)
})
