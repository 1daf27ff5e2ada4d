/**
 * Leases' money in the channel's budget: a field of the same hash, counted against the same limit, as the pieces that
 * gateways lease. Numbers cross as decimal text; Lua's doubles are exact up to 2⁵³ µUSD.
 */
import { leaseHoldField, redisKeys } from '@isochrone/protocol'
import type { LeaseBudget } from '../ports/lease-store.ts'
import type { RedisCommands } from '../ports/redis-commands.ts'

/** Absolute, so that it may be repeated. Less is always possible; more, within what is left of the limit. */
const HOLD = `
local field, wanted = ARGV[1], tonumber(ARGV[2])
local held = tonumber(redis.call('HGET', KEYS[1], field) or '0')
local committed, limit = 0, 0
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local name, value = fields[i], fields[i + 1]
  if name == 'limit' then limit = tonumber(value)
  elseif (string.sub(name, 1, 6) == 'spent:' or string.sub(name, 1, 6) == 'lease:') and name ~= field then
    committed = committed + tonumber(value)
  end
end
if wanted > held and committed + wanted > limit then return 0 end
redis.call('HSET', KEYS[1], field, string.format('%.0f', wanted))
return 1`

export function redisLeaseBudget(redis: RedisCommands): LeaseBudget {
  return {
    async hold({ channelId, leaseId, microUsd }) {
      const args = [redisKeys.budget(channelId), leaseHoldField(leaseId), microUsd.toString()]
      return (await redis.call('EVAL', HOLD, 1, ...args)) === 1
    },
    async release(channelId, leaseId) {
      await redis.call('HDEL', redisKeys.budget(channelId), leaseHoldField(leaseId))
    },
  }
}
