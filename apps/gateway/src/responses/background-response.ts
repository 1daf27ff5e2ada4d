/** A background response as its owner reads it: what its job's row says, in the words of the Responses API. Pure. */
import type { JobState } from '@isochrone/services'
import { envelope, responseOf, type ChatUsage, type ResponseHead } from './response-object.ts'

/** `resp_…` of the job that serves it, and back. */
export const responseIdOfJob = (jobId: string): string => `resp_${jobId.slice('job_'.length)}`
export const jobIdOfResponse = (responseId: string): string => `job_${responseId.slice('resp_'.length)}`

export function headOfJob({ id, createdAtMs, model, source }: JobState): ResponseHead {
  const echo = objectOf(objectOf(source).echo)
  return { id: responseIdOfJob(id), createdAt: Math.floor(createdAtMs / 1_000), model, echo }
}

export function backgroundResponse(job: JobState): Record<string, unknown> {
  const head = headOfJob(job)
  const { status, finishedAtMs } = job
  if (status === 'succeeded') {
    const answer = objectOf(job.answer)
    const response = responseOf(head, answer, usageOf(answer), { isochrone: answer.isochrone ?? null })
    const completedAt =
      response.status === 'completed' && finishedAtMs !== null ? Math.floor(finishedAtMs / 1_000) : null
    return { ...response, completed_at: completedAt }
  }
  if (status === 'failed') return { ...envelope(head, 'failed', []), error: errorOf(job) }
  return envelope(head, status === 'running' ? 'in_progress' : status, [])
}

/** Why it failed, as the response's `error`. */
export function errorOf({ answer, error }: JobState): { code: string; message: string } {
  const { code, message } = objectOf(objectOf(answer).error)
  return {
    code: typeof code === 'string' ? code : 'internal_error',
    message: typeof message === 'string' ? message : (error ?? 'The response failed.'),
  }
}

const NO_USAGE: ChatUsage = {
  prompt_tokens: 0,
  completion_tokens: 0,
  total_tokens: 0,
  prompt_tokens_details: { cached_tokens: 0 },
}

/** As the gateway wrote it into the answer when it was billed. */
export const usageOf = (answer: Readonly<Record<string, unknown>>): ChatUsage => ({
  ...NO_USAGE,
  ...(objectOf(answer.usage) as Partial<ChatUsage>),
})

export const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {}
