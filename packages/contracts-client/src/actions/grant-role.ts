/** Gives an account a role in a contract, or in the timelock itself. Through the timelock. */
import { encodeFunctionData, type Address } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainWriter } from '../chain-client.ts'
import { hasRole } from '../reads/has-role.ts'
import { roleIdOf, type RoleAt } from '../roles.ts'
import { administer } from './administer.ts'
import type { WriteOutcome } from './outcome.ts'

export type GrantRoleInput = RoleAt & {
  account: Address
  /** The longest wait for the timelock, in ms. */
  waitMsMax?: number
}

/** Safe to retry: a role that the account holds counts as done. */
export async function grantRole(writer: ChainWriter, input: GrantRoleInput): Promise<WriteOutcome> {
  const { contract, role, account, waitMsMax } = input
  if (await hasRole(writer, input)) return { receipt: null }
  // Roles are the same few functions in every contract (OpenZeppelin's AccessControl).
  const args = [roleIdOf(role), account] as const
  const data = encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'grantRole', args })
  return administer(writer, { contract, data, ...(waitMsMax !== undefined && { waitMsMax }) })
}
