/** Recovers the signers of a batch, and says which are not who they should be. */
import { bytesToHex, recoverAddress, type Hex } from '@isochrone/protocol'

export interface SignatureBatch {
  id: number
  count: number
  /** 32 bytes each. */
  digests: Uint8Array<ArrayBuffer>
  /** 65 bytes each. */
  signatures: Uint8Array<ArrayBuffer>
  /** Addresses, 20 bytes each. */
  signers: Uint8Array<ArrayBuffer>
}

/** Index and actual signer (null: nobody) of each that is wrong. */
export function recoverBatch({ count, digests, signatures, signers }: SignatureBatch): [number, Hex | null][] {
  const wrong: [number, Hex | null][] = []
  for (let i = 0; i < count; i++) {
    const signature = bytesToHex(signatures.subarray(i * 65, i * 65 + 65))
    const found = recoverAddress(digests.subarray(i * 32, i * 32 + 32), signature)
    if (found !== bytesToHex(signers.subarray(i * 20, i * 20 + 20))) wrong.push([i, found])
  }
  return wrong
}
