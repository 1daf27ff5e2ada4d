/**
 * Which part of a limit is this gateway's: leased through Redis each second, so that no request waits for it.
 *
 * A subject is an organisation, a key, or an organisation's requests at once. In one atomic step a gateway says how much it was asked for the subject, and is
 * granted what the unexpired leases of the others leave of one, and a quarter of an even part at least: leased shares add
 * up to 1¼ at most. A gateway that meets a subject for the first time hands out half of an even part until its first
 * lease, a second later. So in any minute all gateways together let through at most three minutes' worth (1¼ buckets,
 * their refill, ½ for those that are new), of which a single gateway would let through two.
 *
 * A share in use stays: requests that run are not stopped where others are asked more. So of requests at once all gateways
 * together have at most 1¾ of a limit, and one for each gateway.
 *
 * While Redis is away the last lease goes on.
 */
import { redisKeys } from '@isochrone/protocol'
import type { ScriptRunner } from './redis-budget-store.ts'

export interface LimitShares {
  /** 0 to 1. Each call counts as one request of the subject. */
  readonly shareOf: (subjectId: string) => number
  /** Renews what is in use and gives back what is not. Call each second. */
  tick(): Promise<void>
}

export interface LimitSharesOptions {
  redis: ScriptRunner
  /** Of this gateway. */
  lane: string
  /** Gateways that serve now, this one included. */
  readonly gateways: () => number
  /** Part of a subject's limit that lasts and cannot be given away now, 0 to 1. Default: none. */
  readonly partInUse?: (subjectId: string) => number
}

interface Subject {
  share: number
  /** Calls since the last tick, and smoothed over some. */
  calls: number
  demand: number
  idleTicks: number
}

/** In Redis, s: a gateway that died keeps its part so long. */
const LEASE_S = 5
const IDLE_TICKS = 15
const SUBJECTS_MAX = 20_000
/** Subjects renewed in one tick; more take turns. */
const RENEWED_MAX = 2_000

const LEASE = `
local now = tonumber(redis.call('TIME')[1])
local lane, demand, least, inUse = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local fields = redis.call('HGETALL', KEYS[1])
local leased, asked = 0, demand
for i = 1, #fields, 2 do
  if fields[i] ~= lane then
    local share, theirs, untilS = string.match(fields[i + 1], '([^:]+):([^:]+):([^:]+)')
    if tonumber(untilS) < now then
      redis.call('HDEL', KEYS[1], fields[i])
    else
      leased = leased + tonumber(share)
      asked = asked + tonumber(theirs)
    end
  end
end
if demand <= 0 then
  redis.call('HDEL', KEYS[1], lane)
  return '0'
end
local granted = math.max(least, inUse, math.min(demand / asked, 1 - leased))
redis.call('HSET', KEYS[1], lane, string.format('%.6f:%.3f:%d', granted, demand, now + ${LEASE_S}))
redis.call('EXPIRE', KEYS[1], ${6 * LEASE_S})
return string.format('%.6f', granted)`

export function createLimitShares(options: LimitSharesOptions): LimitShares {
  const { redis, lane, gateways, partInUse = () => 0 } = options
  const subjects = new Map<string, Subject>()
  let ticking = false

  async function renew(id: string, subject: Subject): Promise<void> {
    const { calls } = subject
    subject.calls = 0
    subject.idleTicks = calls > 0 ? 0 : subject.idleTicks + 1
    subject.demand = 0.7 * subject.demand + 0.3 * calls
    const inUse = partInUse(id)
    const isOver = subject.idleTicks > IDLE_TICKS && inUse === 0
    // Whoever asks a little must not be starved by whoever asks much, or by the lease of one that died.
    const least = 1 / (4 * Math.max(1, gateways()))
    const demand = isOver ? 0 : Math.max(0.001, subject.demand)
    const [asked, kept] = [demand.toFixed(3), inUse.toFixed(6)]
    const granted = await redis.eval(LEASE, 1, redisKeys.limitShares(id), lane, asked, least.toFixed(6), kept)
    subject.share = Number(granted)
    if (isOver && subject.calls === 0) subjects.delete(id)
  }

  return {
    shareOf(id) {
      let subject = subjects.get(id)
      if (!subject) {
        const oldest = subjects.size >= SUBJECTS_MAX ? subjects.keys().next() : null
        if (oldest && !oldest.done) subjects.delete(oldest.value)
        const others = gateways()
        subject = { share: others > 1 ? 1 / (2 * others) : 1, calls: 0, demand: 0, idleTicks: 0 }
        subjects.set(id, subject)
      }
      subject.calls++
      return subject.share
    },
    async tick() {
      if (ticking) return
      ticking = true
      try {
        const turn = [...subjects].slice(0, RENEWED_MAX)
        for (const [id, subject] of turn) {
          // To the end of the line.
          subjects.delete(id)
          subjects.set(id, subject)
        }
        await Promise.all(turn.map(([id, subject]) => renew(id, subject)))
      } finally {
        ticking = false
      }
    },
  }
}
