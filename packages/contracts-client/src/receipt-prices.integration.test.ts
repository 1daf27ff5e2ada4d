/**
 * What a receipt costs by its terms, in TypeScript and as the contract judges it: one micro-dollar of difference would slash
 * an honest lane. `Contradictions` uses the library that the hasher answers by.
 */
import { deliveryPriceMicroUsd, leasePriceMicroUsd, pricesOfTerms } from '@isochrone/protocol'
import type { DeliveryReceipt, LeaseReceipt, Terms } from '@isochrone/protocol'
import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { receiptHasherAbi } from './abi/receipt-hasher.ts'
import { toAbiStruct } from './abi-struct.ts'
import { chainOfTests } from './testing/chain-of-tests.fixture.ts'
import { startTestChain, type TestChain } from './testing/start-test-chain.ts'
import { deliveryOf, deployTestMarket, lane, nodeId, salt, termsOf, type TestMarket } from './testing/test-market.ts'

let chain: TestChain
let market: TestMarket

beforeAll(async () => {
  chain = await startTestChain(chainOfTests())
  market = await deployTestMarket(chain)
})
afterAll(() => chain.stop())

const RUNS = { numRuns: 300 }
const UINT32_MAX = 4_294_967_295
const MS_PER_HOUR = 3_600_000

/** Small, ordinary, and the largest that our receipts hold. */
const count32 = fc.oneof(fc.nat(3), fc.nat(200_000), fc.nat(UINT32_MAX), fc.constant(UINT32_MAX))
const count64 = fc.oneof(fc.nat(3), fc.nat(1e9), fc.nat(Number.MAX_SAFE_INTEGER), fc.constant(Number.MAX_SAFE_INTEGER))

const usage: fc.Arbitrary<Partial<DeliveryReceipt>> = fc.record({
  billedIn: count32,
  billedCached: count32,
  billedOut: count32,
  bytesIn: count64,
  bytesOut: count64,
})
const prices: fc.Arbitrary<Partial<Terms>> = fc.record({
  inPerMtok: count64,
  cachedPerMtok: count64,
  outPerMtok: count64,
  inPerGb: count64,
  outPerGb: count64,
})

test('any delivery under any terms costs what the contract says', async () => {
  await fc.assert(fc.asyncProperty(usage, prices, expectOnePrice), RUNS)
})

/** Where rounding up begins and ends: a whole number of micro-dollars, and one 10⁻⁹ beside it. */
test('a delivery whose price is whole, or almost, is rounded alike', async () => {
  const beside = fc.tuple(fc.nat(1_000_000), fc.constantFrom(-1, 0, 1), fc.nat(5_000)).map(([whole, off, tokens]) => ({
    billedIn: tokens,
    billedCached: 0,
    billedOut: 0,
    bytesIn: Math.max(0, whole * 1e9 + off),
    bytesOut: 0,
  }))
  const terms = { inPerMtok: 1_000_000, inPerGb: 1 }
  await fc.assert(
    fc.asyncProperty(beside, (receipt) => expectOnePrice(receipt, terms)),
    RUNS,
  )
})

test('any lease under any terms costs what the contract says', async () => {
  await fc.assert(fc.asyncProperty(count64, count64, expectOneLeasePrice), RUNS)
})

test('a lease whose price is whole, or almost, is rounded alike', async () => {
  const beside = fc
    .tuple(fc.nat(100_000), fc.constantFrom(-1, 0, 1))
    .map(([hours, off]) => Math.max(0, hours * MS_PER_HOUR + off))
  await fc.assert(fc.asyncProperty(beside, fc.constantFrom(1, 2, 999_999, 2_500_000), expectOneLeasePrice), RUNS)
})

async function expectOnePrice(use: Partial<DeliveryReceipt>, rates: Partial<Terms>): Promise<void> {
  const receipt = { ...deliveryOf(salt('channel'), 1, 0n), ...use }
  const terms = termsOf(salt('provider'), rates)
  const args = [toAbiStruct('DeliveryReceipt', receipt), toAbiStruct('Terms', terms)] as const
  const onChain = await market.operator.publicClient.readContract({ ...hasher(), functionName: 'deliveryPrice', args })
  expect(deliveryPriceMicroUsd(receipt, pricesOfTerms(terms))).toBe(onChain)
}

async function expectOneLeasePrice(gpuMs: number, perGpuHour: number): Promise<void> {
  const receipt = { ...emptyLease, gpuMs }
  const terms = termsOf(salt('provider'), { perGpuHour })
  const args = [toAbiStruct('LeaseReceipt', receipt), toAbiStruct('Terms', terms)] as const
  const onChain = await market.operator.publicClient.readContract({ ...hasher(), functionName: 'leasePrice', args })
  expect(leasePriceMicroUsd(receipt, terms)).toBe(onChain)
}

const emptyLease: LeaseReceipt = {
  channelId: salt('channel'),
  leaseId: salt('lease'),
  nodeId,
  lane,
  seq: 1,
  termsHash: salt('terms'),
  fromMs: 0,
  toMs: 0,
  gpuMs: 0,
  price: 0n,
}

const hasher = () => ({ address: market.deployment.addresses.hasher, abi: receiptHasherAbi })
