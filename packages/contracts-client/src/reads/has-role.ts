/** Whether an account holds a role in a contract. */
import type { Address } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainReader } from '../chain-client.ts'
import { roleIdOf, type RoleAt } from '../roles.ts'

export async function hasRole(
  { publicClient, deployment }: ChainReader,
  { contract, role, account }: RoleAt & { account: Address },
): Promise<boolean> {
  // Roles are the same few functions in every contract (OpenZeppelin's AccessControl).
  return publicClient.readContract({
    address: deployment.addresses[contract],
    abi: paymentChannelsAbi,
    functionName: 'hasRole',
    args: [roleIdOf(role), account],
  })
}
