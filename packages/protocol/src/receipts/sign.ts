/**
 * Signing structures and recovering who signed them. Recovery never throws: a bad signature has no signer.
 *
 * The variants with a hash are for whoever needs it too (a work receipt's hash goes into the delivery receipt, both go
 * into leaves): hashing a receipt is a tenth of signing it.
 */
import type { Hex } from '../crypto/keccak.ts'
import { isSignatureOf, recoverAddress, signDigest } from '../crypto/secp256k1.ts'
import type { Secp256k1Backend } from '../crypto/secp256k1-backends.ts'
import { digestOfHash, lastStructHash, structDigestInPlace, type SigningDomain } from './eip712.ts'
import type { StructName } from './fields.ts'
import type { Signed, Struct } from './types.ts'

export function signStruct<N extends StructName>(
  domain: SigningDomain,
  name: N,
  value: Struct<N>,
  privateKey: Hex,
  backend?: Secp256k1Backend,
): Signed<Struct<N>> {
  return { value, signature: signDigest(structDigestInPlace(domain, name, value), privateKey, backend) }
}

/** The lower-case address that signed, or null when nobody did. */
export function recoverStructSigner<N extends StructName>(
  domain: SigningDomain,
  name: N,
  signed: Signed<Struct<N>>,
  backend?: Secp256k1Backend,
): Hex | null {
  return recoverAddress(structDigestInPlace(domain, name, signed.value), signed.signature, backend)
}

/** Whether this signer, a lower-case address that is expected often, signed: quicker than {@link recoverStructSigner}. */
export function isStructSignedBy<N extends StructName>(
  domain: SigningDomain,
  name: N,
  signed: Signed<Struct<N>>,
  signer: Hex,
): boolean {
  return isSignatureOf(structDigestInPlace(domain, name, signed.value), signed.signature, signer)
}

/** {@link signStruct}, with the struct hash that it signed for. */
export function signStructHashed<N extends StructName>(
  domain: SigningDomain,
  name: N,
  value: Struct<N>,
  privateKey: Hex,
  backend?: Secp256k1Backend,
): { signed: Signed<Struct<N>>; hash: Hex } {
  const signature = signDigest(structDigestInPlace(domain, name, value), privateKey, backend)
  return { signed: { value, signature }, hash: lastStructHash() }
}

/** Who signed the structure with this hash: {@link recoverStructSigner} where the hash is known already. */
export function recoverHashSigner(
  domain: SigningDomain,
  hash: Uint8Array,
  signature: Hex,
  backend?: Secp256k1Backend,
): Hex | null {
  return recoverAddress(digestOfHash(domain, hash), signature, backend)
}

/** {@link isStructSignedBy} where the hash is known already. */
export function isHashSignedBy(domain: SigningDomain, hash: Uint8Array, signature: Hex, signer: Hex): boolean {
  return isSignatureOf(digestOfHash(domain, hash), signature, signer)
}
