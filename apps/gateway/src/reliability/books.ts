/**
 * What the gateways put on record, held against what customers saw: each accepted request has exactly one outcome, each
 * attempt one receipt pair, each receipt one number, and what was signed is what Redis counts as spent.
 */
import { redisKeys } from '@isochrone/protocol'
import type { Redis } from 'ioredis'
import { sleep } from './client.ts'

interface Outcome {
  readonly requestId: string
  readonly status: string
  readonly tokensOut: number
  readonly priceMicroUsd: bigint
  readonly attempts: number
  readonly receipts: number
  /** Receipts with a price: a failed attempt and the loser of a hedge cost nothing. */
  readonly billed: number
}

export interface Books {
  /** Receipts of every lane. */
  readonly receipts: number
  readonly signedMicroUsd: bigint
  of(requestId: string): readonly Outcome[]
  /** What does not add up; empty = conserved. */
  readonly faults: readonly Fault[]
}

interface Fault {
  /** Null where it is a lane's. */
  readonly requestId: string | null
  readonly what: string
}

const PAGE = 2_000

interface Entry {
  type: string
  lane: string
  request?: { requestId: string; status: string; tokensOut: number; priceMicroUsd: string; attempts: unknown[] }
  receipts?: { delivery: { seq: number | string; price: string } }[]
}

/** Reads all that was published; a repeated entry counts once, as it does in Postgres. */
export async function readBooks(redis: Redis): Promise<Books> {
  const outcomes = new Map<string, Outcome[]>()
  const seqs = new Map<string, Map<number, string>>()
  const faults: Fault[] = []
  let [receipts, signed, from] = [0, 0n, '-']
  for (;;) {
    const rows = await redis.xrange(redisKeys.receipts, from, '+', 'COUNT', PAGE)
    for (const [, fields] of rows) {
      const entry = JSON.parse(fields[1] ?? '{}') as Entry
      if (!entry.request || !entry.receipts) continue
      const ofLane = seqs.get(entry.lane) ?? new Map<number, string>()
      seqs.set(entry.lane, ofLane)
      const { requestId, status, tokensOut, priceMicroUsd, attempts } = entry.request
      const known = outcomes.get(requestId) ?? []
      const fresh = entry.receipts.filter(({ delivery }) => !ofLane.has(Number(delivery.seq)))
      if (fresh.length === 0 && known.length > 0) continue
      if (fresh.length !== entry.receipts.length) faults.push({ requestId, what: `a receipt number was used twice` })
      let [sum, billed] = [0n, 0]
      for (const { delivery } of fresh) {
        ofLane.set(Number(delivery.seq), requestId)
        sum += BigInt(delivery.price)
        if (BigInt(delivery.price) > 0n) billed++
      }
      if (sum !== BigInt(priceMicroUsd)) faults.push({ requestId, what: `price ${priceMicroUsd}, receipts ${sum}` })
      if (fresh.length !== attempts.length)
        faults.push({ requestId, what: `${attempts.length} attempts, ${fresh.length} receipts` })
      receipts += fresh.length
      signed += sum
      const outcome = { requestId, status, tokensOut, priceMicroUsd: sum, attempts: attempts.length }
      const told = { ...outcome, receipts: fresh.length, billed }
      const before = entry.type === 'receipt-recovered' ? known.at(-1) : undefined
      if (before) outcomes.set(requestId, [...known.slice(0, -1), together(before, told)])
      else outcomes.set(requestId, [...known, told])
    }
    const last = rows.at(-1)?.[0]
    if (last === undefined || rows.length < PAGE) break
    from = `(${last}`
  }
  for (const [lane, ofLane] of seqs) {
    for (let seq = 1; seq <= ofLane.size; seq++)
      if (!ofLane.has(seq))
        faults.push({ requestId: null, what: `lane ${lane.slice(0, 10)}: number ${seq} is missing` })
  }
  for (const [requestId, found] of outcomes)
    if (found.length > 1) faults.push({ requestId, what: `${found.length} outcomes` })
  return { receipts, signedMicroUsd: signed, of: (requestId) => outcomes.get(requestId) ?? [], faults }
}

/** A gateway that died recovers each attempt for itself, as its node comes back: together they are the request. */
function together(before: Outcome, recovered: Outcome): Outcome {
  const sum = (of: (outcome: Outcome) => number): number => of(before) + of(recovered)
  return {
    ...before,
    tokensOut: sum(({ tokensOut }) => tokensOut),
    priceMicroUsd: before.priceMicroUsd + recovered.priceMicroUsd,
    attempts: sum(({ attempts }) => attempts),
    receipts: sum(({ receipts }) => receipts),
    billed: sum(({ billed }) => billed),
  }
}

/**
 * Waits until every request is on record; throws with those that are not, and with whatever does not add up: in the whole
 * books, or, where others broke things before, in `theirs` alone.
 */
export async function settledBooks(
  redis: Redis,
  requestIds: readonly string[],
  judged: 'all' | 'theirs' = 'all',
  limitMs = 60_000,
): Promise<Books> {
  const deadline = Date.now() + limitMs
  const asked = new Set(requestIds)
  for (;;) {
    const books = await readBooks(redis)
    const missing = requestIds.filter((id) => books.of(id).length === 0)
    if (missing.length === 0 || Date.now() > deadline) {
      const faults = books.faults
        .filter(({ requestId }) => judged === 'all' || (requestId !== null && asked.has(requestId)))
        .map(({ requestId, what }) => (requestId === null ? what : `${requestId}: ${what}`))
      faults.push(...missing.map((id) => `${id}: has no outcome`))
      if (faults.length > 0) throw new Error(`the books do not add up:\n${faults.slice(0, 20).join('\n')}`)
      return books
    }
    await sleep(200)
  }
}

/** µUSD that Redis counts as spent and as leased for a channel, or in another hash of its kind, all lanes. */
export async function countedInRedis(
  redis: Redis,
  channelId: string,
  hash = redisKeys.budget(channelId),
): Promise<{ spent: bigint; leased: bigint }> {
  const fields = Object.entries(await redis.hgetall(hash))
  const sum = (prefix: string): bigint =>
    fields.filter(([name]) => name.startsWith(prefix)).reduce((total, [, value]) => total + BigInt(value), 0n)
  return { spent: sum('spent:'), leased: sum('lease:') }
}
