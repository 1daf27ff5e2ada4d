/**
 * What a person may spend from the playground without a key of their own: a lent key, and a small amount an hour.
 *
 * The key never leaves this process, so what is counted here is all that it can spend. Before a request runs, the most
 * that it may cost is taken out; what it did not cost is put back when its bill is known. An hour's amount is counted on
 * when its key is revoked and another is lent.
 */
import { AppError, usdFromMicroUsd, type Clock } from '@isochrone/domain'
import type { ControlPlane, LentKey } from '@isochrone/services'

const HOUR_MS = 3_600_000
/** A key is not used in its last moments: a request under way must not outlive it. */
const KEY_MARGIN_MS = 60_000
const PEOPLE_MAX = 1_000
export const HOUR_MICRO_USD = 500_000n
export const REQUEST_MICRO_USD = 50_000n
/** Less than this buys no answer worth reading. */
const LEAST_MICRO_USD = 100n

interface Purse {
  endsAtMs: number
  leftMicroUsd: bigint
  key: Promise<LentKey> | null
}

export interface Spender {
  orgId: string
  userId: string
  name: string
}

export interface Outlay {
  secret: string
  /** Since when gateways can know the key. */
  expiresAtMs: number
  /** The most that the request may cost. */
  capMicroUsd: bigint
  /** Puts back what was not spent. Null: unknown, and all of it counts as spent. Only the first call counts. */
  settle: (spentMicroUsd: bigint | null) => void
}

export interface Purses {
  /** @throws AppError `insufficient_balance` once an hour's amount is spent. */
  take(spender: Spender): Promise<Outlay>
  /** The gateway does not know the key: it was revoked. The next request gets another. */
  forgetKey(spender: Spender): void
}

export function createPurses(deps: { controlPlane: Pick<ControlPlane, 'apiKeys'>; clock: Clock }): Purses {
  const purses = new Map<string, Purse>()
  const idOf = ({ orgId, userId }: Spender) => `${orgId} ${userId}`

  function purseOf(spender: Spender, nowMs: number): Purse {
    const id = idOf(spender)
    const held = purses.get(id)
    if (held && held.endsAtMs > nowMs) return held
    for (const [other, { endsAtMs }] of purses) if (endsAtMs <= nowMs) purses.delete(other)
    if (purses.size >= PEOPLE_MAX) {
      throw new AppError('rate_limited', { publicMessage: 'The playground is full. Use a key of your own, or wait.' })
    }
    const fresh = { endsAtMs: nowMs + HOUR_MS, leftMicroUsd: HOUR_MICRO_USD, key: null }
    purses.set(id, fresh)
    return fresh
  }

  async function keyOf(purse: Purse, { orgId, name }: Spender, nowMs: number): Promise<LentKey> {
    const held = await purse.key?.catch(() => null)
    if (held && held.expiresAtMs - KEY_MARGIN_MS > nowMs) return held
    const asked = deps.controlPlane.apiKeys.lend({ orgId, name: `Playground of ${name}`.slice(0, 80) })
    purse.key = asked
    asked.catch(() => (purse.key = null))
    return asked
  }

  return {
    async take(spender) {
      const nowMs = deps.clock.nowMs()
      const purse = purseOf(spender, nowMs)
      const capMicroUsd = purse.leftMicroUsd < REQUEST_MICRO_USD ? purse.leftMicroUsd : REQUEST_MICRO_USD
      if (capMicroUsd < LEAST_MICRO_USD) throw spent(purse.endsAtMs)
      // Taken before anything is awaited, so that requests at the same moment cannot all see the whole amount.
      purse.leftMicroUsd -= capMicroUsd
      let open = true
      const settle = (spentMicroUsd: bigint | null) => {
        if (!open) return
        open = false
        const cost = spentMicroUsd ?? capMicroUsd
        purse.leftMicroUsd += cost > capMicroUsd ? 0n : capMicroUsd - cost
      }
      try {
        const { secret, expiresAtMs } = await keyOf(purse, spender, nowMs)
        return { secret, expiresAtMs, capMicroUsd, settle }
      } catch (error) {
        settle(0n)
        throw error
      }
    },
    forgetKey(spender) {
      const purse = purses.get(idOf(spender))
      if (purse) purse.key = null
    },
  }
}

function spent(endsAtMs: number): AppError {
  const at = new Date(endsAtMs).toISOString().slice(11, 16)
  return new AppError('insufficient_balance', {
    publicMessage: `The $${usdFromMicroUsd(HOUR_MICRO_USD)} an hour that the playground spends without a key is used up. Paste a key of your own, or wait until ${at} UTC.`,
  })
}
