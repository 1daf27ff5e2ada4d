/**
 * Stake out of a provider's own wallet, the one that is paid. Here it is said which stake, of whom, and how large it is to be; the wallet
 * sends it itself, and the worker's `note-stakes` round reads it in the vault. Nothing is written down: what was put up is what the
 * chain says, so a browser that is closed halfway leaves nothing behind.
 */
import { AppError } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { WalletStakePlan } from '../queries/views/listings.ts'
import { refuseStakeSize } from './stake.ts'

/** @throws AppError `invalid_input` for a size; `state_conflict` for a managed account, and before the vault knows the provider. */
export async function walletStakePlan(
  { store, chain }: Pick<ControlPlaneDeps, 'store' | 'chain'>,
  { providerId, microUsd }: { providerId: string; microUsd: bigint },
): Promise<WalletStakePlan> {
  const provider = await store.providers.byId(providerId)
  if (!provider) throw new AppError('not_found', { publicMessage: 'There is no such provider.' })
  if (provider.payoutCustody !== 'wallet') {
    throw conflict('You are paid to a managed account: the platform’s account puts your stake on the chain.')
  }
  refuseStakeSize(microUsd)
  if (provider.registeredTx === null) {
    throw conflict(
      'Your registration is on its way to the chain, and no stake of yours can lie there before. Try again in a minute.',
    )
  }
  return {
    chainId: chain.chainId,
    rpcUrl: chain.rpcUrl,
    usdc: chain.usdc,
    vault: chain.vault,
    providerId: provider.id as Hex,
    providerName: provider.name,
    payerAddress: provider.payoutAddress as Hex,
    goalMicroUsd: microUsd,
  }
}

function conflict(publicMessage: string): AppError {
  return new AppError('state_conflict', { publicMessage })
}
