/**
 * Writes a batch's output and errors: one line for each line of its input, in the input's order, in one file or the other.
 *
 * What is written follows from rows that change no more, so a writing that was cut off is begun again and comes to the same.
 */
import { createHash } from 'node:crypto'
import type { BatchLineError, UnansweredReason } from '@isochrone/domain'
import type { BatchEndStatus, BatchJobRow, BatchRow } from '../ports/batch-store.ts'
import { fileLines, fileWriter, type FileWriter } from './file-content.ts'
import { FILE_KEPT_S_DEFAULT } from './store-file.ts'
import type { AdvanceBatchDeps } from './advance-batch-deps.ts'

const JOBS_A_READ = 100

export async function gatherBatch(deps: AdvanceBatchDeps, batch: BatchRow): Promise<void> {
  const { store } = deps
  const status = (batch.endAs ?? 'completed') as BatchEndStatus
  const output = lateFile(deps, batch, 'output')
  const errors = lateFile(deps, batch, 'error')
  const jobs = jobsInOrder(deps, batch)
  let job = (await jobs.next()).value
  const counts = { completed: 0, failed: 0 }
  // A batch that was cancelled before its input was checked has no lines that anybody has counted.
  if (batch.inProgressAt !== null) {
    for await (const { line, text } of fileLines(store.files, batch.inputFileId)) {
      const own = job?.batchLine === line ? job : undefined
      if (own) job = (await jobs.next()).value
      const { isAnswer, text: written } = answerLine(batch, line, own ?? null, customIdOf(text))
      await (isAnswer ? output : errors).write(`${written}\n`)
      counts[isAnswer ? 'completed' : 'failed'] += 1
    }
  }
  const end = {
    ...counts,
    status,
    from: 'finalizing' as const,
    outputFileId: await output.finish(),
    errorFileId: await errors.finish(),
    now: new Date(deps.clock.nowMs()),
  }
  await store.transaction((tx) => tx.batches.end(batch.id, end))
}

async function* jobsInOrder({ store }: AdvanceBatchDeps, { id }: BatchRow): AsyncGenerator<BatchJobRow, undefined> {
  for (let line = 1; ;) {
    const page = await store.batches.jobsFrom(id, line, JOBS_A_READ)
    yield* page
    const last = page.at(-1)?.batchLine
    if (page.length < JOBS_A_READ || last === undefined || last === null) return
    line = last + 1
  }
}

/** A file that begins with its first line; its id follows from the batch's, so that a second writing finds it. */
function lateFile(deps: AdvanceBatchDeps, batch: BatchRow, kind: 'output' | 'error') {
  const { files } = deps.store
  const id = `file_${createHash('sha256').update(`${batch.id} ${kind}`).digest('hex').slice(0, 32)}`
  let writer: FileWriter | null = null
  const begin = async (): Promise<FileWriter> => {
    const createdAt = new Date(deps.clock.nowMs())
    const keptMs = (batch.outputExpiresAfterS ?? FILE_KEPT_S_DEFAULT) * 1_000
    const filename = `${batch.id}_${kind}.jsonl`
    const expiresAt = new Date(createdAt.getTime() + keptMs)
    await files.begin({ id, orgId: batch.orgId, purpose: 'batch_output', filename, createdAt, expiresAt })
    return fileWriter(files, id)
  }
  return {
    async write(text: string): Promise<void> {
      writer ??= await begin()
      await writer.write(Buffer.from(text))
    },
    /** Its id; null where nothing was written. */
    async finish(): Promise<string | null> {
      await writer?.finish()
      return writer && id
    },
  }
}

function answerLine(
  batch: BatchRow,
  line: number,
  job: BatchJobRow | null,
  customId: string | null,
): { isAnswer: boolean; text: string } {
  const isAnswer = job?.status === 'succeeded' && job.erasedAt === null
  const hasResponse = isAnswer || (job?.status === 'failed' && job.httpStatus !== null && !isLate(job))
  const response = hasResponse
    ? { status_code: job.httpStatus ?? 200, request_id: job.requestId, body: job.answer }
    : null
  const written = {
    id: `batch_req_${(job?.requestId ?? `${batch.id}_${line}`).replace(/^[a-z]+_/, '')}`,
    custom_id: job?.customId ?? customId,
    response,
    error: response === null ? reasonOf(batch, job) : null,
  }
  return { isAnswer, text: JSON.stringify(written) }
}

const isLate = ({ httpStatus, answer }: BatchJobRow): boolean =>
  httpStatus === 504 && JSON.stringify(answer).includes('job_deadline_exceeded')

function reasonOf(batch: BatchRow, job: BatchJobRow | null): { code: UnansweredReason; message: string } {
  if (job?.erasedAt)
    return { code: 'erased', message: 'Prompt and answer of this line were erased at its owner’s wish.' }
  if (job?.status === 'cancelled' || batch.endAs === 'cancelled') {
    const [why] = (batch.errors ?? []) as BatchLineError[]
    const words = 'The batch was cancelled before this request was answered.'
    return { code: 'batch_cancelled', message: why ? `${words} ${why.message}` : words }
  }
  const why = job?.error ? ` The last reason: ${job.error}` : ''
  return {
    code: 'batch_expired',
    message: `This request could not be answered before the completion window ended.${why}`,
  }
}

function customIdOf(text: string | null): string | null {
  try {
    const { custom_id: id } = JSON.parse(text ?? '') as { custom_id?: unknown }
    return typeof id === 'string' ? id : null
  } catch {
    return null
  }
}
