/**
 * Signing digests and recovering who signed them, by the best implementation of the curve that loads.
 *
 * Only signatures of 65 bytes with v = 27 or 28 and low s are known: the contracts accept no others.
 */
import { writeHex, type Hex } from './hex.ts'
import { keccak256Hex } from './keccak.ts'
import { createKnownSigners } from './known-signers/known-signers.ts'
import {
  bestSecp256k1Backend,
  bestSecp256k1Library,
  type Secp256k1Backend,
  type Secp256k1BackendName,
} from './secp256k1-backends.ts'

const library = bestSecp256k1Library()
const known = createKnownSigners(library)
let signer: Secp256k1Backend | null = null

/** Which library recovers: `native`, `wasm` or `javascript`. */
export const secp256k1Backend = library.name

/**
 * Makes ready what signs and what checks known signers, and says which implementation signs. The first signature of a process and the first
 * table of a known key do it otherwise, and take some tens of milliseconds more: for whoever signs while others wait.
 */
export function prepareSigning(): Secp256k1BackendName {
  known.prepare()
  return bestSigner().name
}

function bestSigner(): Secp256k1Backend {
  return (signer ??= bestSecp256k1Backend())
}

/** Order of the curve, halved: a signature with a larger s is the malleated twin of another one and is refused. */
const HALF_ORDER = bytesOf('0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0')

// Used from call to call: nothing here waits, so no two calls meet in them.
const keyBytes = new Uint8Array(32)
const signatureBytes = Buffer.alloc(65)
const compactBytes = signatureBytes.subarray(0, 64)

/** A 65-byte signature r ‖ s ‖ v over a 32-byte digest, v = 27 or 28. Throws RangeError when the key is none. */
export function signDigest(digest: Uint8Array, privateKey: Hex, backend = bestSigner()): Hex {
  readKey(privateKey)
  const { signature, recid } = backend.sign(digest, keyBytes)
  keyBytes.fill(0)
  signatureBytes.set(signature)
  signatureBytes[64] = 27 + recid
  return `0x${signatureBytes.toString('hex')}`
}

/** The signer's address in lower case, or null when the signature is malformed, malleated or of no key. */
export function recoverAddress(digest: Uint8Array, signature: string, backend = library): Hex | null {
  const recid = readSignature(signature)
  const publicKey = recid === null ? null : recovered(digest, recid, backend)
  return publicKey && addressOfPublicKey(publicKey)
}

/**
 * Whether {@link recoverAddress} would answer this signer, in half the time where it has signed often. Each signer takes memory: for keys
 * that are registered or that the caller trusts, not for whatever a stranger writes.
 * @param signer an address in lower case.
 */
export function isSignatureOf(digest: Uint8Array, signature: string, signer: Hex): boolean {
  const recid = readSignature(signature)
  if (recid === null) return false
  if (known.hasSigned(signer, { digest, signature: compactBytes, recid })) return true
  // The address is a hash, and a digest may be good only until the next.
  const signed = { digest: new Uint8Array(digest), signature: compactBytes, recid }
  const publicKey = recovered(digest, recid, library)
  if (publicKey === null || addressOfPublicKey(publicKey) !== signer) return false
  known.recovered(signer, publicKey, signed)
  return true
}

/** Which of two points r stands for, with r and s in `compactBytes`; null when the signature is malformed or malleated. */
function readSignature(signature: string): number | null {
  if (!writeHex(signature, signatureBytes, 0, 65)) return null
  const recid = (signatureBytes[64] as number) - 27
  return (recid !== 0 && recid !== 1) || isHighS() ? null : recid
}

/** The public key that signed what is in `compactBytes`, or null when there is none. */
function recovered(digest: Uint8Array, recid: number, backend: Secp256k1Backend): Uint8Array | null {
  try {
    return backend.recover(compactBytes, recid, digest)
  } catch {
    return null
  }
}

/** The address of a private key, lower case. Throws RangeError when the key is none. */
export function addressOfPrivateKey(privateKey: Hex): Hex {
  readKey(privateKey)
  const publicKey = library.publicKey(keyBytes)
  keyBytes.fill(0)
  return addressOfPublicKey(publicKey)
}

function readKey(privateKey: Hex): void {
  if (!writeHex(privateKey, keyBytes, 0, 32)) throw new RangeError('A private key is 32 bytes of hex')
}

function addressOfPublicKey(uncompressed: Uint8Array): Hex {
  return `0x${keccak256Hex(uncompressed.subarray(1)).slice(26)}`
}

function isHighS(): boolean {
  for (let i = 0; i < 32; i++) {
    const difference = (signatureBytes[32 + i] as number) - (HALF_ORDER[i] as number)
    if (difference !== 0) return difference > 0
  }
  return false
}

function bytesOf(hex: Hex): Uint8Array {
  const bytes = new Uint8Array(32)
  writeHex(hex, bytes, 0, 32)
  return bytes
}
