/**
 * Files and batches as the gateway's API needs them: the services' use-cases on Postgres and the BullMQ queue.
 *
 * Both are kept in the store, so an organisation whose residency the store is outside of is refused before a byte is written.
 */
import { AppError, systemClock } from '@isochrone/domain'
import type { Store } from '@isochrone/db'
import { redisKeys } from '@isochrone/protocol'
import type { Logger } from '@isochrone/runtime'
import { openWakeQueue } from '@isochrone/runtime/wake-queue'
import type { BatchDeps, FileDeps } from '@isochrone/services'
import type { ControlView } from '../control/control-state.ts'
import { requireStoreInside, type Place } from '../control/residency.ts'

/** Uploads of one organisation at a time, at one gateway. */
const UPLOADS_MAX = 4

export interface Batches {
  deps: BatchDeps & FileDeps & { batches: Store['batches'] }
  /** Throws `forbidden` where what it sends would leave its residency. */
  requireInside(orgId: string): void
  /** Throws `rate_limited` where it uploads too many at once; the end of this one gives its place back. */
  uploading<T>(orgId: string, work: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface BatchesOptions {
  store: Pick<Store, 'batches' | 'files' | 'transaction'>
  redisUrl: string
  control: Pick<ControlView, 'organisation'>
  /** Where Postgres and Redis are. */
  place: Place
  logger: Logger
}

export function createBatches({ store, redisUrl, control, place, logger }: BatchesOptions): Batches {
  const queue = openWakeQueue({ redisUrl, name: redisKeys.queueBatches, logger, whenAway: 'fail' })
  const uploads = new Map<string, number>()
  return {
    deps: { batches: store.batches, files: store.files, transaction: store.transaction, queue, clock: systemClock },
    requireInside(orgId) {
      const organisation = control.organisation(orgId)
      if (organisation) requireStoreInside(organisation, place)
    },
    async uploading(orgId, work) {
      const under = uploads.get(orgId) ?? 0
      if (under >= UPLOADS_MAX) {
        const publicMessage = `Your organisation uploads ${under} files at this moment; wait for one of them.`
        throw new AppError('rate_limited', { publicMessage, retryAfterS: 1 })
      }
      uploads.set(orgId, under + 1)
      try {
        return await work()
      } finally {
        const left = (uploads.get(orgId) ?? 1) - 1
        if (left > 0) uploads.set(orgId, left)
        else uploads.delete(orgId)
      }
    },
    close: () => queue.close(),
  }
}
