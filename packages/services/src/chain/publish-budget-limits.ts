/**
 * Tells gateways, through Redis, how much may be spent from each channel: min(deposited − withdrawn − withdrawing,
 * ceiling), and what each lane has signed according to Postgres, so that a Redis that lost its data counts
 * what was spent again. What gateways held of their leases at that moment is forgotten with the data: up to that much can be
 * leased twice.
 */
import { leaseHoldField, leaseHoldLua, leasePaidField, redisKeys } from '@isochrone/protocol'
import type { ChannelRow } from '../ports/chain-store.ts'
import type { ToldHold } from '../ports/lease-store.ts'
import type { RedisCommands } from '../ports/redis-commands.ts'

export interface BudgetDeps {
  channels(ids?: readonly string[]): Promise<ChannelRow[]>
  /** µUSD that each lane has signed for these channels, or for all, lifetime. */
  signedByChannel(channelIds?: readonly string[]): Promise<{ channelId: string; lane: string; microUsd: bigint }[]>
  /** What is held for leases, and which of them are over. */
  holds?(channelIds?: readonly string[]): Promise<ToldHold[]>
  /** Is told of a lease for which more is held than was agreed: held and paid together, µUSD. */
  heldTooMuch?(lease: { leaseId: string; seenMicroUsd: bigint }): Promise<void>
  redis: RedisCommands
}

/**
 * What is held for a lease is put back where it is missing, and made up where it is too little. What a lease that is over left
 * behind is taken away. Answers, for each, what is held and paid together.
 */
const SET_HOLDS = `${leaseHoldLua}
local seen = {}
for i = 1, #ARGV, 5 do
  local field, paidField = ARGV[i], ARGV[i + 1]
  if ARGV[i + 2] == 'over' then
    redis.call('HDEL', KEYS[1], field, paidField)
    seen[#seen + 1] = '0'
  else
    local _, wanted, paid = holdOf(KEYS[1], field, paidField, tonumber(ARGV[i + 3]), tonumber(ARGV[i + 4]))
    setHold(KEYS[1], field, paidField, wanted, paid)
    seen[#seen + 1] = string.format('%.0f', wanted + paid)
  end
end
return seen`

/** Spent only grows: what the lane itself reported may be ahead of Postgres. */
const SET_BUDGET = `
redis.call('HSET', KEYS[1], 'limit', ARGV[1])
for i = 2, #ARGV, 2 do
  local field = 'spent:' .. ARGV[i]
  local before = tonumber(redis.call('HGET', KEYS[1], field) or '0')
  if before < tonumber(ARGV[i + 1]) then redis.call('HSET', KEYS[1], field, ARGV[i + 1]) end
end
return 1`

/** For the channels named, or for all: at start, and now and then in case Redis lost data. */
export async function publishBudgetLimits(deps: BudgetDeps, channelIds?: readonly string[]): Promise<number> {
  if (channelIds?.length === 0) return 0
  const channels = await deps.channels(channelIds)
  const signed = await deps.signedByChannel(channelIds)
  const byChannel = Map.groupBy(signed, (row) => row.channelId)
  const holds = Map.groupBy((await deps.holds?.(channelIds)) ?? [], (hold) => hold.channelId)
  for (const channel of channels) {
    const spent = (byChannel.get(channel.id) ?? []).flatMap(({ lane, microUsd }) => [lane, microUsd.toString()])
    await deps.redis.call('EVAL', SET_BUDGET, 1, redisKeys.budget(channel.id), limitOf(channel).toString(), ...spent)
    await setHolds(deps, channel.id, holds.get(channel.id) ?? [])
  }
  return channels.length
}

async function setHolds(deps: BudgetDeps, channelId: string, holds: ToldHold[]): Promise<void> {
  if (holds.length === 0) return
  const args = holds.flatMap(({ leaseId, isOver, reservedMicroUsd, billedMicroUsd }) => [
    leaseHoldField(leaseId),
    leasePaidField(leaseId),
    isOver ? 'over' : 'held',
    reservedMicroUsd.toString(),
    billedMicroUsd.toString(),
  ])
  const seen = (await deps.redis.call('EVAL', SET_HOLDS, 1, redisKeys.budget(channelId), ...args)) as string[]
  for (const [index, { leaseId, reservedMicroUsd, billedMicroUsd }] of holds.entries()) {
    const seenMicroUsd = BigInt(seen[index] ?? 0)
    const known = reservedMicroUsd > billedMicroUsd ? reservedMicroUsd : billedMicroUsd
    if (seenMicroUsd > known) await deps.heldTooMuch?.({ leaseId, seenMicroUsd })
  }
}

/** µUSD, lifetime; never below zero. */
export function limitOf(channel: ChannelRow): bigint {
  const funded = channel.depositedMicroUsd - channel.withdrawnMicroUsd - channel.withdrawingMicroUsd
  const limit = funded < channel.ceilingMicroUsd ? funded : channel.ceilingMicroUsd
  return limit > 0n ? limit : 0n
}
