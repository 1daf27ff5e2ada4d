/** Edges of what is hashed, signed and decoded: what is out of range is refused, and nothing of it stays behind. */
import fc from 'fast-check'
import { encodeAbiParameters, hashTypedData, keccak256 as viemKeccak, type Hex } from 'viem'
import { expect, test } from 'vitest'
import { bytesToHex, hexToBytes } from '../crypto/keccak.ts'
import { arbitraryStruct, hexOf } from './arbitrary-struct.ts'
import { domainSeparator, structDigest, structHash, structHashBytes, typedDataOf } from './eip712.ts'
import { addressOfKey } from './identifiers.ts'
import { decodeStruct, encodeStruct } from './json.ts'
import {
  LeafBuffer,
  leafOfHash,
  merkleProof,
  merkleRoot,
  merkleTree,
  receiptLeaf,
  verifyMerkleProof,
} from './merkle.ts'
import { recoverHashSigner, recoverStructSigner, signStruct, signStructHashed } from './sign.ts'
import type { Ceiling, DeliveryReceipt, LinkProof, SlaCounts, WorkReceipt } from './types.ts'

const domain = { chainId: 31_337, verifyingContract: '0x5fbdb2315678afecb367f032d93f642f64180aa3' as Hex }
const privateKey: Hex = `0x${'11'.repeat(32)}`
const [delivery] = fc.sample(arbitraryStruct('DeliveryReceipt'), 1) as [DeliveryReceipt]
const [work] = fc.sample(arbitraryStruct('WorkReceipt'), 1) as [WorkReceipt]
const [ceiling] = fc.sample(arbitraryStruct('Ceiling'), 1) as [Ceiling]
const [proof] = fc.sample(arbitraryStruct('LinkProof'), 1) as [LinkProof]

test('the domain is called Isochrone, version 1', () => {
  const typeHash = viemKeccak(
    new TextEncoder().encode('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'),
  )
  const text = (value: string) => viemKeccak(new TextEncoder().encode(value))
  const types = ['bytes32', 'bytes32', 'bytes32', 'uint256', 'address'].map((type) => ({ type }))
  const values = [typeHash, text('Isochrone'), text('1'), 31_337n, domain.verifyingContract]
  const expected = viemKeccak(encodeAbiParameters(types, values))
  expect(`0x${Buffer.from(domainSeparator(domain)).toString('hex')}`).toBe(expected)
  expect(domainSeparator(domain)).toBe(domainSeparator({ ...domain }))
  expect(domainSeparator({ ...domain, chainId: 1 })).not.toEqual(domainSeparator(domain))
  expect(typedDataOf(domain, 'Ceiling', ceiling).domain).toEqual({ name: 'Isochrone', version: '1', ...domain })
})

test('wallets get wide numbers as bigints, and narrow ones as they are', () => {
  const { message, types, primaryType } = typedDataOf(domain, 'DeliveryReceipt', delivery)
  expect(primaryType).toBe('DeliveryReceipt')
  expect(types.DeliveryReceipt?.[0]).toEqual({ name: 'workHash', type: 'bytes32' })
  expect(message).toMatchObject({
    seq: BigInt(delivery.seq),
    price: delivery.price,
    billedIn: delivery.billedIn,
    attempt: delivery.attempt,
    region: delivery.region,
  })
})

test('what is out of the range of its field is not hashed', () => {
  const refused = (fields: object, message: string) =>
    expect(() => structHash('DeliveryReceipt', { ...delivery, ...fields })).toThrow(message)
  for (const price of [-1n, 1n << 128n, (1n << 128n) + 1n, 5, '5', undefined])
    refused({ price }, 'uint128 out of range')
  for (const billedIn of [-1, 2 ** 32, 2 ** 32 + 1, 1.5, Number.NaN, '5', 5n, undefined, null]) {
    refused({ billedIn }, 'a number is out of the range of its field')
  }
  for (const seq of [-1, 2 ** 53, 2 ** 64]) refused({ seq }, 'a number is out of the range of its field')
  for (const attempt of [-1, 256]) refused({ attempt }, 'a number is out of the range of its field')
  for (const httpStatus of [-1, 65_536]) refused({ httpStatus }, 'a number is out of the range of its field')
  for (const lane of ['0x', `0x${'00'.repeat(31)}`, `0x${'0g'.repeat(32)}`, `1x${'00'.repeat(32)}`, 7, undefined]) {
    refused({ lane }, 'a bytes32 is hex')
  }
  refused({ region: `0x${'00'.repeat(9)}` }, 'a bytes8 is hex')
  expect(() => structHash('LinkProof', { ...proof, nodeKey: '0x00' })).toThrow('a address is hex')
  for (const bad of ['é', '\u{10030}', '\u0130']) refused({ lane: `0x${bad.padEnd(64, '0')}` }, 'a bytes32 is hex')
})

test('the edges of a field are hashed, and a refused value leaves nothing behind', () => {
  const edges = { price: (1n << 128n) - 1n, billedIn: 2 ** 32 - 1, seq: Number.MAX_SAFE_INTEGER, attempt: 255 }
  for (const value of [
    { ...delivery, ...edges },
    { ...delivery, price: 0n, billedIn: 0, seq: 0, attempt: 0 },
  ]) {
    const before = structHash('DeliveryReceipt', value)
    expect(() => structHash('DeliveryReceipt', { ...value, lane: `0x${'f'.repeat(63)}g` })).toThrow('hex')
    expect(() => structHash('DeliveryReceipt', { ...value, price: undefined } as never)).toThrow('uint128')
    expect(structHash('DeliveryReceipt', value)).toBe(before)
    expect(structHashBytes('DeliveryReceipt', value)).toEqual(new Uint8Array(hexToBytes(before)))
  }
  const small = { ...delivery, seq: 1 }
  structHash('DeliveryReceipt', { ...small, seq: Number.MAX_SAFE_INTEGER })
  expect(structHash('DeliveryReceipt', small)).not.toBe(structHash('DeliveryReceipt', { ...small, seq: 2 ** 32 + 1 }))
})

test('a leaf is the double hash of tag and struct hash, as the contract makes it', () => {
  const leaf = (tag: bigint, hash: Hex) =>
    viemKeccak(viemKeccak(encodeAbiParameters([{ type: 'uint256' }, { type: 'bytes32' }], [tag, hash])))
  const [lease] = fc.sample(arbitraryStruct('LeaseReceipt'), 1) as never[]
  const [counts] = fc.sample(arbitraryStruct('SlaCounts'), 1) as [SlaCounts]
  expect(receiptLeaf('WorkReceipt', work)).toBe(leaf(1n, structHash('WorkReceipt', work)))
  expect(receiptLeaf('DeliveryReceipt', delivery)).toBe(leaf(2n, structHash('DeliveryReceipt', delivery)))
  expect(receiptLeaf('LeaseReceipt', lease as never)).toBe(leaf(3n, structHash('LeaseReceipt', lease as never)))
  expect(receiptLeaf('SlaCounts', counts)).toBe(leaf(4n, structHash('SlaCounts', counts)))
  expect(leafOfHash('WorkReceipt', structHash('WorkReceipt', work))).toBe(receiptLeaf('WorkReceipt', work))
})

test('a buffer of leaves grows, one or many at a time, and keeps what it has', () => {
  const leaves = fc.sample(hexOf(32), 3_000)
  const buffer = new LeafBuffer()
  for (const leaf of leaves.slice(0, 1_500)) buffer.add(hexToBytes(leaf))
  expect(buffer.size).toBe(1_500)
  buffer.add(Buffer.concat(leaves.slice(1_500).map(hexToBytes)))
  expect(buffer.size).toBe(3_000)
  expect(leaves.map((_, i) => bytesToHex(buffer.at(i)))).toEqual(leaves)
  expect(merkleRoot(buffer)).toBe(merkleRoot(leaves))
  const once = new LeafBuffer()
  once.add(Buffer.concat(leaves.map(hexToBytes)))
  expect(once.size).toBe(3_000)
  expect(merkleRoot(once)).toBe(merkleRoot(leaves))
  once.clear()
  expect(once.size).toBe(0)
  expect(() => merkleRoot(once)).toThrow('at least one leaf')
  once.add(hexToBytes(leaves[0] as Hex))
  expect(merkleRoot(once)).toBe(leaves[0])
})

test('a leaf that is not there is said to be', () => {
  const leaf: Hex = `0x${'11'.repeat(32)}`
  expect(() => merkleTree([leaf]).proofOf(1)).toThrow('The leaf is not in this tree')
  expect(() => merkleProof([leaf], `0x${'12'.repeat(32)}`)).toThrow('The leaf is not in this tree')
})

test('letters of a root and of leaves may be capitals', () => {
  const capitals = (hex: Hex): Hex => `0x${hex.slice(2).toUpperCase()}`
  const leaf: Hex = `0x${'ab'.repeat(32)}`
  const other: Hex = `0x${'cd'.repeat(32)}`
  const root = merkleRoot([leaf, other])
  expect(merkleProof([capitals(leaf), capitals(other)], leaf)).toEqual([other])
  expect(merkleProof([leaf, other], capitals(leaf))).toEqual([other])
  expect(verifyMerkleProof(capitals(root), leaf, [other])).toBe(true)
})

test('a digest is bound to its chain and its contract, whichever were asked for before', () => {
  const verifyingContract: Hex = `0x${'77'.repeat(20)}`
  for (const asked of [domain, { ...domain, chainId: 1 }, domain, { ...domain, verifyingContract }, domain]) {
    expect(bytesToHex(structDigest(asked, 'Ceiling', ceiling))).toBe(
      hashTypedData(typedDataOf(asked, 'Ceiling', ceiling)),
    )
  }
})

test('who signed a hash is who signed the structure', () => {
  const { signed, hash } = signStructHashed(domain, 'WorkReceipt', work, privateKey)
  expect(signed).toEqual(signStruct(domain, 'WorkReceipt', work, privateKey))
  expect(hash).toBe(structHash('WorkReceipt', work))
  // Another one was hashed last: what is left of it does not count.
  structDigest(domain, 'DeliveryReceipt', delivery)
  expect(recoverHashSigner(domain, hexToBytes(hash), signed.signature)).toBe(addressOfKey(privateKey))
  expect(recoverStructSigner(domain, 'WorkReceipt', signed)).toBe(addressOfKey(privateKey))
  expect(recoverHashSigner({ ...domain, chainId: 1 }, hexToBytes(hash), signed.signature)).not.toBe(
    addressOfKey(privateKey),
  )
})

test('JSON of another form is refused by the field', () => {
  const json = encodeStruct('DeliveryReceipt', delivery)
  const refused = (fields: object, field: string) =>
    expect(() => decodeStruct('DeliveryReceipt', { ...json, ...fields })).toThrow(`the field ${field} is`)
  const tooWide = (1n << 128n).toString()
  for (const price of ['1x', 'x1', '', '-1', '1.0', ' 1', tooWide, '9'.repeat(39), '1'.repeat(40), 1, null]) {
    refused({ price }, 'price')
  }
  expect(decodeStruct('DeliveryReceipt', { ...json, price: ((1n << 128n) - 1n).toString() }).price).toBe(
    (1n << 128n) - 1n,
  )
  for (const lane of [
    `0x${'0'.repeat(63)}g`,
    `00x${'0'.repeat(63)}`,
    `0x${'A'.repeat(64)}`,
    `0x${'0'.repeat(63)}`,
    5,
  ]) {
    refused({ lane }, 'lane')
  }
  expect(() => decodeStruct('DeliveryReceipt', 'text')).toThrow('DeliveryReceipt: the field DeliveryReceipt')
})
