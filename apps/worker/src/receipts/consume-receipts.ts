/**
 * Follows the receipts stream as one consumer of a group: reads, stores, and only then acknowledges and deletes.
 *
 * An entry that a dead worker took is claimed after a while. One that can never be stored goes to a stream of its own,
 * with the reason, before it is acknowledged: nothing is ever dropped.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { redisKeys } from '@isochrone/protocol'
import type { Logger } from '@isochrone/runtime'
import type { IngestResult, PublishedEntry } from '@isochrone/services'
import type { Redis } from 'ioredis'

export interface ConsumeReceiptsOptions {
  /** A connection of its own: reads block it. */
  redis: Redis
  ingest: (entries: readonly PublishedEntry[]) => Promise<IngestResult>
  consumer: string
  logger: Logger
  /** Entries that another consumer has held for so long are taken over, ms. */
  idleMsMin?: number
}

type StreamEntry = [id: string, fields: string[] | null]

/** Entries that can never be stored, with the reason: for a person. */
export const REJECTED_STREAM = `${redisKeys.receipts}:rejected`
const BATCH_ENTRIES = 256
const BLOCK_MS = 1_000
const RETRY_MS = 500

export function consumeReceipts(options: ConsumeReceiptsOptions): { stored(): number; stop(): Promise<void> } {
  const { redis, ingest, consumer, logger, idleMsMin = 10_000 } = options
  const { receipts: stream, receiptsGroup: group } = redisKeys
  const stopping = new AbortController()
  let stored = 0
  let grouped = false
  let ownPending = true
  let claimedAtMs = 0

  async function step(): Promise<void> {
    if (!grouped) await makeGroup()
    const entries = await nextEntries()
    if (entries.length === 0) return
    const result = await ingest(entries.flatMap(entryOf))
    stored += result.stored
    for (const { id, json, reason } of result.rejected) {
      logger.error({ id, reason }, 'a journal entry cannot be stored; it is kept aside')
      await redis.xadd(REJECTED_STREAM, '*', 'source', id, 'reason', reason, 'entry', json)
    }
    const ids = entries.map(([id]) => id)
    await redis
      .multi()
      .xack(stream, group, ...ids)
      .xdel(stream, ...ids)
      .exec()
  }

  async function makeGroup(): Promise<void> {
    await redis.xgroup('CREATE', stream, group, '0', 'MKSTREAM').catch((error: unknown) => {
      if (!String(error).includes('BUSYGROUP')) throw error
    })
    grouped = true
  }

  /** What this consumer took before and did not finish, then what others left, then what is new. */
  async function nextEntries(): Promise<StreamEntry[]> {
    if (ownPending) {
      const own = await read('0')
      if (own.length > 0) return own
      ownPending = false
    }
    if (Date.now() - claimedAtMs > idleMsMin / 2) {
      claimedAtMs = Date.now()
      const reply = await redis.xautoclaim(stream, group, consumer, idleMsMin, '0', 'COUNT', BATCH_ENTRIES)
      const claimed = (reply as [string, StreamEntry[]])[1]
      if (claimed.length > 0) {
        claimedAtMs = 0
        return claimed
      }
    }
    return read('>')
  }

  async function read(from: '0' | '>'): Promise<StreamEntry[]> {
    const block = from === '>' ? (['BLOCK', BLOCK_MS] as const) : []
    const args = ['GROUP', group, consumer, 'COUNT', BATCH_ENTRIES, ...block, 'STREAMS', stream, from] as const
    // Raw calls answer a map as one flat list: the stream's name, then its entries.
    const reply = (await redis.call('XREADGROUP', ...args)) as [string, StreamEntry[]] | null
    return reply?.[1] ?? []
  }

  const running = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await step()
      } catch (error) {
        if (stopping.signal.aborted) break
        if (redis.status === 'ready') logger.warn({ err: error }, 'receipts wait in the stream')
        // The group is gone with a Redis that lost its data; what was read and not stored comes again.
        grouped = false
        ownPending = true
        await sleep(RETRY_MS, undefined, { signal: stopping.signal }).catch(() => {})
      }
    }
  })()

  return {
    stored: () => stored,
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** An entry that was deleted while it was pending has no fields: it was stored by another consumer. */
function entryOf([id, fields]: StreamEntry): PublishedEntry[] {
  if (fields === null) return []
  const at = fields.indexOf('entry')
  return [{ id, json: (at >= 0 ? fields[at + 1] : undefined) ?? '' }]
}
