/**
 * The one script that changes a budget in Redis, a channel's or a key's in one period: it reports what this lane has signed, states what it still
 * holds, and asks for more, in one atomic step.
 *
 * Safe to repeat: `spent` only grows and the held lease is absolute, so a lost reply costs nothing but a further call.
 * `op` grows with each call of a lane; a late duplicate of an older call changes nothing.
 * The limit is a field of the second hash, which is the first one's own but for keys: theirs holds for each period.
 * Invariant: Σ spent + Σ lease never exceeds `limit` by a grant of this script.
 */
import { leaseHoldLua } from '@isochrone/protocol'

export const syncBudgetScript = `
local key = KEYS[1]
local lane = ARGV[1]
local op, spent, held, wanted = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local keptS = tonumber(ARGV[6])
local lastOp = tonumber(redis.call('HGET', key, 'op:' .. lane) or '0')
if op <= lastOp then return {-1, string.format('%.0f', lastOp)} end
local before = tonumber(redis.call('HGET', key, 'spent:' .. lane) or '0')
if before > spent then spent = before end
local allSpent, allHeld = spent, held
local fields = redis.call('HGETALL', key)
local told = redis.call('HGET', KEYS[2], 'limit')
local limit = tonumber(told or '0')
for i = 1, #fields, 2 do
  local kind, owner = string.sub(fields[i], 1, 6), string.sub(fields[i], 7)
  if owner ~= lane then
    if kind == 'spent:' then allSpent = allSpent + tonumber(fields[i + 1])
    elseif kind == 'lease:' then allHeld = allHeld + tonumber(fields[i + 1]) end
  end
end
local granted = math.max(0, math.min(wanted, limit - allSpent - allHeld))
redis.call('HSET', key, 'op:' .. lane, string.format('%.0f', op), 'spent:' .. lane, string.format('%.0f', spent),
  'lease:' .. lane, string.format('%.0f', held + granted))
if keptS > 0 then redis.call('EXPIRE', key, keptS) end
return {string.format('%.0f', granted), string.format('%.0f', spent), told or '-1',
  string.format('%.0f', allSpent), string.format('%.0f', allHeld + granted)}
`

/**
 * Moves the price of a lease receipt from what is held for the lease to what the lane has spent, in one step: so nothing of
 * it is free in between. Sums that only grow: it may be repeated, and late. Of a lease that is over nothing is held.
 */
export const payFromLeaseScript = `${leaseHoldLua}
local key, spentField, field, paidField = KEYS[1], 'spent:' .. ARGV[1], ARGV[3], ARGV[4]
local before = tonumber(redis.call('HGET', key, spentField) or '0')
if before < tonumber(ARGV[2]) then redis.call('HSET', key, spentField, ARGV[2]) end
if redis.call('HEXISTS', key, field) == 0 then return 0 end
local _, held, paid = holdOf(key, field, paidField, tonumber(ARGV[5]), tonumber(ARGV[6]))
setHold(key, field, paidField, held, paid)
return 1`
