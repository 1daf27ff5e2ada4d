/**
 * What the worker does again and again, as BullMQ job schedulers on one queue, one round at a time.
 *
 * Each round takes what is due from Postgres and the chain, so a lost, late or doubled round changes nothing. Schedulers
 * are put back regularly, because a Redis that lost its data has lost them too.
 */
import { redisKeys } from '@isochrone/protocol'
import type { Logger } from '@isochrone/runtime'
import { Queue, Worker, type Job } from 'bullmq'

export interface Round {
  name: string
  everyMs: number
  run(): Promise<void>
}

const QUEUE = redisKeys.queueRounds
const RESCHEDULE_MS = 15_000
/** A killed worker's round is taken over after about this long, ms. */
const LOCK_MS = 10_000

export async function startRounds({
  redisUrl,
  rounds,
  logger,
}: {
  redisUrl: string
  rounds: readonly Round[]
  logger: Logger
}): Promise<{ stop(): Promise<void> }> {
  const queue = new Queue(QUEUE, { connection: { url: redisUrl, maxRetriesPerRequest: 1 } })
  queue.on('error', (error) => logger.debug({ err: error }, 'the rounds queue lost Redis'))
  const byName = new Map(rounds.map((round) => [round.name, round]))
  const lastLines = new Map<string, string>()

  const schedule = async () => {
    for (const { name, everyMs } of rounds) {
      const opts = { removeOnComplete: true, removeOnFail: true } as const
      await queue.upsertJobScheduler(name, { every: everyMs }, { name, opts })
    }
  }

  const worker = new Worker(
    QUEUE,
    async (job: Job) => {
      try {
        await byName.get(job.name)?.run()
        if (lastLines.delete(job.name)) logger.info({ round: job.name }, 'a round works again')
      } catch (error) {
        // The same trouble each second is one line, not a thousand.
        const line = error instanceof Error ? error.message : String(error)
        if (lastLines.get(job.name) !== line)
          logger.warn({ err: error, round: job.name }, 'a round failed; it comes again')
        lastLines.set(job.name, line)
      }
    },
    {
      connection: { url: redisUrl, maxRetriesPerRequest: null },
      concurrency: 1,
      lockDuration: LOCK_MS,
      stalledInterval: LOCK_MS / 2,
      maxStalledCount: 1_000_000,
    },
  )
  worker.on('error', (error) => logger.debug({ err: error }, 'the rounds worker lost Redis'))

  await schedule()
  const timer = setInterval(() => void schedule().catch(() => {}), RESCHEDULE_MS)
  return {
    async stop() {
      clearInterval(timer)
      await worker.close()
      await queue.close()
    },
  }
}
