/**
 * Leases' money in the channel's budget: a field of the same hash, counted against the same limit, as the pieces that
 * gateways lease. Numbers cross as decimal text; Lua's doubles are exact up to 2⁵³ µUSD.
 */
import { leaseHoldField, leaseHoldLua, leasePaidField, redisKeys } from '@isochrone/protocol'
import type { LeaseBudget } from '../ports/lease-store.ts'
import type { RedisCommands } from '../ports/redis-commands.ts'

/** Sums over a lease's life, so that it may be repeated, and late. More is held within what is left of the limit. */
const HOLD = `${leaseHoldLua}
local key, field, paidField = KEYS[1], ARGV[1], ARGV[2]
local left, wanted, paid = holdOf(key, field, paidField, tonumber(ARGV[3]), tonumber(ARGV[4]))
if wanted > left then
  local committed, limit = 0, 0
  local fields = redis.call('HGETALL', key)
  for i = 1, #fields, 2 do
    local name, value = fields[i], fields[i + 1]
    if name == 'limit' then limit = tonumber(value)
    elseif (string.sub(name, 1, 6) == 'spent:' or string.sub(name, 1, 6) == 'lease:') and name ~= field then
      committed = committed + tonumber(value)
    end
  end
  if committed + wanted > limit then return 0 end
end
setHold(key, field, paidField, wanted, paid)
return 1`

/** Only from what was seen: a late call must not take what somebody else has held since. */
const LOWER = `${leaseHoldLua}
local key, field, paidField = KEYS[1], ARGV[1], ARGV[2]
if redis.call('HEXISTS', key, field) == 0 then return 0 end
local held, _, paid = holdOf(key, field, paidField, 0, 0)
if held + paid ~= tonumber(ARGV[3]) then return 0 end
setHold(key, field, paidField, math.max(0, tonumber(ARGV[4]) - paid), paid)
return 1`

export function redisLeaseBudget(redis: RedisCommands): LeaseBudget {
  const call = (script: string, channelId: string, leaseId: string, ...sums: bigint[]) => {
    const fields = [leaseHoldField(leaseId), leasePaidField(leaseId)]
    return redis.call('EVAL', script, 1, redisKeys.budget(channelId), ...fields, ...sums.map(String))
  }
  return {
    async hold({ channelId, leaseId, reservedMicroUsd, billedMicroUsd }) {
      return (await call(HOLD, channelId, leaseId, reservedMicroUsd, billedMicroUsd)) === 1
    },
    async lower({ channelId, leaseId, fromMicroUsd, toMicroUsd }) {
      await call(LOWER, channelId, leaseId, fromMicroUsd, toMicroUsd)
    },
    async release(channelId, leaseId) {
      const fields = [leaseHoldField(leaseId), leasePaidField(leaseId)]
      await redis.call('HDEL', redisKeys.budget(channelId), ...fields)
    },
  }
}
