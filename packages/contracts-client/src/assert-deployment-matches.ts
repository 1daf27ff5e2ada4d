/**
 * Refuses to run this code over contracts that it does not know, or over a chain that no longer holds them.
 */
import { AppError } from '@isochrone/domain'
import type { PublicClient } from 'viem'

import { contractNames, type Deployment } from './deployment.ts'
import { codeHashOf } from './deployment-bytecode.ts'

/**
 * Resolves when the chain holds this deployment and this version of the code would deploy the same bytecode.
 *
 * @throws AppError `state_conflict` in one sentence: which differs, and what to do.
 */
export async function assertDeploymentMatches(publicClient: PublicClient, deployment: Deployment): Promise<void> {
  const chainId = await publicClient.getChainId()
  if (chainId !== deployment.chainId) {
    throw mismatch(`The chain answers with id ${chainId}, but the contracts are recorded on ${deployment.chainId}.`)
  }
  for (const name of contractNames) {
    const recorded = deployment.codeHashes[name]
    if (recorded !== null && recorded !== codeHashOf(name)) {
      throw mismatch(`The kept chain holds an older or newer \`${name}\` contract than this version of Isochrone.`)
    }
  }
  const codes = await Promise.all(
    contractNames.map((name) => publicClient.getCode({ address: deployment.addresses[name] })),
  )
  contractNames.forEach((name, i) => {
    const code = codes[i]
    if (code !== undefined && code !== '0x') return
    throw mismatch(`The chain has no \`${name}\` contract at ${deployment.addresses[name]}: its state was lost.`)
  })
}

function mismatch(what: string): AppError {
  return new AppError('state_conflict', {
    publicMessage: `${what} Run the version that deployed it, or start afresh with \`npm start -- --reset\`.`,
  })
}
