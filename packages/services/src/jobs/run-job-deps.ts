/** What placing and running a queued job asks of others. */
import type { Clock } from '@isochrone/domain'
import type { FleetSource, GatewayDispatch, JobRows, KeySource } from '../ports/job-store.ts'
import type { JobFleet } from './job-fleet.ts'

export interface RunJobDeps {
  jobs: Pick<JobRows, 'start' | 'place' | 'requeue' | 'finish'>
  fleet: FleetSource & KeySource
  gateway: GatewayDispatch
  /** What this placer knows of the fleet; one for all the jobs of a worker. */
  pools: JobFleet
  clock: Clock
  /** Of batches: told when their money is used up, and how their lines wait for a place without asking the database. */
  batches?: { outOfMoney(batchId: string, now: Date): Promise<void>; sleep(ms: number): Promise<void> }
}
