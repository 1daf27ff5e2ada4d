/**
 * Where claims on idempotency keys and the answers kept for them are: Redis between gateways, a map in tests.
 *
 * Values are opaque text; names and answers say nothing of keys, prompts or answers to who reads the store. A value is
 * replaced and taken away only by who put it there, and every key expires by itself.
 */
import { systemClock, type Clock } from '@isochrone/domain'
import type { Redis } from 'ioredis'

export interface IdempotencyStore {
  /** Sets the value where there is none and returns null; else the value that is there. */
  claim(name: string, value: string): Promise<string | null>
  /** Replaces `value` for `leftMs`, also where the store has lost it; what somebody else has put there stays. */
  put(name: string, value: string, next: string, leftMs: number): Promise<void>
  /** Takes `value` away; what somebody else has put there stays. */
  release(name: string, value: string): Promise<void>
  /** Says that these are under way; it holds for {@link RUNNING_SAID_MS}. */
  sayRunning(names: readonly string[]): Promise<void>
  isRunning(name: string): Promise<boolean>
  /** Counts bytes that an organisation keeps today; false where they would be more than it may. */
  mayKeep(orgId: string, bytes: number): Promise<boolean>
}

/** How long a key holds. */
export const KEPT_MS = 24 * 3_600_000
/** How long it counts that somebody said that a request is under way. */
export const RUNNING_SAID_MS = 6_000
/** Answers of one organisation that are kept in one day, bytes. */
const ORG_BYTES_MAX = 256 * 1024 * 1024

const putScript = `
local known = redis.call('GET', KEYS[1])
if known == false or known == ARGV[1] then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1`

const releaseScript = `
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1`

/** Keys under `iso:idem:`. */
export function redisIdempotencyStore(redis: Redis): IdempotencyStore {
  const keyOf = (name: string): string => `iso:idem:${name}`
  const runningKeyOf = (name: string): string => `iso:idem-running:${name}`
  return {
    claim: (name, value) => redis.set(keyOf(name), value, 'PX', KEPT_MS, 'NX', 'GET'),
    put: async (name, value, next, leftMs) => void (await redis.eval(putScript, 1, keyOf(name), value, next, leftMs)),
    release: async (name, value) => void (await redis.eval(releaseScript, 1, keyOf(name), value)),
    async sayRunning(names) {
      const pipeline = redis.pipeline()
      for (const name of names) pipeline.set(runningKeyOf(name), '1', 'PX', RUNNING_SAID_MS)
      await pipeline.exec()
    },
    isRunning: async (name) => (await redis.exists(runningKeyOf(name))) === 1,
    async mayKeep(orgId, bytes) {
      const key = `iso:idem-bytes:${orgId}:${Math.floor(Date.now() / KEPT_MS)}`
      const total = await redis.incrby(key, bytes)
      await redis.pexpire(key, 2 * KEPT_MS)
      return total <= ORG_BYTES_MAX
    },
  }
}

/** For one process: at most `entriesMax` keys, oldest out first. */
export function memoryIdempotencyStore(clock: Clock = systemClock, entriesMax = 10_000): IdempotencyStore {
  const values = new Map<string, string>()
  const saidAtMs = new Map<string, number>()
  return {
    async claim(name, value) {
      const known = values.get(name)
      if (known !== undefined) return known
      if (values.size >= entriesMax) {
        const [oldest] = values.keys()
        if (oldest !== undefined) values.delete(oldest)
      }
      values.set(name, value)
      return null
    },
    async put(name, value, next) {
      if ((values.get(name) ?? value) === value) values.set(name, next)
    },
    async release(name, value) {
      if (values.get(name) === value) values.delete(name)
    },
    async sayRunning(names) {
      for (const name of names) saidAtMs.set(name, clock.nowMs())
    },
    isRunning: async (name) => clock.nowMs() - (saidAtMs.get(name) ?? Number.NEGATIVE_INFINITY) < RUNNING_SAID_MS,
    mayKeep: async () => true,
  }
}
