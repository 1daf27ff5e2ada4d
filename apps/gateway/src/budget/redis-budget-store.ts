/** The budget script on Redis. Numbers cross as decimal text; Lua's doubles are exact up to 2⁵³ µUSD (nine billion USD). */
import { leaseHoldField, leasePaidField, redisKeys, type Hex } from '@isochrone/protocol'
import { payFromLeaseScript, syncBudgetScript } from './sync-script.ts'
import type { BudgetStore } from './budget-types.ts'

/** The part of ioredis that running a script needs. */
export interface ScriptRunner {
  eval(script: string, keyCount: number, ...args: (string | number)[]): Promise<unknown>
}

/** Where a limit is kept. */
export interface BudgetPlace {
  /** Hash of what lanes have spent of it and lease of it. */
  sums: string
  /** Hash whose field `limit` it is. */
  limit: string
  /** How long the sums outlive the last word of a lane, s; 0 = for ever. */
  keptS: number
}

const ofChannel = (channelId: Hex): BudgetPlace => {
  const hash = redisKeys.budget(channelId)
  return { sums: hash, limit: hash, keptS: 0 }
}

/**
 * Budget calls of one lane, for channels where nothing else is said. Calls carry a number that grows, even across restarts;
 * where a clock went back, the number that Redis has seen is taken up.
 */
export function createRedisBudgetStore(redis: ScriptRunner, lane: Hex): BudgetStore
export function createRedisBudgetStore<Id extends string>(
  redis: ScriptRunner,
  lane: Hex,
  placeOf: (id: Id) => BudgetPlace,
): BudgetStore<Id>
export function createRedisBudgetStore(
  redis: ScriptRunner,
  lane: Hex,
  placeOf: (id: Hex) => BudgetPlace = ofChannel,
): BudgetStore {
  let lastOp = 0

  async function call(id: Hex, numbers: readonly bigint[]): Promise<bigint[]> {
    lastOp = Math.max(lastOp + 1, Date.now() * 1_000)
    const { sums, limit, keptS } = placeOf(id)
    const reply = await redis.eval(syncBudgetScript, 2, sums, limit, lane, lastOp, ...numbers.map(String), keptS)
    if (!Array.isArray(reply) || reply.length < 2) throw new Error('the budget script answered nonsense')
    return reply.map((part) => BigInt(String(part)))
  }

  return {
    async sync(id, { spent, held, wanted }) {
      let reply = await call(id, [spent, held, wanted])
      if (isLate(reply)) {
        lastOp = Number(reply[1])
        reply = await call(id, [spent, held, wanted])
      }
      const [granted, counted, limit, spentMicroUsd, heldMicroUsd] = reply
      if (isLate(reply)) throw new Error('another process signs for this lane')
      if (granted === undefined || counted === undefined || limit === undefined) throw nonsense()
      if (spentMicroUsd === undefined || heldMicroUsd === undefined) throw nonsense()
      const standing = { limitMicroUsd: limit < 0n ? null : limit, spentMicroUsd, heldMicroUsd }
      return { granted, spent: counted, standing }
    },
    async payFromLease(id, { leaseId, spent, reservedMicroUsd, billedMicroUsd }) {
      const fields = [leaseHoldField(leaseId), leasePaidField(leaseId)]
      const sums = [reservedMicroUsd.toString(), billedMicroUsd.toString()]
      await redis.eval(payFromLeaseScript, 1, placeOf(id).sums, lane, spent.toString(), ...fields, ...sums)
    },
  }
}

const isLate = ([granted]: readonly bigint[]): boolean => granted !== undefined && granted < 0n
const nonsense = (): Error => new Error('the budget script answered nonsense')

/** The part of ioredis that reading many hashes at once needs. */
export interface HashReader {
  pipeline(commands: string[][]): { exec(): Promise<[Error | null, unknown][] | null> }
}

const READ_AT_ONCE = 500

/** Of these channels, or limits that are kept elsewhere, those on which Redis counts a lease of the lane. */
export async function leasedOf<Id extends string>(
  redis: HashReader,
  lane: Hex,
  ids: readonly Id[],
  sumsOf: (id: Id) => string = redisKeys.budget,
): Promise<Id[]> {
  const found: Id[] = []
  for (let at = 0; at < ids.length; at += READ_AT_ONCE) {
    const some = ids.slice(at, at + READ_AT_ONCE)
    const replies = await redis.pipeline(some.map((id) => ['hget', sumsOf(id), `lease:${lane}`])).exec()
    for (const [index, [error, value]] of (replies ?? []).entries()) {
      if (error) throw error
      const id = some[index]
      if (id !== undefined && typeof value === 'string' && BigInt(value) > 0n) found.push(id)
    }
  }
  return found
}
