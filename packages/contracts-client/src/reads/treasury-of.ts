/** Where a contract sends what is nobody else's now: the deployment's parameters say only where that was at first. */
import type { Address } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainReader } from '../chain-client.ts'

/** Contracts that have a treasury. */
export const treasuryKeepers = ['channels', 'ledger', 'disputes', 'contradictions'] as const
export type TreasuryKeeper = (typeof treasuryKeepers)[number]

export async function treasuryOf(
  { publicClient, deployment }: ChainReader,
  contract: TreasuryKeeper,
): Promise<Address> {
  const address = deployment.addresses[contract]
  return publicClient.readContract({ address, abi: paymentChannelsAbi, functionName: 'treasury' })
}
