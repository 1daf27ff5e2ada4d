/**
 * What one deployment of the contracts is: where they are, with which parameters, and from which bytecode.
 *
 * Plain JSON, so that it can be kept in a file beside the chain's state and handed to every process.
 */
import type { Address, Hex } from 'viem'

export const contractNames = ['token', 'registry', 'anchor', 'channels', 'hasher'] as const
export type ContractName = (typeof contractNames)[number]

export interface DeploymentParams {
  /** May admit lanes, set the fee and the treasury, and lift a pause. */
  admin: Address
  /** Where fees are paid. */
  treasury: Address
  /** Basis points that providers freeze when they register. */
  feeBps: number
  /** Seconds from an epoch's anchoring until its pending is payable. */
  settleWindowS: number
  /** Seconds from a request to withdraw until the withdrawal. */
  thawS: number
}

export interface Deployment {
  chainId: number
  addresses: Record<ContractName, Address>
  /** The block of the first contract: where an indexer starts. */
  blockNumber: number
  /** Keccak-256 of the creation bytecode that was deployed. `token` is null for a token that was there before. */
  codeHashes: Record<ContractName, Hex | null>
  params: DeploymentParams
}
