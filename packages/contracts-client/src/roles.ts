/** Who holds which role in which contract once a deployment is wired: the whole of it, and nobody else. */
import { keccak256, stringToHex, zeroHash, type Address, type Hex } from 'viem'

import type { ContractName, Deployment } from './deployment.ts'

export const DEFAULT_ADMIN_ROLE = zeroHash
const roleOf = (name: string): Hex => keccak256(stringToHex(name))

/** Contracts that have roles, each administered by the timelock. The timelock administers itself. */
export const administeredContracts = [
  'registry',
  'channels',
  'vault',
  'ledger',
  'disputes',
  'contradictions',
] as const satisfies readonly ContractName[]

export interface RoleGrant {
  contract: (typeof administeredContracts)[number]
  name: string
  role: Hex
  holder: Address
}

export function roleGrantsOf({ addresses, params }: Pick<Deployment, 'addresses' | 'params'>): RoleGrant[] {
  const grant = (contract: RoleGrant['contract'], name: string, holder: Address): RoleGrant => {
    return { contract, name, role: name === 'DEFAULT_ADMIN_ROLE' ? DEFAULT_ADMIN_ROLE : roleOf(name), holder }
  }
  const { timelock, ledger, disputes, contradictions } = addresses
  return [
    grant('registry', 'LANE_ADMIN_ROLE', timelock),
    grant('registry', 'GUARDIAN_ROLE', params.guardian),
    grant('channels', 'GUARDIAN_ROLE', params.guardian),
    grant('channels', 'DISPUTE_ROLE', disputes),
    grant('vault', 'SLASHER_ROLE', ledger),
    grant('vault', 'SLASHER_ROLE', disputes),
    grant('vault', 'SLASHER_ROLE', contradictions),
    grant('vault', 'LOCKER_ROLE', disputes),
    grant('ledger', 'AUDITOR_ROLE', params.auditor),
    ...administeredContracts.map((contract) => grant(contract, 'DEFAULT_ADMIN_ROLE', timelock)),
  ]
}
