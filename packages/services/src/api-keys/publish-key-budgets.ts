/**
 * Tells gateways, through Redis, what each key may spend in a period, and what each lane has billed through it in the one
 * that runs, according to Postgres: a Redis that lost its data counts again what was spent, and a budget that was made in the
 * middle of a period begins with what the period has cost so far.
 */
import { periodAt, type Clock } from '@isochrone/domain'
import { redisKeys } from '@isochrone/protocol'
import type { KeyBudgetStore } from '../ports/key-budget-store.ts'
import type { RedisCommands } from '../ports/redis-commands.ts'

export interface KeyBudgetDeps {
  apiKeys: KeyBudgetStore
  redis: RedisCommands
  clock: Clock
}

/** Of which keys; all where nothing is said. */
export interface WhichKeys {
  keyIds?: readonly string[]
  changedSince?: Date
}

/** A period's sums outlive it by far: gateways may still report of it, and nothing is leased out of it any more. */
const PERIOD_KEPT_S = 40 * 86_400

/**
 * What was spent comes before the limit, and only grows: what a lane itself reported may be ahead of Postgres. A limit that is
 * older than what stands there changes nothing.
 */
const TELL = `
local version, limit, keptS = tonumber(ARGV[1]), ARGV[2], tonumber(ARGV[3])
for i = 4, #ARGV, 2 do
  local field = 'spent:' .. ARGV[i]
  local before = tonumber(redis.call('HGET', KEYS[2], field) or '0')
  if before < tonumber(ARGV[i + 1]) then redis.call('HSET', KEYS[2], field, ARGV[i + 1]) end
end
if keptS > 0 and #ARGV > 3 then redis.call('EXPIRE', KEYS[2], keptS) end
if tonumber(redis.call('HGET', KEYS[1], 'version') or '0') <= version then
  redis.call('HSET', KEYS[1], 'limit', limit, 'version', ARGV[1])
end
return 1`

/** Returns of how many keys it told. */
export async function publishKeyBudgets(
  { apiKeys, redis, clock }: KeyBudgetDeps,
  { keyIds, changedSince }: WhichKeys = {},
): Promise<number> {
  const nowMs = clock.nowMs()
  const budgets = await apiKeys.budgets(keyIds, changedSince)
  const spans = budgets.map(({ keyId, period }) => {
    const { startMs, endMs } = periodAt(period, nowMs)
    return { keyId, fromMs: startMs, toMs: endMs }
  })
  const spent = Map.groupBy(await apiKeys.spentByLane(spans), ({ keyId }) => keyId)
  for (const { keyId, period, microUsd, version } of budgets) {
    const lanes = (spent.get(keyId) ?? []).flatMap((row) => [row.lane, row.microUsd.toString()])
    const keys = [redisKeys.keyBudget(keyId), redisKeys.keyBudgetPeriod(keyId, periodAt(period, nowMs).id)]
    const keptS = period === 'total' ? 0 : PERIOD_KEPT_S
    await redis.call('EVAL', TELL, 2, ...keys, version.toString(), microUsd.toString(), keptS, ...lanes)
  }
  return budgets.length
}
