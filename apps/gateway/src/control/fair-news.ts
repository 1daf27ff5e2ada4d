/**
 * Fairness over several gateways: what each served to which organisation, told to the others through Redis.
 *
 * In a rhythm of its own: no request waits for it, and nothing is sent while a gateway is alone or has nothing to tell.
 * Entries name organisations, models and tokens, and no content. A gateway that dies is heard no more and forgotten after
 * seconds; while Redis is away each gateway is fair by itself. Bounded in entries told, read and kept.
 */
import { redisKeys } from '@isochrone/protocol'
import type { Redis } from 'ioredis'
import { z } from 'zod'
import type { RoomNews, WaitingRoom } from '../requests/placement/waiting-room.ts'

/** How often gateways tell one another, ms: as measured in the simulator's fairness scenario. */
export const FAIR_NEWS_MS = 250

export interface FairNewsExchange {
  /** Tells and hears once. Never rejects for what others wrote; rejects when Redis is away. */
  tick(): Promise<void>
}

export interface FairNewsOptions {
  redis: Pick<Redis, 'xadd' | 'xread' | 'xrevrange' | 'status'>
  room: Pick<WaitingRoom, 'tell' | 'hear'>
  nowMs: () => number
  /** Gateways that serve now, this one included. */
  readonly gateways: () => number
}

/** Models told of in one tick, entries read in one, and entries kept for those that read late. */
const TOLD_MAX = 200
const READ_MAX = 1_000
const KEPT = 4_096
const FIELD = 'news'

const tokens = z.number().min(-1e15).max(1e15)
const roomNews = z.object({
  model: z.string().min(1).max(512),
  news: z.object({
    from: z.string().min(1).max(128),
    sequence: z.int(),
    level: tokens.nullable(),
    floor: tokens,
    served: z
      .array(z.object({ tenant: z.string().min(1).max(128), virtualTokens: tokens, counter: tokens }))
      .max(1_000),
  }),
})

export function createFairNews({ redis, room, nowMs, gateways }: FairNewsOptions): FairNewsExchange {
  /** The entry that was read last; null before the first tick: what was said before this gateway came is old. */
  let readTo: string | null = null
  let ticking = false

  async function tell(): Promise<void> {
    const told = room.tell(nowMs()).slice(0, TOLD_MAX)
    await Promise.all(
      told.map((each) => redis.xadd(redisKeys.fairness, 'MAXLEN', '~', KEPT, '*', FIELD, JSON.stringify(each))),
    )
  }

  async function hear(): Promise<void> {
    if (readTo === null) {
      const [last] = await redis.xrevrange(redisKeys.fairness, '+', '-', 'COUNT', 1)
      readTo = last?.[0] ?? '0-0'
      return
    }
    const reply = await redis.xread('COUNT', READ_MAX, 'STREAMS', redisKeys.fairness, readTo)
    for (const [id, fields] of reply?.[0]?.[1] ?? []) {
      readTo = id
      const parsed = parse(fields[1] ?? '')
      if (parsed) room.hear(parsed, nowMs())
    }
  }

  return {
    async tick() {
      if (ticking || redis.status !== 'ready') return
      ticking = true
      try {
        if (gateways() > 1) await tell()
        await hear()
      } finally {
        ticking = false
      }
    },
  }
}

function parse(text: string): RoomNews | null {
  try {
    return roomNews.safeParse(JSON.parse(text)).data ?? null
  } catch {
    return null
  }
}
