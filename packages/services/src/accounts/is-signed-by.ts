/**
 * Whether a wallet signed: by its key, which needs no chain, or as a contract, which only the chain can say.
 */
import { AppError, isAppError } from '@isochrone/domain'
import { bytesToHex, recoverAddress, type Hex } from '@isochrone/protocol'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'

/** @throws AppError `chain_unavailable` when it is not the key's signature and the chain cannot be asked. */
export async function isSignedBy(
  { isSignatureBy }: Pick<ControlPlaneDeps, 'isSignatureBy'>,
  { signer, digest, signature }: { signer: Hex; digest: Uint8Array; signature: Hex },
): Promise<boolean> {
  if (recoverAddress(digest, signature) === signer.toLowerCase()) return true
  if (!isSignatureBy) return false
  try {
    return await isSignatureBy({ signer, digest: bytesToHex(digest), signature })
  } catch (error) {
    if (!isAppError(error) || error.code !== 'chain_unavailable') throw error
    throw new AppError('chain_unavailable', {
      publicMessage:
        'The signature is not by this wallet’s own key, and whether the wallet is a contract that accepts it could not be asked of the chain. Try again in a moment.',
      cause: error,
    })
  }
}
