/**
 * ECDSA over secp256k1 for receipts: libsecp256k1 where its prebuilt addon loads, pure JavaScript where it does not.
 *
 * Both give the same bytes (RFC 6979 nonces, low s), so which one ran is never visible in a signature.
 */
import { createRequire } from 'node:module'
import { secp256k1 as noble } from '@noble/curves/secp256k1.js'
import { bytesToHex, hexToBytes, keccak256, type Hex } from './keccak.ts'

interface Backend {
  name: 'native' | 'javascript'
  sign(digest: Uint8Array, privateKey: Uint8Array): { signature: Uint8Array; recid: number }
  /** Uncompressed public key, 65 bytes. */
  recover(signature: Uint8Array, recid: number, digest: Uint8Array): Uint8Array
  publicKey(privateKey: Uint8Array): Uint8Array
}

const backend = loadBackend()

/** Which implementation signs: `native` or `javascript`. */
export const secp256k1Backend = backend.name

/** Order of the curve, halved: a signature with a larger s is the malleated twin of another one and is refused. */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n

/** A 65-byte signature r ‖ s ‖ v over a 32-byte digest, v = 27 or 28. */
export function signDigest(digest: Uint8Array, privateKey: Hex): Hex {
  const { signature, recid } = backend.sign(digest, hexToBytes(privateKey))
  const out = new Uint8Array(65)
  out.set(signature)
  out[64] = 27 + recid
  return bytesToHex(out)
}

/** The signer's address in lower case, or null when the signature is malformed, malleated or of no key. */
export function recoverAddress(digest: Uint8Array, signature: string): Hex | null {
  if (!/^0x[0-9a-fA-F]{130}$/.test(signature)) return null
  const bytes = hexToBytes(signature)
  const recid = (bytes[64] ?? 0) - 27
  if (recid !== 0 && recid !== 1) return null
  if (BigInt(bytesToHex(bytes.subarray(32, 64))) > HALF_ORDER) return null
  try {
    return addressOfPublicKey(backend.recover(bytes.subarray(0, 64), recid, digest))
  } catch {
    return null
  }
}

/** The address of a private key, lower case. */
export function addressOfPrivateKey(privateKey: Hex): Hex {
  return addressOfPublicKey(backend.publicKey(hexToBytes(privateKey)))
}

function addressOfPublicKey(uncompressed: Uint8Array): Hex {
  return bytesToHex(keccak256(uncompressed.subarray(1)).subarray(12))
}

function loadBackend(): Backend {
  try {
    const native = createRequire(import.meta.url)('secp256k1/bindings.js') as typeof import('secp256k1')
    return {
      name: 'native',
      sign: (digest, key) => native.ecdsaSign(digest, key),
      recover: (signature, recid, digest) => native.ecdsaRecover(signature, recid, digest, false),
      publicKey: (key) => native.publicKeyCreate(key, false),
    }
  } catch {
    return javascriptBackend
  }
}

/** Exported for tests: that both backends agree byte for byte. */
export const javascriptBackend: Backend = {
  name: 'javascript',
  sign(digest, key) {
    const signature = noble.sign(digest, key, { prehash: false, lowS: true })
    return { signature: signature.toBytes('compact'), recid: signature.recovery }
  },
  recover(signature, recid, digest) {
    return noble.Signature.fromBytes(signature, 'compact').addRecoveryBit(recid).recoverPublicKey(digest).toBytes(false)
  },
  publicKey: (key) => noble.getPublicKey(key, false),
}
