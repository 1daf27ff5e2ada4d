/**
 * Whether an account signed a digest: a key, a contract wallet (ERC-1271) or one that is not deployed yet (ERC-6492).
 * Asked of the deployed verifier, as the payment channels ask it, in a call that leaves nothing behind.
 */
import type { Address, Hex } from 'viem'

import { signatureVerifierAbi } from '../abi/signature-verifier.ts'
import type { ChainReader } from '../chain-client.ts'
import { explainChainError, isRevert } from '../explain-chain-error.ts'

/** What a signature makes others call is its own choice: the endpoint does no more for it than this. */
const GAS_MAX = 8_000_000n

export interface SignedDigest {
  signer: Address
  digest: Hex
  signature: Hex
}

/** @throws AppError `chain_unavailable` when the chain cannot be asked. */
export async function isSignatureBy(
  { publicClient, deployment }: ChainReader,
  { signer, digest, signature }: SignedDigest,
): Promise<boolean> {
  try {
    const { result } = await publicClient.simulateContract({
      address: deployment.addresses.verifier,
      abi: signatureVerifierAbi,
      functionName: 'isValid',
      args: [signer, digest, signature],
      gas: GAS_MAX,
    })
    return result
  } catch (error) {
    // The verifier does not revert for what a signature holds, but what that calls may use up all of the gas.
    if (isRevert(error)) return false
    throw explainChainError(error)
  }
}
