/**
 * What a lane has billed through each API key, by day, month and in all: what budgets of keys count, whether or not a key has
 * one now. By receipts as they are signed; what a recount gives back later goes to the organisation and not to the key.
 */
import { budgetPeriods, periodAt, periodEndMs } from '@isochrone/domain'

/** A key in one period: `key_…:2026-11-22`, `key_…:2026-11` or `key_…:total`. */
export type KeyPeriod = `${string}:${string}`

/** Lifetime µUSD of a key in each period that is remembered, as a checkpoint holds it. */
export type KeySpendRecord = [keyId: string, lastMs: number, spent: [periodId: string, microUsd: string][]]

/** Requests of an earlier process are billed within seven days or never. */
const KEPT_AFTER_END_MS = 8 * 86_400_000
/** Each kind of period is made of whole days of UTC. */
const DAY_MS = 86_400_000
/** A key that is used again later begins anew here: what Redis and Postgres count of this lane is taken up. */
const KEY_KEPT_MS = 62 * 86_400_000

interface OfKey {
  lastMs: number
  spent: Map<string, bigint>
}

export class KeySpend {
  readonly #keys = new Map<string, OfKey>()
  /** Of the day that the last receipt was of, which the next one is of as well but for one in a day. */
  #day: { number: number; periodIds: string[] } | null = null

  /** A receipt of a request that came in at `atMs`, ms since the epoch. */
  add(keyId: string, atMs: number, microUsd: bigint): void {
    const of = this.#keys.get(keyId) ?? { lastMs: 0, spent: new Map<string, bigint>() }
    this.#keys.set(keyId, of)
    of.lastMs = Math.max(of.lastMs, atMs)
    for (const id of this.#periodIdsAt(atMs)) of.spent.set(id, (of.spent.get(id) ?? 0n) + microUsd)
  }

  #periodIdsAt(atMs: number): readonly string[] {
    const number = Math.floor(atMs / DAY_MS)
    if (this.#day?.number !== number) {
      this.#day = { number, periodIds: budgetPeriods.map((period) => periodAt(period, atMs).id) }
    }
    return this.#day.periodIds
  }

  of(period: KeyPeriod): bigint {
    const at = period.lastIndexOf(':')
    return this.#keys.get(period.slice(0, at))?.spent.get(period.slice(at + 1)) ?? 0n
  }

  /** Forgets periods that are long over, and keys that were not used for long. */
  record(nowMs: number): KeySpendRecord[] {
    for (const [keyId, { lastMs, spent }] of this.#keys) {
      if (nowMs - lastMs > KEY_KEPT_MS) this.#keys.delete(keyId)
      for (const id of spent.keys()) if ((periodEndMs(id) ?? nowMs) + KEPT_AFTER_END_MS < nowMs) spent.delete(id)
    }
    return [...this.#keys].map(([keyId, { lastMs, spent }]) => [
      keyId,
      lastMs,
      [...spent].map(([id, microUsd]): [string, string] => [id, microUsd.toString()]),
    ])
  }

  restore(records: readonly KeySpendRecord[]): void {
    this.#keys.clear()
    for (const [keyId, lastMs, spent] of records) {
      this.#keys.set(keyId, { lastMs, spent: new Map(spent.map(([id, microUsd]) => [id, BigInt(microUsd)])) })
    }
  }
}

/** The key in each of its periods at `atMs`. */
export const keyPeriodsAt = (keyId: string, atMs: number): KeyPeriod[] =>
  budgetPeriods.map((period): KeyPeriod => `${keyId}:${periodAt(period, atMs).id}`)
