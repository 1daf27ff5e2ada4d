/** What an address holds of the payment token, in µUSD. */
import type { Address } from 'viem'

import { testUsdcAbi } from '../abi/test-usdc.ts'
import type { ChainReader } from '../chain-client.ts'

export async function tokenBalance({ publicClient, deployment }: ChainReader, holder: Address): Promise<bigint> {
  const address = deployment.addresses.token
  return publicClient.readContract({ address, abi: testUsdcAbi, functionName: 'balanceOf', args: [holder] })
}
