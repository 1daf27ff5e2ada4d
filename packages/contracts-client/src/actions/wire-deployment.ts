/**
 * Tells freshly deployed contracts of one another, grants the roles, and takes every right from the deployer: from here
 * on the timelock alone administers them.
 */
import { invariant } from '@isochrone/domain'
import { encodeFunctionData, type Hex, type PublicClient } from 'viem'

import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import { providerRegistryAbi } from '../abi/provider-registry.ts'
import type { ContractName, Deployment } from '../deployment.ts'
import { administeredContracts, DEFAULT_ADMIN_ROLE, roleGrantsOf } from '../roles.ts'
import type { TransactionSender } from '../transactions/transaction-sender.ts'

export interface WireDeploymentInput {
  publicClient: PublicClient
  /** The deployer. */
  sender: TransactionSender
  deployment: Deployment
}

export async function wireDeployment({ publicClient, sender, deployment }: WireDeploymentInput): Promise<void> {
  const { addresses, params } = deployment
  const call = (contract: ContractName, data: Hex) => sender.send({ to: addresses[contract], data })

  const vault = encodeFunctionData({ abi: providerRegistryAbi, functionName: 'setStakeVault', args: [addresses.vault] })
  const stakeMin = [BigInt(params.laneStakeMinMicroUsd)] as const
  const stake = encodeFunctionData({ abi: providerRegistryAbi, functionName: 'setLaneStakeMin', args: stakeMin })
  const ledger = encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'setSlaLedger', args: [addresses.ledger] })
  await Promise.all([call('registry', vault), call('registry', stake), call('channels', ledger)])

  // Roles are the same few functions in every contract (OpenZeppelin's AccessControl).
  const grants = roleGrantsOf(deployment).map(({ contract, role, holder }) => {
    const args = [role, holder] as const
    return call(contract, encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'grantRole', args }))
  })
  await Promise.all(grants)

  const args = [DEFAULT_ADMIN_ROLE, sender.account.address] as const
  const renounce = encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'renounceRole', args })
  await Promise.all(administeredContracts.map((contract) => call(contract, renounce)))
  for (const contract of administeredContracts) {
    const address = addresses[contract]
    const held = await publicClient.readContract({ address, abi: paymentChannelsAbi, functionName: 'hasRole', args })
    invariant(!held, `the deployer still administers ${contract}`)
  }
}
