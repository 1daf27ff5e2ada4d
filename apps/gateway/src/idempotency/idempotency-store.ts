/**
 * Where claims on idempotency keys and the answers kept for them are: Redis between gateways, a map in tests.
 *
 * Values are opaque text; names and answers say nothing of keys, prompts or answers to who reads the store.
 */
import type { Redis } from 'ioredis'

export interface IdempotencyStore {
  /** Sets the value where there is none and returns null; else the value that is there. */
  claim(name: string, value: string): Promise<string | null>
  get(name: string): Promise<string | null>
  /** Replaces the value for what is left of its day. */
  put(name: string, value: string): Promise<void>
  release(name: string): Promise<void>
  /** Counts bytes that an organisation keeps today; false where they would be more than it may. */
  mayKeep(orgId: string, bytes: number): Promise<boolean>
}

/** How long a key holds. */
export const KEPT_MS = 24 * 3_600_000
/** Answers of one organisation that are kept in one day, bytes. */
const ORG_BYTES_MAX = 256 * 1024 * 1024

/** Keys under `iso:idem:`; each expires by itself. */
export function redisIdempotencyStore(redis: Redis): IdempotencyStore {
  const keyOf = (name: string): string => `iso:idem:${name}`
  return {
    claim: (name, value) => redis.set(keyOf(name), value, 'PX', KEPT_MS, 'NX', 'GET'),
    get: (name) => redis.get(keyOf(name)),
    put: async (name, value) => void (await redis.set(keyOf(name), value, 'KEEPTTL')),
    release: async (name) => void (await redis.del(keyOf(name))),
    async mayKeep(orgId, bytes) {
      const key = `iso:idem-bytes:${orgId}:${Math.floor(Date.now() / KEPT_MS)}`
      const total = await redis.incrby(key, bytes)
      await redis.pexpire(key, 2 * KEPT_MS)
      return total <= ORG_BYTES_MAX
    },
  }
}

/** For one process: at most `entriesMax` keys, oldest out first. */
export function memoryIdempotencyStore(entriesMax = 10_000): IdempotencyStore {
  const values = new Map<string, string>()
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
    get: async (name) => values.get(name) ?? null,
    put: async (name, value) => void values.set(name, value),
    release: async (name) => void values.delete(name),
    mayKeep: async () => true,
  }
}
