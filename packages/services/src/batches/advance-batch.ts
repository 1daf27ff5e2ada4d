/**
 * One look at a batch: checks its input, keeps a bounded window of its lines in the queue, and gathers the answers once the
 * last line is over. Each step is one conditional change of rows, so that a look may be repeated, doubled or cut off.
 */
import { isBatchLineError, isBatchOver, newId, readBatchLine, type BatchLineError } from '@isochrone/domain'
import { batchRouting, splitModelSuffix } from '@isochrone/scheduler'
import type { BatchRow, NewBatchJobRow } from '../ports/batch-store.ts'
import { fileLines } from './file-content.ts'
import { gatherBatch } from './gather-batch.ts'
import { validateBatch } from './validate-batch.ts'
import type { AdvanceBatchDeps } from './advance-batch-deps.ts'

export type BatchLook = { kind: 'done' } | { kind: 'again'; delayMs: number }

const WINDOW_MAX = 256
/** While its lines run, and after a step that another one follows, ms. */
const LOOK_MS = 400
const NEXT_MS = 10
const ATTEMPTS_MAX = 8

export async function advanceBatch(deps: AdvanceBatchDeps, batchId: string): Promise<BatchLook> {
  const batch = await deps.store.batches.get(batchId)
  if (!batch || isBatchOver(batch.status)) return { kind: 'done' }
  if (await isRevoked(deps, batch)) await cancelRevoked(deps, batch)
  else if (batch.status === 'validating') await validateBatch(deps, batch)
  else if (batch.status === 'in_progress') return await feed(deps, batch)
  else if (batch.status === 'cancelling') await cancelOpen(deps, batch)
  else await gatherBatch(deps, batch)
  return { kind: 'again', delayMs: NEXT_MS }
}

async function feed(deps: AdvanceBatchDeps, batch: BatchRow): Promise<BatchLook> {
  const open = (await deps.store.batches.counts([batch.id])).get(batch.id)?.open ?? 0
  const isLate = deps.clock.nowMs() >= batch.expiresAt.getTime()
  if (isLate || batch.linesQueued >= batch.total) {
    // Past its time no line is begun; one whose gateway may have answered it is asked after, and ends by itself.
    if (open > 0) return { kind: 'again', delayMs: LOOK_MS }
    const endAs = isLate && batch.linesQueued < batch.total ? 'expired' : await endOf(deps, batch, isLate)
    const finalizingAt = new Date(deps.clock.nowMs())
    await deps.store.batches.move(batch.id, ['in_progress'], { status: 'finalizing', endAs, finalizingAt })
    return { kind: 'again', delayMs: NEXT_MS }
  }
  const room = (deps.windowMax ?? WINDOW_MAX) - open
  if (room > 0) await queueLines(deps, batch, room)
  return { kind: 'again', delayMs: LOOK_MS }
}

/** A batch whose last lines ran out of time is expired, however many were answered. */
async function endOf({ store }: AdvanceBatchDeps, batch: BatchRow, isLate: boolean): Promise<'completed' | 'expired'> {
  if (!isLate) return 'completed'
  return (await store.batches.failedWith(batch.id, 504)) > 0 ? 'expired' : 'completed'
}

async function queueLines(deps: AdvanceBatchDeps, batch: BatchRow, room: number): Promise<void> {
  const jobs: NewBatchJobRow[] = []
  let { nextByte, nextLine } = batch
  const rules = { endpoint: batch.endpoint, isModel: () => true, routingFault: () => null }
  for await (const read of fileLines(deps.store.files, batch.inputFileId, batch)) {
    const line = readBatchLine(read.text ?? '', read.line, { ...rules, seen: new Set() })
    // The input was checked and never changes.
    if (isBatchLineError(line)) throw new Error(`line ${read.line} of ${batch.id} cannot be read any more`)
    jobs.push({
      id: newId('job'),
      requestId: newId('req'),
      batchLine: read.line,
      customId: line.customId,
      path: batch.endpoint,
      model: splitModelSuffix(line.model).model,
      body: bodyOf(line.body),
      attemptsMax: ATTEMPTS_MAX,
    })
    nextByte = read.nextByte
    nextLine = read.line + 1
    if (jobs.length >= room) break
  }
  const to = { linesQueued: batch.linesQueued + jobs.length, nextByte, nextLine }
  const fed = await deps.store.transaction((tx) => tx.batches.feed(batch, batch, to, jobs))
  if (fed) await deps.queue.addAll(jobs.map(({ id }) => id)).catch(() => {})
}

/** A suffix has said how to sort, and a batch sorts by price. */
function bodyOf(body: Record<string, unknown>): Record<string, unknown> {
  const { stream: _stream, stream_options: _options, routing, ...rest } = body
  return { ...rest, model: splitModelSuffix(String(body.model)).model, routing: batchRouting(routing) }
}

/** Where it can still be cancelled. */
async function isRevoked({ fleet }: AdvanceBatchDeps, { keyId, status }: BatchRow): Promise<boolean> {
  const isOpen = status === 'validating' || status === 'in_progress'
  return isOpen && keyId !== null && (await fleet.isRevoked(keyId))
}

/** As if its owner had cancelled it, with the reason: who revokes a key wants nothing more to be spent by it. */
async function cancelRevoked({ store, clock }: AdvanceBatchDeps, { id }: BatchRow): Promise<void> {
  const message = 'The API key that asked for this batch was revoked.'
  const errors: BatchLineError[] = [{ code: 'key_revoked', line: null, message, param: null }]
  const to = { status: 'cancelling', endAs: 'cancelled', cancellingAt: new Date(clock.nowMs()), errors } as const
  await store.batches.move(id, ['validating', 'in_progress'], to)
}

async function cancelOpen(deps: AdvanceBatchDeps, batch: BatchRow): Promise<void> {
  const error = 'Its batch was cancelled.'
  await deps.store.batches.cancelQueued(batch.id, { error, now: new Date(deps.clock.nowMs()) })
  for (const jobId of await deps.store.batches.openJobIds(batch.id)) {
    const now = new Date(deps.clock.nowMs())
    const end = { status: 'cancelled', httpStatus: null, answer: null, error, now } as const
    if (await deps.store.jobs.finish(jobId, end)) await deps.announceCancelled?.(jobId).catch(() => {})
  }
  const finalizingAt = new Date(deps.clock.nowMs())
  await deps.store.batches.move(batch.id, ['cancelling'], { status: 'finalizing', finalizingAt })
}
