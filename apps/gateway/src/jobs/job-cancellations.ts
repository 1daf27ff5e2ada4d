/**
 * Tells the gateway that runs a job that its owner has cancelled it, so that the engine stops.
 *
 * A key in Redis for each cancelled job, looked for once a second for all that run here. Where Redis is away the node goes on
 * to its end and is paid; the job is cancelled all the same, because its row says so.
 */
import { redisKeys } from '@isochrone/protocol'
import type { Redis } from 'ioredis'

export interface JobCancellations {
  announce(jobId: string): Promise<void>
  /** Calls `onCancelled` once at most, until it is unwatched. */
  watch(jobId: string, onCancelled: () => void): () => void
  stop(): void
}

const LOOK_MS = 500
const KEPT_S = 900

export function createJobCancellations(redis: Redis): JobCancellations {
  const watched = new Map<string, () => void>()
  let looking = false

  async function look(): Promise<void> {
    const jobIds = [...watched.keys()]
    const values = await Promise.all(jobIds.map((jobId) => redis.exists(redisKeys.jobCancelled(jobId))))
    for (const [index, jobId] of jobIds.entries()) {
      if (values[index] !== 1) continue
      const onCancelled = watched.get(jobId)
      watched.delete(jobId)
      onCancelled?.()
    }
  }

  const timer = setInterval(() => {
    if (looking || watched.size === 0 || redis.status !== 'ready') return
    looking = true
    look()
      .catch(() => {
        // Redis went away between two looks; the next one tries again.
      })
      .finally(() => (looking = false))
  }, LOOK_MS)
  timer.unref()

  return {
    async announce(jobId) {
      await redis.set(redisKeys.jobCancelled(jobId), '1', 'EX', KEPT_S)
    },
    watch(jobId, onCancelled) {
      watched.set(jobId, onCancelled)
      return () => void watched.delete(jobId)
    },
    stop: () => clearInterval(timer),
  }
}
