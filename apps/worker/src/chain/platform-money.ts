/** Money that the platform's account needs for a bond, a stake or a deposit, before it is put up. */
import { mintTestUsdc, tokenBalance, type ChainWriter } from '@isochrone/contracts-client'
import { AppError } from '@isochrone/domain'

/**
 * Sees to it that the account holds that much.
 *
 * @throws AppError `state_conflict` when it holds less real money.
 */
export async function holdMoney(writer: ChainWriter, microUsd: bigint): Promise<void> {
  const held = await tokenBalance(writer, writer.sender.account.address)
  if (held < microUsd) await provideMoney(writer, microUsd - held)
}

/**
 * Play money is made where it lacks; real money is the platform's own, and has to be there.
 *
 * @throws AppError `state_conflict` when it is not.
 */
export async function provideMoney(writer: ChainWriter, lackingMicroUsd: bigint): Promise<void> {
  const { sender, deployment } = writer
  if (deployment.codeHashes.token === null) {
    throw new AppError('state_conflict', {
      publicMessage:
        'The platform’s account does not hold enough money for this at the moment. Ask its staff to top it up.',
    })
  }
  await mintTestUsdc(writer, { to: sender.account.address, amount: lackingMicroUsd })
}
