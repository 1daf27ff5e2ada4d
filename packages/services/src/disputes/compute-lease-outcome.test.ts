/** A proposal about a lease follows from the receipt and its terms alone, and gives back no more than was asked. */
import { encodeStruct, leasePriceMicroUsd, type LeaseReceipt, type Terms } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import type { LeaseReceiptDetail } from '../queries/views/leases.ts'
import { computeLeaseOutcome } from './compute-lease-outcome.ts'

const id = (digit: string) => `0x${digit.repeat(64)}` as const
const terms: Terms = {
  providerId: id('1'),
  documentHash: id('2'),
  inPerMtok: 0,
  cachedPerMtok: 0,
  outPerMtok: 0,
  inPerGb: 0,
  outPerGb: 0,
  perGpuHour: 3_600_000,
  ttftBaseMs: 0,
  ttftPerKtokMs: 0,
  tpotUs: 0,
  concurrencyMax: 0,
  penaltyBps: 0,
  sloRegion: '0x0000000000000000',
}
const lease: LeaseReceipt = {
  channelId: id('3'),
  leaseId: id('4'),
  nodeId: id('5'),
  lane: id('6'),
  seq: 1,
  termsHash: id('7'),
  fromMs: 0,
  toMs: 60_000,
  gpuMs: 120_000,
  price: 120_000n,
}
const named: LeaseReceiptDetail['terms'] = {
  hash: id('7'),
  providerId: id('1'),
  values: { ...encodeStruct('Terms', terms) },
  document: {},
  registeredTx: null,
}
const outcome = (asked: {
  kind?: 'overcharge' | 'not_delivered'
  amount?: bigint
  price?: bigint
  known?: boolean
}) => {
  const { kind = 'overcharge', amount = 10n, price = lease.price, known = true } = asked
  const claim = { kind, amountMicroUsd: amount, priceMicroUsd: price }
  const fields = { ...encodeStruct('LeaseReceipt', { ...lease, price }) }
  return computeLeaseOutcome(claim, { fields, terms: known ? named : null })
}

const PRICE_RULE = 'Price = ⌈GPU time × price of the terms⌉, by the millisecond.'

test('what the terms make due is no overcharge; what is above it comes back, up to what was asked', () => {
  expect(leasePriceMicroUsd(lease, terms)).toBe(lease.price)
  expect(outcome({})).toEqual({
    verdict: 'unfounded',
    rule: PRICE_RULE,
    reason: 'The price follows from the terms and from the time that both sides signed.',
    inputs: [
      { label: 'Span, as both signed', value: '60000 ms' },
      { label: 'GPU time, as both signed', value: '120000 ms' },
      { label: 'Price on the receipt', value: '$0.12' },
      { label: 'Due by the terms', value: '$0.12' },
    ],
    refundMicroUsd: 0n,
  })
  expect(outcome({ price: 119_999n })).toMatchObject({ verdict: 'unfounded', refundMicroUsd: 0n })
  expect(outcome({ price: 120_007n })).toMatchObject({
    verdict: 'upheld',
    rule: PRICE_RULE,
    reason: 'The receipt costs $0.000007 more than its terms and its time.',
    refundMicroUsd: 7n,
  })
  expect(outcome({ price: 120_010n })).toMatchObject({ verdict: 'upheld', refundMicroUsd: 10n })
  expect(outcome({ price: 120_011n })).toMatchObject({ verdict: 'upheld', refundMicroUsd: 10n })
})

test('a span is told from its beginning, not from zero', () => {
  const fields = { ...encodeStruct('LeaseReceipt', { ...lease, fromMs: 10_000 }) }
  const claim = { kind: 'overcharge', amountMicroUsd: 1n, priceMicroUsd: lease.price } as const
  expect(computeLeaseOutcome(claim, { fields, terms: named }).inputs[0]?.value).toBe('50000 ms')
})

test('without the terms, and about anything but the price, nothing is proposed', () => {
  const unknown = outcome({ known: false })
  expect(unknown).toMatchObject({
    verdict: 'undecidable',
    rule: PRICE_RULE,
    reason: 'The terms that the receipt names are not known here.',
    refundMicroUsd: null,
  })
  expect(unknown.inputs).toHaveLength(3)
  const fields = { ...encodeStruct('LeaseReceipt', lease) }
  const claim = { kind: 'overcharge', amountMicroUsd: 1n, priceMicroUsd: lease.price } as const
  expect(computeLeaseOutcome(claim, { fields, terms: { ...named, values: null } })).toEqual(unknown)
  expect(outcome({ kind: 'not_delivered' })).toMatchObject({
    verdict: 'undecidable',
    rule: 'Node and gateway both sign a span only while the engine of the lease answers.',
    reason: 'Both sides signed for the span; only the payer’s side knows what it got in it.',
    refundMicroUsd: null,
  })
})
