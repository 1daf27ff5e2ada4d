/** Money is not sent where nobody, or nobody new, would have it. */
import { AppError } from '@isochrone/domain'
import type { PayoutProviderRow } from '../ports/payout-store.ts'

/** @throws AppError `invalid_input` for the zero address and the managed account itself. Lower case. */
export function refuseLostAddress(toAddress: string, { payoutAddress }: PayoutProviderRow): void {
  if (!/^0x0{40}$/.test(toAddress) && toAddress !== payoutAddress) return
  throw new AppError('invalid_input', {
    publicMessage: 'This is the account itself, or nobody’s address. Give the address of your own wallet.',
    field: 'toAddress',
  })
}
