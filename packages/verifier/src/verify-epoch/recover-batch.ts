/** Recovers the signers of a batch, and says which are not who they should be. */
import { bytesToHex, isSignatureOf, recoverAddress, type Hex } from '@isochrone/protocol'

/** Bytes of signatures side by side. They go to a thread and come back, so that none is allocated anew. */
export interface SignatureBytes {
  /** 32 bytes each. */
  digests: Uint8Array<ArrayBuffer>
  /** 65 bytes each. */
  signatures: Uint8Array<ArrayBuffer>
  /** Addresses, 20 bytes each. */
  signers: Uint8Array<ArrayBuffer>
}

export interface SignatureBatch extends SignatureBytes {
  id: number
  count: number
}

export interface CheckedBatch extends SignatureBatch {
  /** Index and actual signer (null: nobody) of each that is wrong. */
  wrong: [number, Hex | null][]
}

export function recoverBatch(batch: SignatureBatch): CheckedBatch {
  const { count, digests, signatures, signers } = batch
  const wrong: [number, Hex | null][] = []
  for (let i = 0; i < count; i++) {
    const signature = bytesToHex(signatures.subarray(i * 65, i * 65 + 65))
    const digest = digests.subarray(i * 32, i * 32 + 32)
    if (isSignatureOf(digest, signature, bytesToHex(signers.subarray(i * 20, i * 20 + 20)))) continue
    wrong.push([i, recoverAddress(digest, signature)])
  }
  return { ...batch, wrong }
}

/** What a message hands over with these bytes. */
export function buffersOf({ digests, signatures, signers }: SignatureBytes): ArrayBuffer[] {
  return [digests.buffer, signatures.buffer, signers.buffer]
}
