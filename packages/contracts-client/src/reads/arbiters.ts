/** The roster from which panels are drawn. */
import type { Address } from 'viem'

import { disputeManagerAbi } from '../abi/dispute-manager.ts'
import type { ChainReader } from '../chain-client.ts'

export async function arbiters({ publicClient, deployment }: ChainReader): Promise<readonly Address[]> {
  const address = deployment.addresses.disputes
  return publicClient.readContract({ address, abi: disputeManagerAbi, functionName: 'arbiters' })
}
