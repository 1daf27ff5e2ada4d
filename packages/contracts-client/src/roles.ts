/** The roles that there are, and who holds which in which contract once a deployment is wired: the whole of it, and nobody else. */
import { keccak256, stringToHex, zeroAddress, zeroHash, type Address, type Hex } from 'viem'

import type { ContractName, Deployment } from './deployment.ts'

export const DEFAULT_ADMIN_ROLE = zeroHash

/**
 * Which roles a contract knows, but for the one that administers all others: that stays with the timelock, and no action moves it.
 * In the timelock, proposers say what shall happen, cancellers stop it, executors carry it out.
 */
export const rolesOf = {
  registry: ['LANE_ADMIN_ROLE', 'GUARDIAN_ROLE'],
  channels: ['GUARDIAN_ROLE', 'DISPUTE_ROLE'],
  vault: ['SLASHER_ROLE', 'LOCKER_ROLE'],
  ledger: ['AUDITOR_ROLE'],
  timelock: ['PROPOSER_ROLE', 'CANCELLER_ROLE', 'EXECUTOR_ROLE'],
} as const satisfies Partial<Record<ContractName, readonly string[]>>

/** A role, in a contract that knows it. */
export type RoleAt = {
  [C in keyof typeof rolesOf]: { contract: C; role: (typeof rolesOf)[C][number] }
}[keyof typeof rolesOf]

/** What the chain calls a role. */
export function roleIdOf(name: RoleAt['role']): Hex {
  return keccak256(stringToHex(name))
}

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
  name: RoleAt['role'] | 'DEFAULT_ADMIN_ROLE'
  role: Hex
  holder: Address
}

export function roleGrantsOf({ addresses, params }: Pick<Deployment, 'addresses' | 'params'>): RoleGrant[] {
  const grant = (contract: RoleGrant['contract'], name: RoleGrant['name'], holder: Address): RoleGrant => {
    return { contract, name, role: name === 'DEFAULT_ADMIN_ROLE' ? DEFAULT_ADMIN_ROLE : roleIdOf(name), holder }
  }
  const { timelock, ledger, disputes, contradictions, panels } = addresses
  return [
    grant('registry', 'LANE_ADMIN_ROLE', timelock),
    grant('registry', 'GUARDIAN_ROLE', params.guardian),
    grant('channels', 'GUARDIAN_ROLE', params.guardian),
    grant('channels', 'DISPUTE_ROLE', disputes),
    grant('vault', 'SLASHER_ROLE', ledger),
    grant('vault', 'SLASHER_ROLE', disputes),
    grant('vault', 'SLASHER_ROLE', contradictions),
    grant('vault', 'LOCKER_ROLE', disputes),
    grant('ledger', 'AUDITOR_ROLE', panels),
    ...(params.auditor === zeroAddress ? [] : [grant('ledger', 'AUDITOR_ROLE', params.auditor)]),
    ...administeredContracts.map((contract) => grant(contract, 'DEFAULT_ADMIN_ROLE', timelock)),
  ]
}
