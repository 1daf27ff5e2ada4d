/**
 * Fairness over several gateways: every `tellEveryMs` each tells the others what it served to whom, how far the least
 * served of its waiters is, and where newcomers begin. Counters are then those of all gateways, up to what was served
 * since the last news, and the gateway whose waiters are ahead leaves places to the others (`FairQueue.pop`).
 *
 * News may be lost, late, or come twice: what was said twice is dropped by its number, a gateway that falls silent is
 * forgotten after `staleMs`, and a loss costs fairness for as long as it takes to serve what was not told.
 */
import { invariant } from '@isochrone/domain'
import type { FairQueue, ServedHere } from './fair-queue.ts'

/** Plain data: what one gateway tells the others. */
export interface FairNews {
  from: string
  /** Grows with each news of a gateway; a gateway that starts anew begins higher. */
  sequence: number
  level: number | null
  floor: number
  served: readonly ServedHere[]
}

export interface FairExchange {
  /** News to send to every other gateway; its number is `nowMs` or higher. */
  tell(nowMs: number): FairNews
  /** False when it was broken, our own, or not new. */
  hear(news: FairNews, nowMs: number): boolean
}

export interface FairExchangeOptions {
  queue: Pick<FairQueue<unknown>, 'level' | 'floor' | 'takeServed' | 'servedElsewhere' | 'hearElsewhere'>
  /** This gateway. */
  self: string
  /** A gateway that is silent for longer holds up nobody, ms. Default 3,000. */
  staleMs?: number
}

/** More gateways, or tenants in one news, are a mistake. */
const PEERS_MAX = 256
const SERVED_MAX = 65_536
const TOKENS_MAX = 1e15

interface Peer {
  sequence: number
  heardMs: number
  level: number | null
  floor: number
}

export function createFairExchange({ queue, self, staleMs = 3_000 }: FairExchangeOptions): FairExchange {
  invariant(staleMs > 0, 'news stay good for a while')
  const peers = new Map<string, Peer>()
  let sequence = 0

  function apply(nowMs: number): void {
    let level: number | null = null
    let floor = 0
    for (const [name, peer] of peers) {
      if (nowMs - peer.heardMs > staleMs) {
        peers.delete(name)
        continue
      }
      floor = Math.max(floor, peer.floor)
      if (peer.level !== null) level = Math.min(level ?? Infinity, peer.level)
    }
    queue.hearElsewhere(level, floor)
  }

  return {
    tell(nowMs) {
      apply(nowMs)
      sequence = Math.max(sequence + 1, Math.floor(nowMs))
      return { from: self, sequence, level: queue.level, floor: queue.floor, served: queue.takeServed() }
    },
    hear(news, nowMs) {
      const known = peers.get(news.from)
      if (news.from === self || !isSound(news) || (known && news.sequence <= known.sequence)) return false
      if (!known && peers.size >= PEERS_MAX) return false
      peers.set(news.from, { sequence: news.sequence, heardMs: nowMs, level: news.level, floor: news.floor })
      for (const served of news.served) queue.servedElsewhere(served)
      apply(nowMs)
      return true
    },
  }
}

const isTokens = (value: number): boolean => value >= 0 && value <= TOKENS_MAX

function isSound({ sequence, level, floor, served }: FairNews): boolean {
  if (!Number.isSafeInteger(sequence) || !isTokens(floor) || (level !== null && !isTokens(level))) return false
  if (served.length > SERVED_MAX) return false
  return served.every(({ virtualTokens, counter }) => isTokens(Math.abs(virtualTokens)) && isTokens(counter))
}
