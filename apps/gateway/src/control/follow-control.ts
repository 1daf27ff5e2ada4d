/**
 * Keeps the control store fresh: one snapshot from Postgres, then each numbered event of the Redis Stream in order.
 *
 * A gap in the numbers reloads the snapshot. While Redis does not answer, the snapshot is reloaded each second instead,
 * so a revoked key stops working within about a second either way. Nothing is ready before the first snapshot, nor while
 * neither of the two has said anything for a minute: what is known by then may be of keys that were revoked since.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { controlState, redisKeys, type ControlSnapshot, type ControlState } from '@isochrone/protocol'
import type { Logger } from '@isochrone/runtime'
import type { ControlStore } from './control-state.ts'

/** One XREAD reply entry: `[id, [field, value, …]]`. */
export type StreamEntry = readonly [id: string, fields: readonly string[]]

export interface FollowControlOptions {
  store: ControlStore
  loadSnapshot(): Promise<ControlSnapshot>
  /** Entries of the control stream after `version`, waiting up to `blockMs` for the first. */
  readAfter(version: number, blockMs: number): Promise<readonly StreamEntry[]>
  logger: Logger
  /** Called after each change that was applied. */
  onChange?: () => void
  /** Monotonic, ms. */
  nowMs?: () => number
}

export interface ControlFollower {
  /** True once the first snapshot is loaded, and as long as it is fresh. */
  ready(): boolean
  /** Why it is not ready, as a sentence goes on that begins with this gateway; null while it is. */
  notReady(): string | null
  stop(): Promise<void>
}

const BLOCK_MS = 1_000
const RETRY_MS = 1_000
/** After the last word of Postgres or Redis. Longer than either takes to be started anew, with what is asked of it meanwhile. */
export const CONTROL_STALE_MS_MAX = 60_000

/** Starts following; never throws, and logs what it waits for. */
export function followControl(options: FollowControlOptions): ControlFollower {
  const { store, logger, nowMs = () => performance.now() } = options
  let stale = true
  /** When one of the two has last said what there is; null before the first snapshot. */
  let freshAtMs: number | null = null
  const stopping = new AbortController()

  async function step(): Promise<void> {
    if (stale) {
      store.replace(await options.loadSnapshot())
      stale = false
      freshAtMs = nowMs()
      options.onChange?.()
    }
    const entries = await options.readAfter(store.version, BLOCK_MS)
    freshAtMs = nowMs()
    for (const [id, fields] of entries) {
      const version = Number(id.split('-')[0])
      const state = parseEvent(fields)
      if (version !== store.version + 1 || state === undefined) {
        logger.warn({ expected: store.version + 1, got: id }, 'control stream has a gap; reloading')
        stale = true
        return
      }
      store.apply(version, state)
    }
    if (entries.length > 0) options.onChange?.()
  }

  function notReady(): string | null {
    if (freshAtMs === null) return 'has not loaded its accounts yet'
    if (nowMs() - freshAtMs <= CONTROL_STALE_MS_MAX) return null
    return `has not been able to follow its accounts for ${CONTROL_STALE_MS_MAX / 1_000} s: neither Postgres nor Redis answers`
  }

  const running = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await step()
      } catch (error) {
        if (stopping.signal.aborted) return
        stale = true
        logger.warn({ err: error, ready: notReady() === null }, 'control state cannot be followed; trying again')
        await sleep(RETRY_MS, undefined, { signal: stopping.signal }).catch(() => {})
      }
    }
  })()

  return {
    ready: () => notReady() === null,
    notReady,
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** The state inside an entry, whole event or bare; undefined when it is not one of ours. */
function parseEvent(fields: readonly string[]): ControlState | undefined {
  const text = fields[1]
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    const inner = typeof value === 'object' && value !== null && 'state' in value ? value.state : value
    return controlState.safeParse(inner).data
  } catch {
    return undefined
  }
}

/** The part of ioredis that reading a stream needs. */
export interface StreamReader {
  xread(
    ...args: ['COUNT', number, 'BLOCK', number, 'STREAMS', string, string]
  ): Promise<[string, [string, string[]][]][] | null>
}

/** `readAfter` on a connection of its own: a blocking read holds it up. */
export function controlStreamReader(redis: StreamReader): FollowControlOptions['readAfter'] {
  return async (version, blockMs) => {
    const reply = await redis.xread('COUNT', 500, 'BLOCK', blockMs, 'STREAMS', redisKeys.control, `${version}-0`)
    return reply?.[0]?.[1] ?? []
  }
}
