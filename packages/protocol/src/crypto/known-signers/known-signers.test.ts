/** Which keys have tables: those that are expected and signed often, never more than there is room for, and each its own. */
import { afterEach, expect, test, vi } from 'vitest'
import { signStruct, isStructSignedBy, recoverStructSigner } from '../../receipts/sign.ts'
import { addressOfPrivateKey, isSignatureOf, recoverAddress, signDigest } from '../secp256k1.ts'
import { bytesToHex, keccak256, type Hex } from '../keccak.ts'
import { bestSecp256k1Library } from '../secp256k1-backends.ts'
import { CHECKS_BEFORE, createKnownSigners, type KnownSigners } from './known-signers.ts'
import type { SignedDigest } from './signed-digest.ts'

const library = bestSecp256k1Library()
const keyOf = (i: number): Uint8Array => keccak256(Buffer.from(`key ${i}`))
const signerOf = (i: number): Hex => addressOfPrivateKey(bytesToHex(keyOf(i)))

function signedBy(i: number, text = 'text'): SignedDigest {
  const digest = keccak256(Buffer.from(text))
  const { signature, recid } = library.sign(digest, keyOf(i))
  return { digest, signature: Uint8Array.from(signature), recid }
}

/** As the library does: it recovers, and the address fits. */
function recover(known: KnownSigners, i: number, times: number, by = i): void {
  for (let count = 0; count < times; count++) {
    known.recovered(signerOf(i), Uint8Array.from(library.publicKey(keyOf(by))), signedBy(i, `${count}`))
  }
}

afterEach(() => void vi.restoreAllMocks())

test('a key has a table once it has signed often, and not before', () => {
  const known = createKnownSigners(library, 4)
  recover(known, 1, CHECKS_BEFORE - 1)
  expect(known.hasSigned(signerOf(1), signedBy(1))).toBe(false)
  recover(known, 1, 1)
  expect(known.hasSigned(signerOf(1), signedBy(1))).toBe(true)
  expect(known.hasSigned(signerOf(1), signedBy(2))).toBe(false)
  expect(known.hasSigned(signerOf(2), signedBy(2))).toBe(false)
})

/** A table that served two keys would accept the one's signature for the other's. */
test('with more keys than tables, who signed longest ago gives its table up, and nobody has another’s', () => {
  const known = createKnownSigners(library, 3)
  const seen = () => [1, 2, 3, 4, 5].map((i) => known.hasSigned(signerOf(i), signedBy(i, 'seen')))
  for (const i of [1, 2, 3]) recover(known, i, CHECKS_BEFORE)
  expect(seen()).toEqual([true, true, true, false, false])
  known.hasSigned(signerOf(1), signedBy(1))
  recover(known, 4, CHECKS_BEFORE)
  expect(seen()).toEqual([true, false, true, true, false])
  // The key does not fit what it is said to have signed: no table, and the place that it had is free again.
  recover(known, 5, CHECKS_BEFORE, 2)
  expect(seen()).toEqual([false, false, true, true, false])
  recover(known, 5, CHECKS_BEFORE)
  recover(known, 2, CHECKS_BEFORE)
  expect(seen().filter(Boolean)).toHaveLength(3)
  for (const signer of [1, 2, 3, 4, 5]) {
    for (const by of [1, 2, 3, 4, 5]) {
      if (by !== signer) expect(known.hasSigned(signerOf(signer), signedBy(by)), `${by} as ${signer}`).toBe(false)
    }
  }
})

test('a library that disagrees keeps the tables from being used', () => {
  const other = { ...library, publicKey: () => Uint8Array.from(library.publicKey(keyOf(9))) }
  const known = createKnownSigners(other)
  recover(known, 1, CHECKS_BEFORE)
  expect([known.prepare(), known.hasSigned(signerOf(1), signedBy(1))]).toEqual([false, false])
  expect(createKnownSigners(library).prepare()).toBe(true)
})

const domain = { chainId: 1, verifyingContract: signerOf(7) }
const proofOf = (i: number) => ({
  nonce: bytesToHex(keccak256(Buffer.from([i]))),
  lane: signerLane,
  nodeKey: signerOf(7),
})
const signerLane = bytesToHex(keccak256(Buffer.from('lane')))

/** The digest of a structure lies where the next hash is written, and an address is a hash. */
test('what a known signer signed takes the library no more, and every answer is as before', () => {
  const key = bytesToHex(keyOf(20))
  const signed = Array.from({ length: CHECKS_BEFORE + 20 }, (_, i) => signStruct(domain, 'LinkProof', proofOf(i), key))
  const recovers = vi.spyOn(library, 'recover')
  for (const proof of signed) expect(isStructSignedBy(domain, 'LinkProof', proof, signerOf(20))).toBe(true)
  expect(recovers).toHaveBeenCalledTimes(CHECKS_BEFORE)
  for (const [i, { value }] of signed.entries()) {
    const faulty = { value, signature: (signed[i ^ 1] as (typeof signed)[0]).signature }
    expect(isStructSignedBy(domain, 'LinkProof', faulty, signerOf(20))).toBe(false)
    expect(recoverStructSigner(domain, 'LinkProof', faulty)).not.toBe(signerOf(20))
  }
  // Each refusal is the library's.
  expect(recovers).toHaveBeenCalledTimes(CHECKS_BEFORE + 2 * signed.length)
})

test('of a known signer too, what is malformed or malleated is refused, and another signer’s is not its own', () => {
  const key = bytesToHex(keyOf(21))
  const [digest, other] = [keccak256(Buffer.from('a')), keccak256(Buffer.from('b'))]
  const signature = signDigest(digest, key)
  for (let i = 0; i <= CHECKS_BEFORE; i++) expect(isSignatureOf(digest, signature, signerOf(21))).toBe(true)
  const s = BigInt(`0x${signature.slice(66, 130)}`)
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const v = signature.endsWith('1b') ? '1c' : '1b'
  const twin = `${signature.slice(0, 66)}${(order - s).toString(16).padStart(64, '0')}${v}`
  const wrong = [
    twin,
    `${signature.slice(0, -2)}${v}`,
    `${signature.slice(0, -2)}00`,
    `${signature.slice(0, -2)}1d`,
    signature.slice(0, -2),
    `${signature}00`,
    `0x${'00'.repeat(64)}1b`,
    '',
    signDigest(digest, bytesToHex(keyOf(22))),
  ]
  for (const text of wrong) {
    expect(isSignatureOf(digest, text, signerOf(21)), text).toBe(false)
    expect(recoverAddress(digest, text) === signerOf(21)).toBe(false)
  }
  expect(isSignatureOf(other, signature, signerOf(21))).toBe(false)
  expect(isSignatureOf(digest, signature, signerOf(22))).toBe(false)
  expect(isSignatureOf(digest, signature.toUpperCase().replace('0X', '0x'), signerOf(21))).toBe(true)
})
