/** A signature that is looked at, with what was signed. */

/** What is checked: a digest of 32 bytes, r and s of 64 together, and which of two points r stands for. */
export interface SignedDigest {
  digest: Uint8Array
  signature: Uint8Array
  recid: number
}
