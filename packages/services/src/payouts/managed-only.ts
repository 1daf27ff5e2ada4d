/** Nothing can be taken from a payout that goes straight to a wallet. */
import { AppError } from '@isochrone/domain'
import type { PayoutProviderRow } from '../ports/payout-store.ts'

/** @throws AppError `not_found` without a provider, `state_conflict` where its own wallet is paid. */
export function managedOnly(provider: PayoutProviderRow | null): PayoutProviderRow {
  if (!provider) throw new AppError('not_found', { publicMessage: 'There is no such provider.' })
  if (provider.payoutCustody === 'managed') return provider
  throw new AppError('state_conflict', {
    publicMessage: 'Your payouts go straight to your own wallet: there is no managed account, and nothing to withhold.',
  })
}
