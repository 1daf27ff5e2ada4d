/** A queued job as its owner may see it. */
import type { JobStatus } from '@isochrone/domain'
import type { JobKind, JobRows, QueuedJobRow } from '../ports/job-store.ts'

export interface JobState {
  id: string
  requestId: string
  kind: JobKind
  model: string
  status: JobStatus
  createdAtMs: number
  finishedAtMs: number | null
  deadlineAtMs: number | null
  httpStatus: number | null
  /** Of a background response: what its object repeats of the request. */
  source: unknown
  /** The OpenAI request as it is run. */
  body: unknown
  /** The OpenAI response, or error body; null until it is over. */
  answer: unknown
  error: string | null
  /** Prompt and answer are gone. */
  erased: boolean
}

/** Undefined when the organisation has no such job, or has had it erased. */
export async function getJob(jobs: Pick<JobRows, 'get'>, orgId: string, jobId: string): Promise<JobState | undefined> {
  const row = await jobs.get(jobId, orgId)
  return row === null || row.erasedAt !== null ? undefined : jobStateOf(row)
}

export function jobStateOf(row: QueuedJobRow): JobState {
  const { id, requestId, kind, model, status, httpStatus, source, body, answer, error } = row
  return {
    id,
    requestId,
    kind,
    model,
    status,
    createdAtMs: row.createdAt.getTime(),
    finishedAtMs: row.finishedAt?.getTime() ?? null,
    deadlineAtMs: row.deadlineAt?.getTime() ?? null,
    httpStatus,
    source,
    body,
    answer,
    error,
    erased: row.erasedAt !== null,
  }
}
