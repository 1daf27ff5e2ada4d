/** Refuses a chain that is not the one that we are configured for. */
import { AppError } from '@isochrone/domain'
import type { PublicClient } from 'viem'

import { chainIdOf } from '../reads/chain-id-of.ts'

/** @throws AppError `state_conflict` in one sentence, or `chain_unavailable` when the endpoint gives no id. */
export async function assertChainId(publicClient: PublicClient, chainId: number): Promise<void> {
  const answered = await chainIdOf(publicClient)
  if (answered === chainId) return
  throw new AppError('state_conflict', {
    publicMessage: `The chain answers with id ${answered}, but ours has id ${chainId}. Check CHAIN_RPC_URL and CHAIN_ID.`,
  })
}
