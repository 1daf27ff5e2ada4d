/**
 * The encoders that sign receipts against the contract's own hash: one bit of difference would void every signature.
 */
import {
  domainSeparator,
  epochAnchorFields,
  receiptLeaf,
  structDigest,
  structFields,
  structHash,
  type FieldType,
  type Struct,
  type StructName,
} from '@isochrone/protocol'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bytesToHex } from 'viem'

import { paymentChannelsAbi } from './abi/payment-channels.ts'
import { providerRegistryAbi } from './abi/provider-registry.ts'
import { receiptAnchorAbi } from './abi/receipt-anchor.ts'
import { receiptHasherAbi } from './abi/receipt-hasher.ts'
import { startTestChain, type TestChain } from './testing/start-test-chain.ts'
import { deployTestMarket, type TestMarket } from './testing/test-market.ts'

let chain: TestChain
let market: TestMarket

beforeAll(async () => {
  chain = await startTestChain()
  market = await deployTestMarket(chain)
})
afterAll(() => chain.stop())

const RUNS = { numRuns: 25 }

test.each([
  ['WorkReceipt', 'hashWorkReceipt'],
  ['DeliveryReceipt', 'hashDeliveryReceipt'],
  ['LeaseReceipt', 'hashLeaseReceipt'],
  ['Voucher', 'hashVoucher'],
] as const)('%s hashes as the contract hashes it', async (name, functionName) => {
  const { operator, deployment } = market
  const hasher = { address: deployment.addresses.hasher, abi: receiptHasherAbi }
  const domain = { chainId: deployment.chainId, verifyingContract: deployment.addresses.channels }
  const check = fc.asyncProperty(arbitraryOf(name), async (value) => {
    const onChain = await operator.publicClient.readContract({
      ...hasher,
      functionName,
      args: [forViem(name, value) as never],
    })
    const hash = structHash(name, value)
    expect(hash).toBe(onChain)
    const digest = await operator.publicClient.readContract({ ...hasher, functionName: 'digestOf', args: [hash] })
    expect(bytesToHex(structDigest(domain, name, value))).toBe(digest)
  })
  await fc.assert(check, RUNS)
})

test.each([
  ['WorkReceipt', 1],
  ['DeliveryReceipt', 2],
  ['LeaseReceipt', 3],
] as const)('the leaf of a %s carries its tag as the contract expects', async (name, tag) => {
  const { operator, deployment } = market
  const [value] = fc.sample(arbitraryOf(name), { numRuns: 1, seed: 1 })
  if (value === undefined) throw new Error('no sample')
  const leaf = await operator.publicClient.readContract({
    address: deployment.addresses.hasher,
    abi: receiptHasherAbi,
    functionName: 'leafOf',
    args: [tag, structHash(name, value)],
  })
  expect(receiptLeaf(name, value as never)).toBe(leaf)
})

test('anchors, ceilings and node keys are signed in the domain of the contract that checks them', async () => {
  const { operator, deployment } = market
  const { chainId, addresses } = deployment
  const read = operator.publicClient
  const [anchor] = fc.sample(arbitraryOf('EpochAnchor'), { numRuns: 1, seed: 2 })
  const [ceiling] = fc.sample(arbitraryOf('Ceiling'), { numRuns: 1, seed: 3 })
  const [nodeKey] = fc.sample(arbitraryOf('NodeKey'), { numRuns: 1, seed: 4 })
  if (!anchor || !ceiling || !nodeKey) throw new Error('no sample')
  expect(epochAnchorFields).toHaveLength(6)

  const anchorDigest = await read.readContract({
    address: addresses.anchor,
    abi: receiptAnchorAbi,
    functionName: 'anchorDigest',
    args: [{ ...anchor, epoch: BigInt(anchor.epoch), count: BigInt(anchor.count) }],
  })
  expect(bytesToHex(structDigest({ chainId, verifyingContract: addresses.anchor }, 'EpochAnchor', anchor))).toBe(
    anchorDigest,
  )

  const channels = { address: addresses.channels, abi: paymentChannelsAbi }
  const channelsDomain = { chainId, verifyingContract: addresses.channels }
  const args = [ceiling.channelId, ceiling.amount] as const
  const ceilingDigest = await read.readContract({ ...channels, functionName: 'ceilingDigest', args })
  expect(bytesToHex(structDigest(channelsDomain, 'Ceiling', ceiling))).toBe(ceilingDigest)
  const separator = await read.readContract({ ...channels, functionName: 'domainSeparator' })
  expect(bytesToHex(domainSeparator(channelsDomain))).toBe(separator)

  const nodeKeyDigest = await read.readContract({
    address: addresses.registry,
    abi: providerRegistryAbi,
    functionName: 'nodeKeyDigest',
    args: [nodeKey.providerId, nodeKey.nodeKey],
  })
  expect(bytesToHex(structDigest({ chainId, verifyingContract: addresses.registry }, 'NodeKey', nodeKey))).toBe(
    nodeKeyDigest,
  )
})

function hexOf(bytes: number): fc.Arbitrary<`0x${string}`> {
  return fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((value) => bytesToHex(value))
}

function arbitraryField(type: FieldType): fc.Arbitrary<unknown> {
  if (type === 'bytes32') return hexOf(32)
  if (type === 'bytes8') return hexOf(8)
  if (type === 'address') return hexOf(20)
  if (type === 'uint128') return fc.bigInt({ min: 0n, max: (1n << 128n) - 1n })
  return fc.maxSafeNat().map((value) => (type === 'uint64' ? value : value % 2 ** Number(type.slice(4))))
}

function arbitraryOf<N extends StructName>(name: N): fc.Arbitrary<Struct<N>> {
  const fields = structFields[name].map(([field, type]) => [field, arbitraryField(type)] as const)
  return fc.record(Object.fromEntries(fields)) as unknown as fc.Arbitrary<Struct<N>>
}

/** viem wants a bigint for every integer above 48 bits. */
function forViem<N extends StructName>(name: N, value: Struct<N>): Record<string, unknown> {
  const wide = new Set(structFields[name].filter(([, type]) => type === 'uint64').map(([field]) => field as string))
  return Object.fromEntries(
    Object.entries(value).map(([field, item]) => [field, wide.has(field) ? BigInt(item as number) : item]),
  )
}
