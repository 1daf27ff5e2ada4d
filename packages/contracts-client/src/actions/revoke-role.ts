/**
 * Takes a role from an account: of an auditor, a guardian, or a proposer of the timelock whose key leaked. Through the
 * timelock, so whoever holds the role keeps it for the delay.
 */
import { encodeFunctionData, type Address } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainWriter } from '../chain-client.ts'
import { hasRole } from '../reads/has-role.ts'
import { roleIdOf, type RoleAt } from '../roles.ts'
import { administer } from './administer.ts'
import type { WriteOutcome } from './outcome.ts'

export type RevokeRoleInput = RoleAt & {
  account: Address
  /** The longest wait for the timelock, in ms. */
  waitMsMax?: number
}

/** Safe to retry: a role that the account does not hold counts as done. */
export async function revokeRole(writer: ChainWriter, input: RevokeRoleInput): Promise<WriteOutcome> {
  const { contract, role, account, waitMsMax } = input
  if (!(await hasRole(writer, input))) return { receipt: null }
  // Roles are the same few functions in every contract (OpenZeppelin's AccessControl).
  const args = [roleIdOf(role), account] as const
  const data = encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'revokeRole', args })
  return administer(writer, { contract, data, ...(waitMsMax !== undefined && { waitMsMax }) })
}
