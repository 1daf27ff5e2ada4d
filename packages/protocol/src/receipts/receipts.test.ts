import { SimpleMerkleTree } from '@openzeppelin/merkle-tree'
import fc from 'fast-check'
import { secp256k1 as noble } from '@noble/curves/secp256k1.js'
import { hashStruct, hashTypedData, recoverTypedDataAddress } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { expect, test } from 'vitest'
import { hexToBytes, type Hex } from '../crypto/keccak.ts'
import { prepareSigning, recoverAddress, secp256k1Backend, signDigest } from '../crypto/secp256k1.ts'
import { secp256k1BackendNamed } from '../crypto/secp256k1-backends.ts'
import { bytesToHex } from '../crypto/keccak.ts'
import { arbitraryStruct, hexOf } from './arbitrary-struct.ts'
import { structDigest, structHash, typedDataOf } from './eip712.ts'
import { structFields, type StructName } from './fields.ts'
import { addressOfKey } from './identifiers.ts'
import { decodeStruct, encodeStruct } from './json.ts'
import { LeafBuffer, merkleProof, merkleRoot, merkleTree, receiptLeaf, verifyMerkleProof } from './merkle.ts'
import { recoverStructSigner, signStruct } from './sign.ts'
import type { WorkReceipt } from './types.ts'

const domain = { chainId: 31_337, verifyingContract: '0x5fbdb2315678afecb367f032d93f642f64180aa3' as Hex }
const privateKey: Hex = `0x${'11'.repeat(32)}`
const names = Object.keys(structFields) as StructName[]
const backendNames = ['own', 'native', 'wasm', 'javascript'] as const

test.each(names)('%s hashes exactly as viem hashes it', (name) => {
  fc.assert(
    fc.property(arbitraryStruct(name), (value) => {
      const typed = typedDataOf(domain, name, value)
      expect(structHash(name, value)).toBe(hashStruct({ data: typed.message, types: typed.types, primaryType: name }))
      expect(bytesToHex(structDigest(domain, name, value))).toBe(hashTypedData(typed))
    }),
    { numRuns: 50 },
  )
})

test('a signature is byte for byte the one that viem makes, and recovers to its key', async () => {
  const account = privateKeyToAccount(privateKey)
  await fc.assert(
    fc.asyncProperty(arbitraryStruct('Voucher'), async (value) => {
      const signed = signStruct(domain, 'Voucher', value, privateKey)
      const typed = typedDataOf(domain, 'Voucher', value)
      expect(signed.signature).toBe(await account.signTypedData(typed))
      expect(recoverStructSigner(domain, 'Voucher', signed)).toBe(addressOfKey(privateKey))
      expect((await recoverTypedDataAddress({ ...typed, signature: signed.signature })).toLowerCase()).toBe(
        account.address.toLowerCase(),
      )
    }),
    { numRuns: 20 },
  )
})

test('every implementation of the curve signs and recovers alike, byte for byte', () => {
  expect(secp256k1Backend).toMatch(/native|wasm|javascript/)
  const backends = backendNames.flatMap((name) => secp256k1BackendNamed(name) ?? [])
  expect(backends.map(({ name }) => name)).toEqual(expect.arrayContaining(['own', 'wasm']))
  expect(prepareSigning()).toBe('own')
  fc.assert(
    fc.property(hexOf(32), (digestHex) => {
      const digest = hexToBytes(digestHex)
      const ours = signDigest(digest, privateKey)
      for (const backend of backends) {
        expect(signDigest(digest, privateKey, backend)).toBe(ours)
        expect(recoverAddress(digest, ours, backend)).toBe(addressOfKey(privateKey))
        expect(bytesToHex(backend.publicKey(hexToBytes(privateKey)))).toBe(
          bytesToHex(noble.getPublicKey(hexToBytes(privateKey), false)),
        )
      }
    }),
    { numRuns: 30 },
  )
})

test('what recovers to no point has no signer with any implementation', () => {
  const digest = hexToBytes(`0x${'22'.repeat(32)}`)
  // r = 5 is the x of no point of the curve.
  const noPoint = `0x${'05'.padStart(64, '0')}${'01'.padStart(64, '0')}1b`
  const backends = backendNames.flatMap((name) => secp256k1BackendNamed(name) ?? [])
  expect(backends.map((backend) => recoverAddress(digest, noPoint, backend))).toEqual(backends.map(() => null))
})

test('a malleated, zero or cut signature has no signer', () => {
  const digest = hexToBytes(`0x${'22'.repeat(32)}`)
  const signature = signDigest(digest, privateKey)
  const s = BigInt(`0x${signature.slice(66, 130)}`)
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const flipped = signature.endsWith('1b') ? '1c' : '1b'
  const highS = `${signature.slice(0, 66)}${(order - s).toString(16).padStart(64, '0')}${flipped}`
  expect(recoverAddress(digest, highS)).toBeNull()
  expect(recoverAddress(digest, `0x${'00'.repeat(65)}`)).toBeNull()
  expect(recoverAddress(digest, signature.slice(0, -2))).toBeNull()
})

test('changing any field changes the signer that is recovered', () => {
  fc.assert(
    fc.property(
      arbitraryStruct('DeliveryReceipt'),
      arbitraryStruct('DeliveryReceipt'),
      fc.nat(structFields.DeliveryReceipt.length - 1),
      (a, b, i) => {
        const field = structFields.DeliveryReceipt[i]?.[0] ?? 'price'
        fc.pre(a[field] !== b[field])
        const signed = signStruct(domain, 'DeliveryReceipt', a, privateKey)
        const forged = { ...signed, value: { ...a, [field]: b[field] } }
        expect(recoverStructSigner(domain, 'DeliveryReceipt', forged)).not.toBe(addressOfKey(privateKey))
      },
    ),
    { numRuns: 50 },
  )
})

test('the Merkle root and every proof equal those of OpenZeppelin', () => {
  fc.assert(
    fc.property(fc.uniqueArray(hexOf(32), { minLength: 1, maxLength: 40 }), fc.nat(), (leaves, pick) => {
      const oracle = SimpleMerkleTree.of(leaves)
      const leaf = leaves[pick % leaves.length] as Hex
      expect(merkleRoot(leaves)).toBe(oracle.root)
      const proof = merkleProof(leaves, leaf)
      expect(proof).toEqual(oracle.getProof(leaf))
      expect(verifyMerkleProof(merkleRoot(leaves), leaf, proof)).toBe(true)
      expect(verifyMerkleProof(merkleRoot(leaves), bytesToHex(hexToBytes(leaf).map((x) => x ^ 1)), proof)).toBe(false)
    }),
    { numRuns: 60 },
  )
})

test('a tree gives the proof of each leaf by where it was given, duplicates and near twins included', () => {
  // Leaves that share their first bytes meet the full comparison.
  const twins = fc.array(fc.nat(255), { minLength: 1, maxLength: 60 })
  fc.assert(
    fc.property(twins, fc.array(hexOf(32), { maxLength: 20 }), (lastBytes, others) => {
      const near = lastBytes.map((byte): Hex => `0x${'ab'.repeat(31)}${byte.toString(16).padStart(2, '0')}`)
      const leaves = [...near, ...others]
      const buffer = new LeafBuffer()
      for (const leaf of leaves) buffer.add(hexToBytes(leaf))
      const tree = merkleTree(buffer)
      const oracle = SimpleMerkleTree.of(leaves)
      expect([tree.root, tree.size]).toEqual([oracle.root, leaves.length])
      expect([merkleRoot(buffer), merkleRoot(leaves)]).toEqual([oracle.root, oracle.root])
      leaves.forEach((leaf, i) => {
        expect(verifyMerkleProof(tree.root, leaf, tree.proofOf(i))).toBe(true)
      })
      for (const index of [-1, leaves.length, 0.5]) expect(() => tree.proofOf(index)).toThrow(RangeError)
    }),
    { numRuns: 40 },
  )
})

/** Order is told by the first four bytes where it can be: each of them has to count, and then all of the others. */
test('leaves that begin alike, for however many bytes, stand in the order of OpenZeppelin', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 31 }),
      fc.array(hexOf(32), { minLength: 2, maxLength: 20 }),
      (alike, ends) => {
        const leaves = ends.map((end): Hex => `0x${'cd'.repeat(alike)}${end.slice(2 + 2 * alike)}`)
        expect(merkleRoot(leaves)).toBe(SimpleMerkleTree.of(leaves).root)
      },
    ),
    { numRuns: 100 },
  )
})

test('a tree of nothing, or of something that is no leaf, is a mistake of the caller', () => {
  expect(() => merkleTree([])).toThrow('at least one leaf')
  expect(() => merkleTree(new Uint8Array(33))).toThrow('32 bytes')
  expect(() => merkleTree(['0x12'])).toThrow('32 bytes')
  expect(() => new LeafBuffer().add(new Uint8Array(31))).toThrow('32 bytes')
  expect(() => merkleProof([`0x${'11'.repeat(32)}`], `0x${'12'.repeat(32)}`)).toThrow(RangeError)
})

test('the same fields as another kind of receipt make another leaf', () => {
  fc.assert(
    fc.property(
      arbitraryStruct('WorkReceipt'),
      arbitraryStruct('DeliveryReceipt'),
      (work, delivery) => receiptLeaf('WorkReceipt', work) !== receiptLeaf('DeliveryReceipt', delivery),
    ),
    { numRuns: 20 },
  )
})

test('JSON carries every structure without loss, and names the field that is wrong', () => {
  for (const name of names) {
    fc.assert(
      fc.property(arbitraryStruct(name), (value) => {
        expect(decodeStruct(name, JSON.parse(JSON.stringify(encodeStruct(name, value))))).toEqual(value)
      }),
      { numRuns: 20 },
    )
  }
  const [work] = fc.sample(arbitraryStruct('WorkReceipt'), 1) as [WorkReceipt]
  const json = encodeStruct('WorkReceipt', work)
  for (const bad of [-1, 2 ** 32, 1.5, '7', null, undefined]) {
    expect(() => decodeStruct('WorkReceipt', { ...json, tokensOut: bad })).toThrow('tokensOut')
  }
  expect(() => decodeStruct('WorkReceipt', { ...json, nodeId: '0x12' })).toThrow('nodeId')
  expect(() => decodeStruct('WorkReceipt', null)).toThrow('WorkReceipt')
})
