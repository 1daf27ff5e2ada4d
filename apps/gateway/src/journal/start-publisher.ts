/**
 * Ships journalled entries to the Redis Stream, in order and at least once; the worker stores each exactly once.
 *
 * Reads from the journal, so Redis may be away for as long as the disk lasts without memory growing. How far it got is
 * kept in a small file; after Redis was away it steps back a little, because a Redis that died may have lost the last
 * moments of its append-only file.
 */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { redisKeys } from '@isochrone/protocol'
import type { Logger } from '@isochrone/runtime'
import type { Redis } from 'ioredis'
import type { Journal } from './journal.ts'

export interface PublisherOptions {
  journal: Journal
  /** A connection of its own: `redis.duplicate()`. The publisher never closes it. */
  redis: Redis
  /** Where `published.json` is kept: the journal's directory. */
  dir: string
  logger: Logger
  /** Stream name, for tests. */
  stream?: string
  /** How far to step back after a reconnect, ms of publishing. Default 5,000. */
  rewindMs?: number
}

export interface Publisher {
  /** Newest record that Redis has acknowledged, local ones skipped. */
  readonly publishedIndex: number
  readonly lagRecords: number
  stop(): Promise<void>
}

const BATCH_RECORDS_MAX = 256
const BATCH_BYTES_MAX = 4 * 1024 * 1024
const RETRY_MS_MAX = 2_000
const SAVE_EVERY_MS = 200
/** One call for a batch, and all of it or, where Redis dies in between, perhaps less: then it is published again. */
const ADD_ALL = `
for i = 2, #ARGV do redis.call('XADD', KEYS[1], '*', ARGV[1], ARGV[i]) end
return #ARGV - 1
`
/** Pause after a batch that was not full: many commits share one reading of the file and one call of Redis. */
const GATHER_MS = 20

export async function startPublisher(options: PublisherOptions): Promise<Publisher> {
  const { journal, redis, dir, logger, stream = redisKeys.receipts, rewindMs = 5_000 } = options
  const file = join(dir, 'published.json')
  let published = Math.min(await loadPosition(file), journal.lastIndex)
  let saved = published
  let savedAtMs = 0
  let stopped = false
  let wake: (() => void) | null = null
  /** Where publishing stood at recent times, oldest first; at most one a second is kept. */
  let trail: { atMs: number; index: number }[] = []
  let rewindDue = false

  const signal = () => wake?.()
  // What Redis may lose when it dies is published again, so that much is kept, too.
  journal.registerReader(() => (trail[0]?.index ?? published) + 1)
  journal.onDurable(signal)
  const onConnectionEnd = () => (rewindDue = true)
  redis.on('close', onConnectionEnd)

  function rewind(): void {
    rewindDue = false
    const back = trail[0]
    if (back && back.index < published) {
      logger.info({ from: published, to: back.index }, 'publishing the last receipts again: Redis was away')
      published = back.index
    }
    trail = []
  }

  /** Resolves with whether there was nothing, a full batch, or something between. */
  async function publishBatch(): Promise<'none' | 'some' | 'full'> {
    const batch: Buffer[] = []
    let bytes = 0
    let upTo = published
    for await (const record of journal.read(published + 1)) {
      upTo = record.index
      if (record.kind === 'published') {
        batch.push(record.payload)
        bytes += record.payload.length
      }
      if (batch.length >= BATCH_RECORDS_MAX || bytes >= BATCH_BYTES_MAX) break
    }
    if (batch.length > 0) {
      await redis.eval(ADD_ALL, 1, stream, redisKeys.receiptsField, ...batch)
    }
    const moved = upTo > published
    published = upTo
    remember()
    if (batch.length >= BATCH_RECORDS_MAX || bytes >= BATCH_BYTES_MAX) return 'full'
    return moved ? 'some' : 'none'
  }

  function remember(): void {
    const atMs = performance.now()
    if (atMs - (trail.at(-1)?.atMs ?? -Infinity) < 1_000) return
    trail.push({ atMs, index: published })
    while (trail[1] && atMs - trail[1].atMs > rewindMs) trail.shift()
  }

  async function savePosition(force: boolean): Promise<void> {
    if (published === saved || (!force && performance.now() - savedAtMs < SAVE_EVERY_MS)) return
    await writeFile(`${file}.next`, JSON.stringify({ published }))
    await rename(`${file}.next`, file)
    saved = published
    savedAtMs = performance.now()
  }

  async function loop(): Promise<void> {
    let retryMs = 100
    while (!stopped) {
      try {
        if (rewindDue && redis.status === 'ready') rewind()
        const moved = await publishBatch()
        await savePosition(false)
        retryMs = 100
        if (moved === 'none') await sleep(SAVE_EVERY_MS)
        else if (moved === 'some') await pause(GATHER_MS)
      } catch (error) {
        if (stopped) break
        logger.warn({ err: error, retryMs, lag: journal.lastIndex - published }, 'receipts wait in the journal')
        rewindDue = true
        await sleep(retryMs)
        retryMs = Math.min(retryMs * 2, RETRY_MS_MAX)
      }
    }
  }

  /** Until the next commit, at most `ms`. */
  function sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms)
      function done(): void {
        clearTimeout(timer)
        wake = null
        resolve()
      }
      wake = done
    })
  }

  const running = loop()
  return {
    get publishedIndex() {
      return published
    },
    get lagRecords() {
      return journal.lastIndex - published
    },
    async stop() {
      stopped = true
      redis.off('close', onConnectionEnd)
      signal()
      // A batch may be waiting for a Redis that is away; it goes out again at the next start.
      await Promise.race([running, new Promise((resolve) => setTimeout(resolve, 1_000).unref())])
      await savePosition(true)
    },
  }
}

/** A lost or damaged position means publishing everything again: the worker stores each entry once. */
async function loadPosition(file: string): Promise<number> {
  try {
    const { published } = JSON.parse(await readFile(file, 'utf8')) as { published?: unknown }
    return typeof published === 'number' && Number.isSafeInteger(published) && published >= 0 ? published : 0
  } catch {
    return 0
  }
}
