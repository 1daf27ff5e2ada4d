/** What an anchor must say: a leaf for each signed receipt, the price of each delivery and lease once. */
import { encodeStruct, merkleRoot, receiptLeaf, structFields, type Struct, type StructName } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { epochDigest, epochLeaves } from './epoch-leaves.ts'

/** Every field of it is told by the number. */
function made<N extends StructName>(name: N, seed: number, over: Partial<Struct<N>> = {}): Struct<N> {
  const fields = structFields[name].map(([field, type]) => {
    if (type === 'uint128') return [field, BigInt(seed)]
    if (type.startsWith('uint')) return [field, seed]
    const bytes = type === 'address' ? 20 : Number(type.slice('bytes'.length))
    return [field, `0x${seed.toString(16).padStart(2, '0').repeat(bytes)}`]
  })
  return { ...Object.fromEntries(fields), ...over } as Struct<N>
}
const delivery = (seed: number, price: bigint) => made('DeliveryReceipt', seed, { price })
const encoded = <N extends StructName>(name: N, value: Struct<N>) => encodeStruct(name, value)

test('a delivery and its work are a leaf each, a delivery that no work answers one alone, a lease its own', () => {
  const [first, second] = [delivery(1, 7n), delivery(2, 5n)]
  const [work, lease] = [made('WorkReceipt', 3), made('LeaseReceipt', 4, { price: 11n })]
  const receipts = [
    { delivery: encoded('DeliveryReceipt', first), work: encoded('WorkReceipt', work) },
    { delivery: encoded('DeliveryReceipt', second), work: null },
    { lease: encoded('LeaseReceipt', lease) },
  ]
  const leaves = [
    receiptLeaf('DeliveryReceipt', first),
    receiptLeaf('WorkReceipt', work),
    receiptLeaf('DeliveryReceipt', second),
    receiptLeaf('LeaseReceipt', lease),
  ]
  expect(epochLeaves(receipts)).toEqual(leaves)
  expect(epochDigest(receipts)).toEqual({ root: merkleRoot(leaves), count: 4, sum: 23n })
})

test('there are no empty epochs', () => {
  expect(() => epochDigest([])).toThrow()
})
