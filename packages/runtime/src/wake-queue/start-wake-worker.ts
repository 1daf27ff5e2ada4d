/**
 * The consuming side of a wake queue: a thin shell that looks at what an id stands for and is told when to look again.
 *
 * A look must be idempotent: an id is delivered again when a worker dies, when two add it, and after Redis lost it.
 */
import { DelayedError, Worker, type Job } from 'bullmq'
import type { Logger } from '../logger.ts'

/** What a look found: nothing more to do, or when to look again, ms from now. */
export type Looked = { readonly kind: 'done' } | { readonly kind: 'again' | 'wait'; readonly delayMs: number }

export interface WakeWorkerOptions {
  readonly redisUrl: string
  readonly name: string
  readonly logger: Logger
  readonly look: (id: string) => Promise<Looked>
  /** Ids looked at at once in this process. */
  readonly concurrency: number
  /** The ids of a killed worker are taken over after about this long, ms. */
  readonly lockMs?: number
  /** When to look again after a look that threw, ms. Without it the id leaves the queue until a sweep adds it. */
  readonly failedAgainMs?: number
}

const LOCK_MS = 10_000

/** Looks until it is closed; `close()` lets what is under way end, `close(true)` does not. */
export function startWakeWorker(options: WakeWorkerOptions): { close(force?: boolean): Promise<void> } {
  const { redisUrl, name, logger, look, concurrency, lockMs = LOCK_MS, failedAgainMs } = options

  async function wake(job: Job, token?: string): Promise<void> {
    const id = job.id ?? ''
    const looked = await look(id).catch((error: unknown): Looked => {
      if (failedAgainMs === undefined) throw error
      logger.warn({ err: error, queue: name, id }, 'a look failed; it comes again')
      return { kind: 'again', delayMs: failedAgainMs }
    })
    if (looked.kind === 'done') return
    await job.moveToDelayed(Date.now() + looked.delayMs, token)
    throw new DelayedError()
  }

  const worker = new Worker(name, wake, {
    connection: { url: redisUrl, maxRetriesPerRequest: null },
    concurrency,
    lockDuration: lockMs,
    stalledInterval: lockMs / 2,
    // However often workers die, the row decides when its work is over.
    maxStalledCount: 1_000_000,
  })
  worker.on('error', (error) => logger.debug({ err: error, queue: name }, 'a worker lost Redis'))
  worker.on('failed', (job, error) => logger.error({ err: error, queue: name, id: job?.id }, 'a look failed'))
  return worker
}
