/** Puts open batches and their open lines back into the queues that may have forgotten them; removes files that are due. */
import type { Clock } from '@isochrone/domain'
import type { BatchQueue, BatchRows, FileRows } from '../ports/batch-store.ts'
import type { JobQueue } from '../ports/job-store.ts'

const BATCHES_A_SWEEP = 1_000
const JOBS_A_COMMAND = 500
/** An upload takes minutes at most. */
const UNFINISHED_MS = 3_600_000

export async function sweepBatches(deps: {
  batches: Pick<BatchRows, 'openIds' | 'openJobIds'>
  files: Pick<FileRows, 'removeDue'>
  queue: BatchQueue
  lines: Required<JobQueue>
  clock: Clock
}): Promise<void> {
  await deps.queue.addAll(await deps.batches.openIds(BATCHES_A_SWEEP))
  const jobIds = await deps.batches.openJobIds(null)
  for (let from = 0; from < jobIds.length; from += JOBS_A_COMMAND) {
    await deps.lines.addAll(jobIds.slice(from, from + JOBS_A_COMMAND))
  }
  const nowMs = deps.clock.nowMs()
  await deps.files.removeDue(new Date(nowMs), new Date(nowMs - UNFINISHED_MS))
}
