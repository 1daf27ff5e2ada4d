/** The money of a bond, before it is put up. */
import { mintTestUsdc, tokenBalance, type ChainWriter } from '@isochrone/contracts-client'
import { AppError } from '@isochrone/domain'

/**
 * Play money is made where it lacks; real money is the platform's own, and has to be there.
 *
 * @throws AppError `state_conflict` when it is not.
 */
export async function moneyForBond(writer: ChainWriter, bondMicroUsd: bigint): Promise<void> {
  const { sender, deployment } = writer
  const held = await tokenBalance(writer, sender.account.address)
  if (held >= bondMicroUsd) return
  if (deployment.codeHashes.token === null) {
    throw new AppError('state_conflict', {
      publicMessage:
        'The platform’s account does not hold enough for the bond at the moment. Ask its staff to top it up.',
    })
  }
  await mintTestUsdc(writer, { to: sender.account.address, amount: bondMicroUsd - held })
}
