/**
 * Group commit in two steps: what is appended together goes to the file in one write, and whatever was written while one
 * sync ran is covered by the next one.
 *
 * Written survives the death of this process, durable that of the machine. At low rates a record is written and synced at
 * once, one that nobody waits for is synced within {@link SOON_MS}. Where much happens ({@link SyncPace}), a write takes what its
 * turn of the event loop appends, and syncs are at least `gatherMs` apart. After a failed write or sync nothing is known about the file,
 * so it stays failed: only a restart reads it afresh.
 */
import { AppError } from '@isochrone/domain'
import { SyncPace } from '@isochrone/runtime'

/** Bytes that may wait for the disk. */
const QUEUE_BYTES_MAX = 64 * 1024 * 1024
/** How long a record whose durability nobody waits for may wait for a sync that it can share. */
const SOON_MS = 10
export interface Pushed {
  /** Resolves when the file has it: a kill of this process loses it no more. */
  written: Promise<void>
  /** Resolves when the disk has it. */
  durable: Promise<void>
}

export interface GroupCommit<Frame> {
  /** `soon`: nobody waits for its durability, so it does not begin a sync of its own at once. */
  push(frame: Frame, soon?: boolean): Pushed
  readonly failure: Error | null
  /** Resolves when everything queued is on disk; nothing may be pushed afterwards. */
  drain(): Promise<void>
}

export interface GroupCommitOptions<Frame> {
  /** Puts the frames into the file in order; a promise where that takes more than a write. */
  write: (frames: Frame[]) => Promise<void> | void
  /** Makes durable what was written before; `records` is how many that are. */
  sync: (records: number) => Promise<void>
  gatherMs: number
  onCommit: ((durationMs: number, records: number) => void) | undefined
}

/** `length`: bytes. */
interface Waiting<Frame extends { length: number }> {
  frame: Frame
  soon: boolean
  written: PromiseWithResolvers<void>
  durable: PromiseWithResolvers<void>
}

export function createGroupCommit<Frame extends { length: number }>({
  write,
  sync,
  gatherMs,
  onCommit,
}: GroupCommitOptions<Frame>): GroupCommit<Frame> {
  let queue: Waiting<Frame>[] = []
  let unsynced: Waiting<Frame>[] = []
  let waitingBytes = 0
  let failure: Error | null = null
  let draining = false
  let writing: Promise<void> | null = null
  let syncing: Promise<void> | null = null
  /** Of what is not synced, something is waited for. */
  let isDue = false
  let soonTimer: NodeJS.Timeout | undefined
  const pace = new SyncPace(gatherMs)

  async function writeAll(): Promise<void> {
    // A turn of the event loop is 0.05 ms where little happens and longer where much does.
    if (pace.isBusy) await new Promise((resolve) => setImmediate(resolve))
    else await Promise.resolve()
    while (queue.length > 0) {
      const batch = queue
      queue = []
      try {
        const slow = write(batch.map(({ frame }) => frame))
        if (slow) await slow
      } catch (error) {
        return fail(error, batch)
      }
      for (const { written } of batch) written.resolve()
      unsynced.push(...batch)
      if (draining || batch.some(({ soon }) => !soon)) startSync()
      else soonTimer ??= setTimeout(startSync, SOON_MS)
    }
    // In the same turn as the look at the queue: a later push has to start the next write.
    writing = null
  }

  function startSync(): void {
    if (unsynced.length === 0) return
    isDue = true
    syncing ??= syncAll()
  }

  async function syncAll(): Promise<void> {
    while (isDue && unsynced.length > 0) {
      const waitMs = draining ? 0 : pace.waitMs
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
      const batch = unsynced
      unsynced = []
      isDue = false
      clearTimeout(soonTimer)
      soonTimer = undefined
      const startMs = performance.now()
      try {
        await sync(batch.length)
      } catch (error) {
        return fail(error, batch)
      }
      pace.ended(batch.filter(({ soon }) => !soon).length)
      onCommit?.(performance.now() - startMs, batch.length)
      for (const { frame, durable } of batch) {
        waitingBytes -= frame.length
        durable.resolve()
      }
    }
    syncing = null
  }

  function fail(error: unknown, batch: Waiting<Frame>[]): void {
    failure ??= error instanceof Error ? error : new Error(String(error))
    for (const { written, durable } of [...batch, ...unsynced, ...queue]) {
      written.reject(failedError(failure))
      durable.reject(failedError(failure))
    }
    queue = []
    unsynced = []
    waitingBytes = 0
    clearTimeout(soonTimer)
  }

  return {
    get failure() {
      return failure
    },
    push(frame, soon = false) {
      if (failure) throw failedError(failure)
      if (draining) throw new AppError('internal', { publicMessage: 'The gateway is stopping. Try again.' })
      if (waitingBytes + frame.length > QUEUE_BYTES_MAX) {
        throw new AppError('internal', { publicMessage: 'The journal cannot keep up with its disk. Try again.' })
      }
      waitingBytes += frame.length
      const waiting = { frame, soon, written: Promise.withResolvers<void>(), durable: Promise.withResolvers<void>() }
      const { written, durable } = waiting
      // Whoever appended may look at the outcome later; until then a failure is not an unhandled one.
      written.promise.catch(() => undefined)
      durable.promise.catch(() => undefined)
      queue.push(waiting)
      writing ??= writeAll()
      return { written: written.promise, durable: durable.promise }
    },
    async drain() {
      draining = true
      while (writing !== null || syncing !== null || unsynced.length > 0) {
        await writing
        startSync()
        await syncing
        if (failure) return
      }
    },
  }
}

function failedError(cause: Error): AppError {
  return new AppError('internal', {
    publicMessage: 'The gateway cannot write its journal and accepts nothing until it is restarted.',
    cause,
  })
}
