/**
 * Holds the check of known signers against the library: what a key signed must be accepted, and of the same with one of its bits turned, or
 * with the other recovery byte, exactly what the library recovers for that key.
 */
import { createHash } from 'node:crypto'
import { bytesToHex, createKnownSigners, type Hex, type Secp256k1Backend, type SignedDigest } from '@isochrone/protocol'

/** Signatures of one key, whose table then goes to the next. */
const SIGNATURES_A_KEY = 50
/** More recoveries than a key needs for its table. */
const RECOVERIES = 200
const BITS = 8 * (64 + 32)

/** Null where they agree on signature `i`, or in words how they do not. Throws where there are no tables here. */
export function compareKnownSigners(library: Secp256k1Backend, seed: string) {
  const known = createKnownSigners(library, 1)
  if (!known.prepare()) throw new Error('Signers cannot be checked by tables here')
  let key = new Uint8Array(0)
  let signer: Hex = '0x'

  function begin(group: number): void {
    key = hashed(`${seed}/${group}/known`)
    const publicKey = Uint8Array.from(library.publicKey(key))
    // Any name does: tables are found by it, and made of the key.
    signer = bytesToHex(publicKey)
    const signed = signedBy(hashed(`${seed}/${group}/first`))
    for (let i = 0; i < RECOVERIES; i++) known.recovered(signer, publicKey, signed)
  }

  function signedBy(digest: Uint8Array): SignedDigest {
    const { signature, recid } = library.sign(digest, key)
    return { digest, signature: Uint8Array.from(signature), recid }
  }

  function isRecovered({ digest, signature, recid }: SignedDigest): boolean {
    try {
      return bytesToHex(library.recover(signature, recid, digest)) === signer
    } catch {
      return false
    }
  }

  return (i: number): string | null => {
    if (i % SIGNATURES_A_KEY === 0) begin(i / SIGNATURES_A_KEY)
    const signed = signedBy(hashed(`${seed}/${i}/known digest`))
    if (!known.hasSigned(signer, signed)) return `key ${bytesToHex(key)} signed ${bytesToHex(signed.digest)}`
    const faulty = withFault(signed, i % (BITS + 1))
    if (known.hasSigned(signer, faulty) === isRecovered(faulty)) return null
    return `key ${bytesToHex(key)}, ${bytesToHex(faulty.digest)}, ${bytesToHex(faulty.signature)}/${faulty.recid}`
  }
}

/** With one bit turned; the last one is the recovery byte's. */
function withFault({ digest, signature, recid }: SignedDigest, bit: number): SignedDigest {
  if (bit === BITS) return { digest, signature, recid: 1 - recid }
  const bytes = Uint8Array.from([...signature, ...digest])
  bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
  return { digest: bytes.slice(64), signature: bytes.slice(0, 64), recid }
}

function hashed(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(createHash('sha256').update(text).digest())
}
