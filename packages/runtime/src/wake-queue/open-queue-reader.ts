/** What BullMQ queues hold now, for the people who run the platform. It reads alone: no id is moved, no worker woken. */
import { Queue } from 'bullmq'
import type { Logger } from '../logger.ts'

export interface QueueReading {
  readonly name: string
  /** Ids that the next free worker takes. */
  readonly waiting: number
  /** Ids that a worker looks at now. */
  readonly active: number
  /** Ids that come again later. */
  readonly delayed: number
  readonly paused: boolean
  /** Processes that are connected to take ids of this queue. */
  readonly workers: number
  /** The id that waits longest, with when it was added, ms since the epoch; null when none waits. */
  readonly oldest: { readonly id: string; readonly addedAtMs: number } | null
  /** What comes by itself, with how often and when next. */
  readonly schedules: readonly { readonly name: string; readonly everyMs: number; readonly nextAtMs: number | null }[]
}

export interface QueueReader {
  /** In the order of the names. Rejects while Redis is away. */
  read(): Promise<QueueReading[]>
  close(): Promise<void>
}

/** BullMQ itself waits for a Redis that is away, for as long as it takes. */
const ANSWER_MS_MAX = 2_000

/** Connects on the first reading: most processes that could ask never do. */
export function openQueueReader(options: {
  readonly redisUrl: string
  readonly names: readonly string[]
  readonly logger: Logger
}): QueueReader {
  let opened: Queue[] | undefined
  const open = () =>
    options.names.map((name) => {
      const queue = new Queue(name, { connection: { url: options.redisUrl, maxRetriesPerRequest: 1 } })
      queue.on('error', (error) => options.logger.debug({ err: error, queue: name }, 'a queue reader lost Redis'))
      return queue
    })
  return {
    read: () => inTime(Promise.all((opened ??= open()).map(readingOf))),
    // A connection that never came about cannot be closed in BullMQ either.
    close: () =>
      inTime(Promise.all((opened ?? []).map((queue) => queue.close()))).then(
        () => undefined,
        () => undefined,
      ),
  }
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('Redis did not answer in time.')), ANSWER_MS_MAX)
  })
  return await Promise.race([work, late]).finally(() => clearTimeout(timer))
}

async function readingOf(queue: Queue): Promise<QueueReading> {
  const [counts, paused, workers, [oldest], schedulers] = await Promise.all([
    queue.getJobCounts('waiting', 'prioritized', 'active', 'delayed'),
    queue.isPaused(),
    queue.getWorkersCount(),
    queue.getJobs(['waiting'], 0, 0, true),
    queue.getJobSchedulers(0, -1, true),
  ])
  const count = (state: string) => counts[state] ?? 0
  return {
    name: queue.name,
    waiting: count('waiting') + count('prioritized'),
    active: count('active'),
    // A schedule keeps its next turn as a delayed id: that is shown as the schedule.
    delayed: Math.max(0, count('delayed') - schedulers.length),
    paused,
    workers,
    oldest: oldest?.id === undefined ? null : { id: oldest.id, addedAtMs: oldest.timestamp },
    schedules: schedulers.map(({ key, name, every, next }) => ({
      name: name || key,
      everyMs: every ?? 0,
      nextAtMs: next ?? null,
    })),
  }
}
