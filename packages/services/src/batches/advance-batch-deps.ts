/** What moving a batch on asks of others. */
import type { Clock } from '@isochrone/domain'
import type { BatchRows, BatchTransactions, FileRows } from '../ports/batch-store.ts'
import type { FleetSource, JobQueue, JobRows, KeySource } from '../ports/job-store.ts'

export interface AdvanceBatchDeps {
  store: BatchTransactions & { batches: BatchRows; files: FileRows; jobs: Pick<JobRows, 'finish'> }
  /** Of lines. */
  queue: Required<JobQueue>
  fleet: Pick<FleetSource, 'nodes'> & KeySource
  clock: Clock
  /** Tells the gateway that runs a line. Where it cannot, the node goes on to its end. */
  announceCancelled?: (jobId: string) => Promise<void>
  /** Lines of a batch that are jobs and not over, at most: what Redis and the jobs' table hold of a batch at a time. */
  windowMax?: number
}
