/**
 * How far a provider's stake is. What was asked for is no stake yet: a node reaches the market once the vault holds it in a confirmed block,
 * or once it is agreed that it is withheld from first earnings.
 */
import { formatUsd } from '@isochrone/domain'
import type { ConfirmedStake, ListingStore } from '../ports/listing-store.ts'
import type { PayoutStore } from '../ports/payout-store.ts'
import { STAKE_MIN_MICRO_USD } from './stake.ts'

export interface StakeStanding {
  /** `none`: not chosen; `waiting`: asked for, and not confirmed in the vault; `failed`: the newest order was refused. */
  state: 'none' | 'waiting' | 'failed' | 'staked' | 'withheld'
  /** In the vault, µUSD. */
  microUsd: bigint
  /** By the newest order; null without one. */
  askedMicroUsd: bigint | null
  /** Why the newest order failed. */
  error: string | null
}

export interface StakeRooms {
  listings: Pick<ListingStore, 'stakeOrders'>
  payouts: Pick<PayoutStore, 'provider'>
}

export async function stakeStanding({ listings, payouts }: StakeRooms, providerId: string): Promise<StakeStanding> {
  const [provider, [newest]] = [await payouts.provider(providerId), await listings.stakeOrders(providerId)]
  const microUsd = provider?.stakeMicroUsd ?? 0n
  const about = { microUsd, askedMicroUsd: newest?.microUsd ?? null, error: newest?.error ?? null }
  if (provider?.stakeTargetMicroUsd != null) return { ...about, state: 'withheld' }
  if (microUsd >= STAKE_MIN_MICRO_USD) return { ...about, state: 'staked' }
  if (!newest) return { ...about, state: 'none' }
  return { ...about, state: newest.status === 'failed' ? 'failed' : 'waiting' }
}

/** Whether it allows a node onto the market. */
export function isStakeArranged({ state }: StakeStanding): boolean {
  return state === 'staked' || state === 'withheld'
}

/** Why nothing can be submitted yet; null where it can: the rest of the way is the worker's. */
export function stakeMissing({ state, askedMicroUsd, error }: StakeStanding): string | null {
  if (state === 'none') return 'Say first how your stake comes.'
  if (state !== 'failed') return null
  return `Your stake of ${formatUsd(askedMicroUsd ?? 0n)} did not reach the chain: ${error ?? 'it was refused'} Ask for it again first.`
}

const PROVIDERS_A_TIME = 100

/** Writes down what the vault holds for each provider of whom nothing is withheld. How many changed. */
export async function noteStakes({
  payouts,
  chain,
}: {
  payouts: Pick<PayoutStore, 'depositing' | 'setStake'>
  chain: ConfirmedStake
}): Promise<number> {
  let changed = 0
  let afterId = ''
  for (;;) {
    const rows = await payouts.depositing(afterId, PROVIDERS_A_TIME)
    for (const { id, stakeMicroUsd } of rows) {
      const microUsd = await chain.stakeOf(id)
      if (microUsd === stakeMicroUsd) continue
      await payouts.setStake(id, microUsd)
      changed += 1
    }
    const last = rows.at(-1)
    if (!last || rows.length < PROVIDERS_A_TIME) return changed
    afterId = last.id
  }
}
