/**
 * The producing side of a wake queue: a BullMQ queue that holds ids alone, each at most once. What is to be done stands in
 * the row of that id; a sweep adds what a queue has lost, so losing one loses nothing.
 */
import { Queue } from 'bullmq'
import type { Logger } from '../logger.ts'

export interface WakeQueueOptions {
  readonly redisUrl: string
  readonly name: string
  readonly logger: Logger
  /** `fail`: an id is refused at once while Redis is away, for callers that somebody waits for. Default: `retry` once. */
  readonly whenAway?: 'retry' | 'fail'
}

export interface WakeQueue {
  /** An id that is there already is not added again. */
  add(id: string): Promise<void>
  addAll(ids: readonly string[]): Promise<void>
  close(): Promise<void>
}

export function openWakeQueue({ redisUrl, name, logger, whenAway = 'retry' }: WakeQueueOptions): WakeQueue {
  const queue = new Queue(name, {
    connection: { url: redisUrl, maxRetriesPerRequest: 1, ...(whenAway === 'fail' && { enableOfflineQueue: false }) },
  })
  queue.on('error', (error) => logger.debug({ err: error, queue: name }, 'a queue lost Redis'))
  const addAll = async (ids: readonly string[]) => {
    const opts = { removeOnComplete: true, removeOnFail: true } as const
    await queue.addBulk(ids.map((id) => ({ name: 'look', data: {}, opts: { ...opts, jobId: id } })))
  }
  return { add: (id) => addAll([id]), addAll, close: () => queue.close() }
}
