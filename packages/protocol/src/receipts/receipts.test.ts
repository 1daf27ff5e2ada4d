import { SimpleMerkleTree } from '@openzeppelin/merkle-tree'
import fc from 'fast-check'
import { hashStruct, hashTypedData, recoverTypedDataAddress } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { expect, test } from 'vitest'
import { hexToBytes, type Hex } from '../crypto/keccak.ts'
import { javascriptBackend, recoverAddress, secp256k1Backend, signDigest } from '../crypto/secp256k1.ts'
import { bytesToHex } from '../crypto/keccak.ts'
import { structDigest, structHash, typedDataOf } from './eip712.ts'
import { readEpochFile, writeEpochFile } from './epoch-file.ts'
import { structFields, type FieldType, type StructName } from './fields.ts'
import { addressOfKey } from './identifiers.ts'
import { decodeStruct, encodeStruct } from './json.ts'
import { merkleProof, merkleRoot, receiptLeaf, verifyMerkleProof } from './merkle.ts'
import { recoverStructSigner, signStruct } from './sign.ts'
import type { Struct, WorkReceipt } from './types.ts'

const hexOf = (bytes: number) => fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((b) => bytesToHex(b))
const arbitraryField: Record<FieldType, fc.Arbitrary<unknown>> = {
  bytes32: hexOf(32),
  bytes8: hexOf(8),
  address: hexOf(20),
  uint8: fc.nat(255),
  uint16: fc.nat(65_535),
  uint32: fc.nat(4_294_967_295),
  uint64: fc.nat(Number.MAX_SAFE_INTEGER),
  uint128: fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }),
}
function arbitraryStruct<N extends StructName>(name: N): fc.Arbitrary<Struct<N>> {
  const entries = structFields[name].map(([field, type]) => [field, arbitraryField[type]])
  return fc.record(Object.fromEntries(entries)) as fc.Arbitrary<Struct<N>>
}
const domain = { chainId: 31_337, verifyingContract: '0x5fbdb2315678afecb367f032d93f642f64180aa3' as Hex }
const privateKey: Hex = `0x${'11'.repeat(32)}`
const names = Object.keys(structFields) as StructName[]

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

test('the native and the JavaScript signer agree byte for byte', () => {
  expect(secp256k1Backend).toMatch(/native|javascript/)
  fc.assert(
    fc.property(hexOf(32), (digestHex) => {
      const digest = hexToBytes(digestHex)
      const other = javascriptBackend.sign(digest, hexToBytes(privateKey))
      const ours = signDigest(digest, privateKey)
      expect(bytesToHex(new Uint8Array([...other.signature, 27 + other.recid]))).toBe(ours)
      expect(bytesToHex(javascriptBackend.recover(other.signature, other.recid, digest))).toBe(
        bytesToHex(javascriptBackend.publicKey(hexToBytes(privateKey))),
      )
    }),
    { numRuns: 30 },
  )
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

test('an epoch file comes back line by line, and a flipped byte does not', async () => {
  const deliveries = fc
    .sample(arbitraryStruct('DeliveryReceipt'), 5)
    .map((value) => signStruct(domain, 'DeliveryReceipt', value, privateKey))
  const works = fc
    .sample(arbitraryStruct('WorkReceipt'), 5)
    .map((value) => signStruct(domain, 'WorkReceipt', value, privateKey))
  const lines = deliveries.map((delivery, i) => ({ delivery, work: i === 0 ? null : (works[i] ?? null) }))
  const { bytes, dataHash } = await writeEpochFile(lines)
  expect(dataHash).toMatch(/^0x[0-9a-f]{64}$/)
  expect(await readEpochFile(bytes)).toEqual(lines)
  await expect(readEpochFile(bytes.subarray(0, bytes.length - 9))).rejects.toThrow('gzip')
})
