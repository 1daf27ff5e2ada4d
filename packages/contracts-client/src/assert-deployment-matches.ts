/**
 * Refuses to run this code over contracts that it does not know, or over a chain that does not hold them.
 */
import { AppError } from '@isochrone/domain'
import type { PublicClient } from 'viem'

import { contractNames, type Deployment } from './deployment.ts'
import { codeHashOf } from './deployment-bytecode.ts'
import { chainIdOf } from './reads/chain-id-of.ts'
import { hasCode } from './reads/has-code.ts'

/**
 * Resolves when the chain holds this deployment and this version of the code would deploy the same bytecode.
 *
 * @throws AppError `state_conflict` in one sentence: which differs, and what to do; `chain_unavailable` when the endpoint
 *   does not answer, or not as a chain would.
 */
export async function assertDeploymentMatches(publicClient: PublicClient, deployment: Deployment): Promise<void> {
  const { chainId, addresses } = deployment
  const answered = await chainIdOf(publicClient)
  if (answered !== chainId) {
    throw mismatch(
      `The chain answers with id ${answered}, but the contracts are recorded on ${chainId}.`,
      `Name an endpoint of chain ${chainId}, or the deployment file of chain ${answered}.`,
    )
  }
  for (const name of contractNames) {
    const recorded = deployment.codeHashes[name]
    if (recorded !== null && recorded !== codeHashOf(name)) {
      throw mismatch(
        `The deployment has an older or newer \`${name}\` contract than this version of Isochrone.`,
        'Run the version that deployed it, or deploy again.',
      )
    }
  }
  const found = await Promise.all(contractNames.map((name) => hasCode(publicClient, addresses[name])))
  contractNames.forEach((name, i) => {
    if (found[i]) return
    throw mismatch(
      `Chain ${chainId} has no \`${name}\` contract at ${addresses[name]}: its state was lost, or it is another chain of that id.`,
      'Name an endpoint of the chain that holds it, or deploy again.',
    )
  })
}

function mismatch(what: string, whatToDo: string): AppError {
  return new AppError('state_conflict', { publicMessage: `${what} ${whatToDo}` })
}
