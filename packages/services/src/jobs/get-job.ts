/** A queued job as its owner may see it. */
import type { JobStatus } from '@isochrone/domain'
import type { JobRows } from '../ports/job-store.ts'

export interface JobState {
  id: string
  requestId: string
  status: JobStatus
  createdAtMs: number
  finishedAtMs: number | null
  httpStatus: number | null
  /** The OpenAI response, or error body; null until it is over. */
  answer: unknown
  error: string | null
}

/** Undefined when the organisation has no such job. */
export async function getJob(jobs: Pick<JobRows, 'get'>, orgId: string, jobId: string): Promise<JobState | undefined> {
  const row = await jobs.get(jobId, orgId)
  if (row === null) return undefined
  const { id, requestId, status, httpStatus, answer, error } = row
  const finishedAtMs = row.finishedAt?.getTime() ?? null
  return { id, requestId, status, createdAtMs: row.createdAt.getTime(), finishedAtMs, httpStatus, answer, error }
}
