/** Words for queued work, one place: why it waits, and how a dispatch of it ended. */
import type { JobSummary, JobTryView } from '@isochrone/services'

export const jobStatuses = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const
export const jobKinds = ['queued', 'background', 'waiting', 'batch'] as const

export const kindWords: Record<JobSummary['kind'], { label: string; hint: string }> = {
  queued: { label: 'queued', hint: 'It asked to be queued.' },
  background: { label: 'background', hint: 'A response that runs in the background.' },
  batch: { label: 'batch', hint: 'A line of a batch: it is placed by price, into slack.' },
  waiting: { label: 'waiting', hint: 'Nothing had a place at once, and it had opted to wait.' },
}

export const tryWords: Record<JobTryView['outcome'], string> = {
  running: 'running',
  answered: 'answered',
  failed: 'failed, placed anew',
  refused: 'no place there, no attempt',
  lost: 'no answer from the gateway, asked again',
}
