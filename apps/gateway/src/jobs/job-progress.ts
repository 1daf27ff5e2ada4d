/**
 * What a background response's node has written so far, for whoever follows it: a Redis Stream for each job.
 *
 * Bounded three ways: entries, bytes and time to live. Nothing rests on it: a follower that finds it cut short or gone gets
 * the rest from the stored answer, whose events have the same numbers.
 */
import { redisKeys } from '@isochrone/protocol'
import type { Logger } from '@isochrone/runtime'
import type { Redis } from 'ioredis'

export interface ProgressWriter {
  /** Writes what is left and says no more. */
  end(): Promise<void>
  /** Says no more, and takes back what was said: its owner has cancelled the job, or erased it. Never rejects. */
  drop(): Promise<void>
}

/** What one attempt has written since the entry before. */
export interface ProgressPiece {
  /** To go on after it. */
  id: string
  attempt: number
  text: string
}

export interface JobProgress {
  /** Looks at `textSoFar` until it is ended, and writes what is new. Never throws: Redis may be away. */
  write(jobId: string, attempt: number, textSoFar: () => string): ProgressWriter
  /** Pieces after that entry, oldest first, at most 256. Throws when Redis is away. */
  read(jobId: string, afterId: string | null): Promise<ProgressPiece[]>
  /** With the job's prompt and answer goes what was shown of it. */
  erase(jobId: string): Promise<void>
}

const FLUSH_MS = 50
const ENTRIES_MAX = 4_096
/** Of one attempt; a follower waits for the stored answer beyond it. */
const TEXT_LENGTH_MAX = 512 * 1024
const KEPT_S = 900
const READ_MAX = 256

export function createJobProgress(redis: Redis, logger: Logger): JobProgress {
  async function add(jobId: string, attempt: number, text: string): Promise<void> {
    const key = redisKeys.jobProgress(jobId)
    await redis
      .multi()
      .xadd(key, 'MAXLEN', '~', ENTRIES_MAX, '*', 'a', String(attempt), 't', text)
      .expire(key, KEPT_S)
      .exec()
  }

  return {
    write(jobId, attempt, textSoFar) {
      let sent = 0
      let writing: Promise<void> | null = null
      let broken = false
      const flush = () => {
        if (writing || broken || sent >= TEXT_LENGTH_MAX) return
        const text = textSoFar().slice(sent, TEXT_LENGTH_MAX)
        if (text === '') return
        sent += text.length
        writing = add(jobId, attempt, text)
          .catch((error: unknown) => {
            // A gap must not look like the text: followers wait for the answer.
            broken = true
            logger.debug({ err: error, jobId }, 'the progress of a job could not be written')
          })
          .finally(() => (writing = null))
      }
      const timer = setInterval(flush, FLUSH_MS)
      return {
        async end() {
          clearInterval(timer)
          if (writing) await writing
          flush()
          if (writing) await writing
        },
        async drop() {
          clearInterval(timer)
          broken = true
          if (writing) await writing
          await redis.del(redisKeys.jobProgress(jobId)).catch(() => {})
        },
      }
    },
    async read(jobId, afterId) {
      const from = afterId === null ? '-' : `(${afterId}`
      const entries = await redis.xrange(redisKeys.jobProgress(jobId), from, '+', 'COUNT', READ_MAX)
      return entries.map(([id, [, attempt, , text]]) => ({ id, attempt: Number(attempt), text: text ?? '' }))
    },
    async erase(jobId) {
      await redis.del(redisKeys.jobProgress(jobId))
    },
  }
}
