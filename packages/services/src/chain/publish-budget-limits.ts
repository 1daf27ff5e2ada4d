/**
 * Tells gateways, through Redis, how much may be spent from each channel: min(deposited − withdrawn − withdrawing,
 * ceiling), and what each lane has signed according to Postgres, so that a Redis that lost its data counts
 * what was spent again. What gateways held of their leases at that moment is forgotten with the data: up to that much can be
 * leased twice.
 */
import { leaseHoldField, redisKeys } from '@isochrone/protocol'
import type { ChannelRow } from '../ports/chain-store.ts'
import type { LeaseHold } from '../ports/lease-store.ts'
import type { RedisCommands } from '../ports/redis-commands.ts'

export interface BudgetDeps {
  channels(ids?: readonly string[]): Promise<ChannelRow[]>
  /** µUSD that each lane has signed for these channels, or for all, lifetime. */
  signedByChannel(channelIds?: readonly string[]): Promise<{ channelId: string; lane: string; microUsd: bigint }[]>
  /** What is held for leases; 0 for those that are over. */
  holds?(channelIds?: readonly string[]): Promise<LeaseHold[]>
  redis: RedisCommands
}

/**
 * What is held for a lease is put back where it is missing, and changed by those who hold it alone: they know better. What a
 * lease that is over left behind is taken away.
 */
const SET_HOLDS = `
for i = 1, #ARGV, 2 do
  if ARGV[i + 1] == '0' then redis.call('HDEL', KEYS[1], ARGV[i])
  else redis.call('HSETNX', KEYS[1], ARGV[i], ARGV[i + 1]) end
end
return 1`

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
    const held = (holds.get(channel.id) ?? []).flatMap(({ leaseId, microUsd }) => [
      leaseHoldField(leaseId),
      microUsd.toString(),
    ])
    if (held.length > 0) await deps.redis.call('EVAL', SET_HOLDS, 1, redisKeys.budget(channel.id), ...held)
  }
  return channels.length
}

/** µUSD, lifetime; never below zero. */
export function limitOf(channel: ChannelRow): bigint {
  const funded = channel.depositedMicroUsd - channel.withdrawnMicroUsd - channel.withdrawingMicroUsd
  const limit = funded < channel.ceilingMicroUsd ? funded : channel.ceilingMicroUsd
  return limit > 0n ? limit : 0n
}
