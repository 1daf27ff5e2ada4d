/**
 * The encoders that sign receipts against the contract's own hash: one bit of difference would void every signature.
 */
import {
  domainSeparator,
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
import { slaLedgerAbi } from './abi/sla-ledger.ts'
import { toAbiStruct } from './abi-struct.ts'
import type { ContractName } from './deployment.ts'
import { chainOfTests } from './testing/chain-of-tests.fixture.ts'
import { startTestChain, type TestChain } from './testing/start-test-chain.ts'
import { deployTestMarket, type TestMarket } from './testing/test-market.ts'

let chain: TestChain
let market: TestMarket

beforeAll(async () => {
  chain = await startTestChain(chainOfTests())
  market = await deployTestMarket(chain)
})
afterAll(() => chain.stop())

const RUNS = { numRuns: 25 }

test.each([
  ['WorkReceipt', 'hashWorkReceipt'],
  ['DeliveryReceipt', 'hashDeliveryReceipt'],
  ['LeaseReceipt', 'hashLeaseReceipt'],
  ['Voucher', 'hashVoucher'],
  ['EpochAnchor', 'hashEpochAnchor'],
  ['Terms', 'hashTerms'],
  ['SlaCounts', 'hashSlaCounts'],
  ['PerformanceRecord', 'hashPerformanceRecord'],
  ['SessionKey', 'hashSessionKey'],
] as const)('%s hashes as the contract hashes it', async (name, functionName) => {
  const { operator, deployment } = market
  const hasher = { address: deployment.addresses.hasher, abi: receiptHasherAbi }
  const domain = { chainId: deployment.chainId, verifyingContract: deployment.addresses.channels }
  const check = fc.asyncProperty(arbitraryOf(name), async (value) => {
    const onChain = await operator.publicClient.readContract({
      ...hasher,
      functionName,
      args: [toAbiStruct(name, value) as never],
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
  ['SlaCounts', 4],
] as const)('the leaf of a %s carries its tag as the contract expects', async (name, tag) => {
  const { operator, deployment } = market
  const value = sampleOf(name, 1)
  const leaf = await operator.publicClient.readContract({
    address: deployment.addresses.hasher,
    abi: receiptHasherAbi,
    functionName: 'leafOf',
    args: [tag, structHash(name, value)],
  })
  expect(receiptLeaf(name, value as never)).toBe(leaf)
})

test('every signature is in the domain of the contract that checks it', async () => {
  const { operator, deployment } = market
  const { chainId, addresses } = deployment
  const read = operator.publicClient
  const digest = <N extends StructName>(contract: ContractName, name: N, value: Struct<N>) =>
    bytesToHex(structDigest({ chainId, verifyingContract: addresses[contract] }, name, value))

  const anchor = sampleOf('EpochAnchor', 2)
  const anchors = { address: addresses.anchor, abi: receiptAnchorAbi }
  const anchorArgs = [toAbiStruct('EpochAnchor', anchor)] as const
  const anchorDigest = await read.readContract({ ...anchors, functionName: 'anchorDigest', args: anchorArgs })
  expect(digest('anchor', 'EpochAnchor', anchor)).toBe(anchorDigest)

  const channels = { address: addresses.channels, abi: paymentChannelsAbi }
  const ceiling = sampleOf('Ceiling', 3)
  const ceilingArgs = [ceiling.channelId, ceiling.amount] as const
  const ceilingDigest = await read.readContract({ ...channels, functionName: 'ceilingDigest', args: ceilingArgs })
  expect(digest('channels', 'Ceiling', ceiling)).toBe(ceilingDigest)
  const session = sampleOf('SessionKey', 5)
  const sessionArgs = [toAbiStruct('SessionKey', session)] as const
  const sessionDigest = await read.readContract({ ...channels, functionName: 'sessionKeyDigest', args: sessionArgs })
  expect(digest('channels', 'SessionKey', session)).toBe(sessionDigest)
  const separator = await read.readContract({ ...channels, functionName: 'domainSeparator' })
  expect(bytesToHex(domainSeparator({ chainId, verifyingContract: addresses.channels }))).toBe(separator)

  const registry = { address: addresses.registry, abi: providerRegistryAbi }
  const nodeKey = sampleOf('NodeKey', 4)
  const nodeKeyArgs = [nodeKey.providerId, nodeKey.nodeKey] as const
  const nodeKeyDigest = await read.readContract({ ...registry, functionName: 'nodeKeyDigest', args: nodeKeyArgs })
  expect(digest('registry', 'NodeKey', nodeKey)).toBe(nodeKeyDigest)
  const laneKey = sampleOf('LaneKey', 6)
  const laneKeyArgs = [laneKey.gatewayKey, laneKey.operator] as const
  const laneKeyDigest = await read.readContract({ ...registry, functionName: 'laneKeyDigest', args: laneKeyArgs })
  expect(digest('registry', 'LaneKey', laneKey)).toBe(laneKeyDigest)

  const record = sampleOf('PerformanceRecord', 7)
  const ledger = { address: addresses.ledger, abi: slaLedgerAbi }
  const recordArgs = [toAbiStruct('PerformanceRecord', record)] as const
  const recordDigest = await read.readContract({ ...ledger, functionName: 'recordDigest', args: recordArgs })
  expect(digest('ledger', 'PerformanceRecord', record)).toBe(recordDigest)
})

function sampleOf<N extends StructName>(name: N, seed: number): Struct<N> {
  const [value] = fc.sample(arbitraryOf(name), { numRuns: 1, seed })
  if (value === undefined) throw new Error('no sample')
  return value
}

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
