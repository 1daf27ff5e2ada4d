/**
 * Implementations of ECDSA over secp256k1, best first: a signer of our own with a library for the rest, libsecp256k1 as a prebuilt
 * addon, the same library as WebAssembly, and JavaScript. They give the same bytes (RFC 6979 nonces, low s), so which one ran is never
 * visible in a signature; how fast each is, `npm run bench:receipts` says.
 */
import { randomBytes } from 'node:crypto'
import { createRequire } from 'node:module'
import { secp256k1 as noble } from '@noble/curves/secp256k1.js'
import { createOwnSigner } from './own-signer/own-signer.ts'

export type Secp256k1BackendName = 'own' | 'native' | 'wasm' | 'javascript'

export interface Secp256k1Backend {
  name: Secp256k1BackendName
  /** The signature's bytes are good until the next call. */
  sign(digest: Uint8Array, privateKey: Uint8Array): { signature: Uint8Array; recid: number }
  /** Uncompressed public key, 65 bytes, good until the next call. Throws when there is none. */
  recover(signature: Uint8Array, recid: number, digest: Uint8Array): Uint8Array
  /** Uncompressed, 65 bytes. */
  publicKey(privateKey: Uint8Array): Uint8Array
}

const load = createRequire(import.meta.url)

/** How often our own signer is held against a library before it signs anything. */
const TRIALS = 16

const loaders: Record<Secp256k1BackendName, () => Secp256k1Backend> = {
  own() {
    const library = bestSecp256k1Library()
    const own = createOwnSigner()
    const sign: Secp256k1Backend['sign'] = (digest, key) => own.sign(digest, key) ?? library.sign(digest, key)
    for (let i = 0; i < TRIALS; i++) {
      const [digest, key] = [randomBytes(32), randomBytes(32)]
      const [ours, theirs] = [sign(digest, key), library.sign(digest, key)]
      if (ours.recid !== theirs.recid || Buffer.compare(ours.signature, theirs.signature) !== 0) {
        throw new Error('Our own signer does not sign as the library does')
      }
    }
    return { ...library, name: 'own', sign }
  },
  native() {
    // Not the package's main entry, which would fall back to slow JavaScript without a word.
    const native = load('secp256k1/bindings.js') as typeof import('secp256k1')
    const signatureBytes = new Uint8Array(64)
    const publicKeyBytes = new Uint8Array(65)
    const intoSignature = () => signatureBytes
    const intoPublicKey = () => publicKeyBytes
    const noOptions = {}
    return {
      name: 'native',
      sign: (digest, key) => native.ecdsaSign(digest, key, noOptions, intoSignature),
      recover: (signature, recid, digest) => native.ecdsaRecover(signature, recid, digest, false, intoPublicKey),
      publicKey: (key) => native.publicKeyCreate(key, false),
    }
  },
  wasm() {
    const wasm = load('tiny-secp256k1') as typeof import('tiny-secp256k1')
    return {
      name: 'wasm',
      sign(digest, key) {
        const { signature, recoveryId } = wasm.signRecoverable(digest, key)
        return { signature, recid: recoveryId }
      },
      recover: (signature, recid, digest) => orThrow(wasm.recover(digest, signature, recid as 0 | 1, false)),
      publicKey: (key) => orThrow(wasm.pointFromScalar(key, false)),
    }
  },
  javascript: () => ({
    name: 'javascript',
    sign(digest, key) {
      const signature = noble.sign(digest, key, { prehash: false, lowS: true })
      return { signature: signature.toBytes('compact'), recid: signature.recovery }
    },
    recover(signature, recid, digest) {
      const parsed = noble.Signature.fromBytes(signature, 'compact').addRecoveryBit(recid)
      return parsed.recoverPublicKey(digest).toBytes(false)
    },
    publicKey: (key) => noble.getPublicKey(key, false),
  }),
}

const loaded = new Map<Secp256k1BackendName, Secp256k1Backend | null>()

/** An implementation, or null where it does not load. */
export function secp256k1BackendNamed(name: Secp256k1BackendName): Secp256k1Backend | null {
  let backend = loaded.get(name)
  if (backend === undefined) {
    try {
      backend = loaders[name]()
    } catch {
      backend = null
    }
    loaded.set(name, backend)
  }
  return backend
}

/** The best that loads here. The first call takes some tens of milliseconds. */
export function bestSecp256k1Backend(): Secp256k1Backend {
  return secp256k1BackendNamed('own') ?? bestSecp256k1Library()
}

/** The best library that loads here. */
export function bestSecp256k1Library(): Secp256k1Backend {
  return secp256k1BackendNamed('native') ?? secp256k1BackendNamed('wasm') ?? loaders.javascript()
}

function orThrow(bytes: Uint8Array | null): Uint8Array {
  if (bytes === null) throw new RangeError('No such point on the curve')
  return bytes
}
