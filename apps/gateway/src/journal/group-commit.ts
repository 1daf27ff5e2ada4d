/**
 * Group commit: whatever was queued while one fsync ran goes out with the next one.
 *
 * When idle a record is on disk at once; when busy, commits are at least `gatherMs` apart and many records share one.
 * After a failed write nothing is known about the file, so the writer stays failed: only a restart reads it afresh.
 */
import { AppError } from '@isochrone/domain'

/** Bytes that may wait for the disk. */
const QUEUE_BYTES_MAX = 64 * 1024 * 1024

export interface GroupCommit {
  push(frame: Buffer): Promise<void>
  readonly failure: Error | null
  /** Resolves when everything queued is on disk; nothing may be pushed afterwards. */
  drain(): Promise<void>
}

export interface GroupCommitOptions {
  /** Writes the frames in order and syncs them. */
  write: (frames: Buffer[]) => Promise<void>
  gatherMs: number
  onCommit: ((durationMs: number, records: number) => void) | undefined
}

interface Waiting {
  frame: Buffer
  resolve: () => void
  reject: (error: Error) => void
}

export function createGroupCommit({ write, gatherMs, onCommit }: GroupCommitOptions): GroupCommit {
  let queue: Waiting[] = []
  let queuedBytes = 0
  let failure: Error | null = null
  let draining = false
  let lastEndMs = -Infinity
  let running: Promise<void> | null = null

  async function run(): Promise<void> {
    for (;;) {
      if (queue.length === 0) {
        // In the same turn as the look at the queue: a later push has to start the next run.
        running = null
        return
      }
      const wait = draining ? 0 : lastEndMs + gatherMs - performance.now()
      await (wait > 0
        ? new Promise((resolve) => setTimeout(resolve, wait))
        : new Promise((resolve) => setImmediate(resolve)))
      const batch = queue
      queue = []
      queuedBytes = 0
      const startMs = performance.now()
      try {
        await write(batch.map(({ frame }) => frame))
      } catch (error) {
        fail(error instanceof Error ? error : new Error(String(error)), batch)
        return
      }
      lastEndMs = performance.now()
      onCommit?.(lastEndMs - startMs, batch.length)
      for (const { resolve } of batch) resolve()
    }
  }

  function fail(error: Error, batch: Waiting[]): void {
    failure = error
    for (const { reject } of [...batch, ...queue]) reject(failedError(error))
    queue = []
    queuedBytes = 0
  }

  return {
    get failure() {
      return failure
    },
    push(frame) {
      if (failure) throw failedError(failure)
      if (draining) throw new AppError('internal', { publicMessage: 'The gateway is stopping. Try again.' })
      if (queuedBytes + frame.length > QUEUE_BYTES_MAX) {
        throw new AppError('internal', { publicMessage: 'The journal cannot keep up with its disk. Try again.' })
      }
      queuedBytes += frame.length
      const durable = new Promise<void>((resolve, reject) => queue.push({ frame, resolve, reject }))
      // Whoever appended may look at the outcome later; until then a failure is not an unhandled one.
      durable.catch(() => undefined)
      running ??= run()
      return durable
    },
    async drain() {
      draining = true
      await running
    },
  }
}

function failedError(cause: Error): AppError {
  return new AppError('internal', {
    publicMessage: 'The gateway cannot write its journal and accepts nothing until it is restarted.',
    cause,
  })
}
