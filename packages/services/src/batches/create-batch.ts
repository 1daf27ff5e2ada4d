/** Accepts, shows and cancels batches. The row is the promise; whatever is killed after it, the worker's sweep finds it. */
import { AppError, batchEndpoints, isBatchOver, isId, newId, type Clock } from '@isochrone/domain'
import type { BatchQueue, BatchRow, BatchRows, BatchTransactions, FileRows, NewBatchRow } from '../ports/batch-store.ts'
import { fileOf, FILE_KEPT_S_MAX, FILE_KEPT_S_MIN } from './store-file.ts'

export interface BatchDeps extends BatchTransactions {
  batches: BatchRows
  files: FileRows
  queue: BatchQueue
  clock: Clock
}

export interface CreateBatchInput {
  orgId: string
  keyId: string | null
  endpoint: string
  inputFileId: string
  completionWindow: string
  metadata: Record<string, string> | null
  outputExpiresAfterS: number | null
  /** With what it was sent with: the same key for another request is refused. */
  idempotency: { key: string; fingerprint: string } | null
}

export const BATCH_WINDOW_MS = 86_400_000
/** Of one organisation, not over. */
const OPEN_MAX = 100

/** `created` false: the idempotency key found an earlier one. */
export async function createBatch(
  deps: BatchDeps,
  input: CreateBatchInput,
): Promise<{ batch: BatchRow; created: boolean }> {
  const { orgId, idempotency } = input
  if (idempotency) {
    const earlier = await deps.batches.byIdempotencyKey(orgId, idempotency.key)
    if (earlier) return { batch: requireSame(earlier, idempotency.fingerprint), created: false }
  }
  if (!batchEndpoints.some((endpoint) => endpoint === input.endpoint)) {
    throw refused('endpoint', `'endpoint' must be one of ${batchEndpoints.join(', ')}.`)
  }
  if (input.completionWindow !== '24h') throw refused('completion_window', "'completion_window' must be 24h.")
  const keptS = input.outputExpiresAfterS
  if (keptS !== null && !(keptS >= FILE_KEPT_S_MIN && keptS <= FILE_KEPT_S_MAX)) {
    const range = `${FILE_KEPT_S_MIN} to ${FILE_KEPT_S_MAX}`
    throw refused('output_expires_after.seconds', `'output_expires_after.seconds' must be from ${range}.`)
  }
  const file = await fileOf(deps, orgId, input.inputFileId)
  if (file.purpose !== 'batch') throw refused('input_file_id', "The file's purpose must be batch.")
  const createdAt = new Date(deps.clock.nowMs())
  const id = newId('batch')
  // The last that is asked of the database: whoever is told of a failure may ask again, and has one batch.
  const { batch, created } = await insertUnderLimit(deps, {
    id,
    orgId,
    keyId: input.keyId,
    endpoint: input.endpoint,
    inputFileId: file.id,
    metadata: input.metadata,
    idempotencyKey: idempotency?.key ?? null,
    fingerprint: idempotency?.fingerprint ?? null,
    outputExpiresAfterS: keptS,
    createdAt,
    expiresAt: new Date(createdAt.getTime() + BATCH_WINDOW_MS),
  })
  if (!created) return { batch: requireSame(batch, idempotency?.fingerprint), created }
  await deps.queue.addAll([id]).catch(() => {
    // Redis is away: the sweep finds it.
  })
  return { batch, created }
}

/** One of the organisation's at a time, so that two cannot both be its last. `created` false: the same key was quicker. */
async function insertUnderLimit(
  deps: BatchTransactions,
  row: NewBatchRow,
): Promise<{ batch: BatchRow; created: boolean }> {
  return await deps.transaction(async ({ batches }) => {
    await batches.lockOrganisation(row.orgId)
    const earlier = row.idempotencyKey && (await batches.byIdempotencyKey(row.orgId, row.idempotencyKey))
    if (earlier) return { batch: earlier, created: false }
    if ((await batches.openCount(row.orgId)) >= OPEN_MAX) {
      const publicMessage = `Your organisation has ${OPEN_MAX} batches under way; wait for one of them to end.`
      throw new AppError('rate_limited', { publicMessage, retryAfterS: 60 })
    }
    return { batch: await batches.insert(row), created: true }
  })
}

/** Throws `not_found` where the organisation has no such batch. */
export async function batchOf(deps: Pick<BatchDeps, 'batches'>, orgId: string, id: string): Promise<BatchRow> {
  const row = isId('batch', id) ? await deps.batches.get(id, orgId) : null
  if (!row)
    throw new AppError('not_found', { publicMessage: `There is no batch '${id.slice(0, 100)}'.`, field: 'batch_id' })
  return row
}

/** Cancelling twice is the same; throws `state_conflict` where it is over otherwise, or about to be. */
export async function cancelBatch(
  deps: Pick<BatchDeps, 'batches' | 'queue' | 'clock'>,
  orgId: string,
  id: string,
): Promise<BatchRow> {
  await batchOf(deps, orgId, id)
  const cancellingAt = new Date(deps.clock.nowMs())
  await deps.batches.move(id, ['validating', 'in_progress'], { status: 'cancelling', endAs: 'cancelled', cancellingAt })
  const after = await batchOf(deps, orgId, id)
  if (after.endAs !== 'cancelled') {
    const words = isBatchOver(after.status) ? 'already' : 'now'
    throw new AppError('state_conflict', {
      publicMessage: `The batch cannot be cancelled: it is ${words} ${after.status}.`,
    })
  }
  await deps.queue.addAll([id]).catch(() => {})
  return after
}

function requireSame(earlier: BatchRow, fingerprint: string | undefined): BatchRow {
  if (earlier.fingerprint === fingerprint) return earlier
  throw new AppError('state_conflict', {
    publicMessage: 'This Idempotency-Key was used for another batch. Use a new key for a new request.',
    field: 'Idempotency-Key',
  })
}

const refused = (field: string, publicMessage: string): AppError =>
  new AppError('invalid_input', { publicMessage, field })
