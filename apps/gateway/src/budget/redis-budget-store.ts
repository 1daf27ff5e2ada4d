/** The budget script on Redis. Numbers cross as decimal text; Lua's doubles are exact up to 2⁵³ µUSD (nine billion USD). */
import { leaseHoldField, redisKeys, type Hex } from '@isochrone/protocol'
import { payFromLeaseScript, syncBudgetScript } from './sync-script.ts'
import type { BudgetStore } from './budget.ts'

/** The part of ioredis that running a script needs. */
export interface ScriptRunner {
  eval(script: string, keyCount: number, ...args: (string | number)[]): Promise<unknown>
}

/**
 * Budget calls of one lane. Calls carry a number that grows, even across restarts; where a clock went back, the number
 * that Redis has seen is taken up.
 */
export function createRedisBudgetStore(redis: ScriptRunner, lane: Hex): BudgetStore {
  let lastOp = 0

  async function call(channelId: Hex, numbers: readonly bigint[]): Promise<[bigint, bigint]> {
    lastOp = Math.max(lastOp + 1, Date.now() * 1_000)
    const args = [lane, lastOp, ...numbers.map(String)]
    const reply = await redis.eval(syncBudgetScript, 1, redisKeys.budget(channelId), ...args)
    if (!Array.isArray(reply) || reply.length !== 2) throw new Error('the budget script answered nonsense')
    return [BigInt(String(reply[0])), BigInt(String(reply[1]))]
  }

  return {
    async sync(channelId, { spent, held, wanted }) {
      const numbers = [spent, held, wanted]
      let [granted, total] = await call(channelId, numbers)
      if (granted < 0n) {
        lastOp = Number(total)
        ;[granted, total] = await call(channelId, numbers)
      }
      if (granted < 0n) throw new Error('another process signs for this lane')
      return { granted, spent: total }
    },
    async payFromLease(channelId, { leaseId, spent, left }) {
      const args = [lane, spent.toString(), leaseHoldField(leaseId), left.toString()]
      await redis.eval(payFromLeaseScript, 1, redisKeys.budget(channelId), ...args)
    },
  }
}

/** The part of ioredis that reading many hashes at once needs. */
export interface HashReader {
  pipeline(commands: string[][]): { exec(): Promise<[Error | null, unknown][] | null> }
}

const READ_AT_ONCE = 500

/** Of these channels, those on which Redis counts a lease of the lane. */
export async function leasedChannels(redis: HashReader, lane: Hex, channelIds: readonly Hex[]): Promise<Hex[]> {
  const found: Hex[] = []
  for (let at = 0; at < channelIds.length; at += READ_AT_ONCE) {
    const some = channelIds.slice(at, at + READ_AT_ONCE)
    const replies = await redis.pipeline(some.map((id) => ['hget', redisKeys.budget(id), `lease:${lane}`])).exec()
    for (const [index, [error, value]] of (replies ?? []).entries()) {
      if (error) throw error
      const channelId = some[index]
      if (channelId !== undefined && typeof value === 'string' && BigInt(value) > 0n) found.push(channelId)
    }
  }
  return found
}
