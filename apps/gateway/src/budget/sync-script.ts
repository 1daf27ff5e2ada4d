/**
 * The one script that changes a channel's budget in Redis: it reports what this lane has signed, states what it still
 * holds, and asks for more, in one atomic step.
 *
 * Safe to repeat: `spent` only grows and the held lease is absolute, so a lost reply costs nothing but a further call.
 * `op` grows with each call of a lane; a late duplicate of an older call changes nothing.
 * Invariant: Σ spent + Σ lease never exceeds `limit` by a grant of this script.
 */
export const syncBudgetScript = `
local key = KEYS[1]
local lane = ARGV[1]
local op, spent, held, wanted = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local lastOp = tonumber(redis.call('HGET', key, 'op:' .. lane) or '0')
if op <= lastOp then return {-1, string.format('%.0f', lastOp)} end
local before = tonumber(redis.call('HGET', key, 'spent:' .. lane) or '0')
if before > spent then spent = before end
local committed = spent + held
local fields = redis.call('HGETALL', key)
local limit = 0
for i = 1, #fields, 2 do
  local name, value = fields[i], fields[i + 1]
  if name == 'limit' then
    limit = tonumber(value)
  elseif (string.sub(name, 1, 6) == 'spent:' or string.sub(name, 1, 6) == 'lease:') and string.sub(name, 7) ~= lane then
    committed = committed + tonumber(value)
  end
end
local granted = math.max(0, math.min(wanted, limit - committed))
redis.call('HSET', key, 'op:' .. lane, string.format('%.0f', op), 'spent:' .. lane, string.format('%.0f', spent),
  'lease:' .. lane, string.format('%.0f', held + granted))
return {string.format('%.0f', granted), string.format('%.0f', spent)}
`

/**
 * Moves the price of a lease receipt from what is held for the lease to what the lane has spent, in one step: so nothing of
 * it is free in between. Absolute numbers that only shrink and only grow: it may be repeated, and late.
 */
export const payFromLeaseScript = `
local before = tonumber(redis.call('HGET', KEYS[1], 'spent:' .. ARGV[1]) or '0')
if before < tonumber(ARGV[2]) then redis.call('HSET', KEYS[1], 'spent:' .. ARGV[1], ARGV[2]) end
local held = redis.call('HGET', KEYS[1], ARGV[3])
if held and tonumber(held) > tonumber(ARGV[4]) then redis.call('HSET', KEYS[1], ARGV[3], ARGV[4]) end
return 1`
