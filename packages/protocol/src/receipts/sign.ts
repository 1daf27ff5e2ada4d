/** Signing structures and recovering who signed them. Recovery never throws: a bad signature has no signer. */
import type { Hex } from '../crypto/keccak.ts'
import { recoverAddress, signDigest } from '../crypto/secp256k1.ts'
import { structDigest, type SigningDomain } from './eip712.ts'
import type { StructName } from './fields.ts'
import type { Signed, Struct } from './types.ts'

export function signStruct<N extends StructName>(
  domain: SigningDomain,
  name: N,
  value: Struct<N>,
  privateKey: Hex,
): Signed<Struct<N>> {
  return { value, signature: signDigest(structDigest(domain, name, value), privateKey) }
}

/** The lower-case address that signed, or null when nobody did. */
export function recoverStructSigner<N extends StructName>(
  domain: SigningDomain,
  name: N,
  signed: Signed<Struct<N>>,
): Hex | null {
  return recoverAddress(structDigest(domain, name, signed.value), signed.signature)
}
