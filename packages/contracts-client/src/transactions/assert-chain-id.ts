/** Refuses a chain that is not the one that we are configured for. */
import { AppError } from '@isochrone/domain'
import type { PublicClient } from 'viem'

/** @throws AppError `state_conflict` in one sentence. */
export async function assertChainId(publicClient: PublicClient, chainId: number): Promise<void> {
  const answered = await publicClient.getChainId()
  if (answered === chainId) return
  throw new AppError('state_conflict', {
    publicMessage: `The chain answers with id ${answered}, but ours has id ${chainId}. Check CHAIN_RPC_URL and CHAIN_ID.`,
  })
}
