/** What is proposed about a receipt follows from what was signed and recounted, to the micro-dollar, and is never above what was asked. */
import {
  bytes32Of,
  deliveryPriceMicroUsd,
  encodeStruct,
  pricesOfTerms,
  ZERO_BYTES32,
  type DeliveryReceipt,
  type Terms,
  type WorkReceipt,
} from '@isochrone/protocol'
import { expect, test } from 'vitest'
import type { ReceiptDetail } from '../queries/views/receipts.ts'
import type { RecountView } from '../queries/views/recounts.ts'
import { computeOutcome } from './compute-outcome.ts'

/** A micro-dollar for each token in, a tenth for a cached one, four for one out; bytes are free. */
const terms: Terms = {
  providerId: bytes32Of('provider'),
  documentHash: bytes32Of('document'),
  inPerMtok: 1_000_000,
  cachedPerMtok: 100_000,
  outPerMtok: 4_000_000,
  inPerGb: 0,
  outPerGb: 0,
  perGpuHour: 0,
  ttftBaseMs: 0,
  ttftPerKtokMs: 0,
  tpotUs: 0,
  concurrencyMax: 0,
  penaltyBps: 0,
  sloRegion: `0x${'00'.repeat(8)}`,
}
const common = {
  channelId: bytes32Of('channel'),
  requestId: bytes32Of('request'),
  attempt: 0,
  nodeId: bytes32Of('node'),
  termsHash: bytes32Of('terms'),
}
const work: WorkReceipt = {
  ...common,
  seq: 1,
  modelHash: bytes32Of('model'),
  requestHash: bytes32Of('prompt'),
  outputHash: bytes32Of('output'),
  integrityRoot: ZERO_BYTES32,
  tokensIn: 100,
  tokensCached: 50,
  tokensOut: 10,
  engineTtftUs: 1,
  engineDurationUs: 2,
  finishedAtMs: 3,
  status: 0,
}
const delivery: DeliveryReceipt = {
  ...common,
  workHash: bytes32Of('work'),
  lane: bytes32Of('lane'),
  seq: 1,
  billedIn: 100,
  billedCached: 50,
  billedOut: 10,
  bytesIn: 400,
  bytesOut: 90,
  price: 145n,
  attemptTtftMs: 1,
  durationMs: 2,
  startedAtMs: 3,
  httpStatus: 200,
  fault: 0,
  region: `0x${'00'.repeat(8)}`,
}

interface Asked {
  kind?: 'overcharge' | 'not_delivered' | 'wrong_output' | 'withheld'
  amount?: bigint
  price?: bigint
  billed?: Partial<DeliveryReceipt>
  worked?: Partial<WorkReceipt> | null
  recounted?: { in: number; out: number }
  isKnown?: boolean
  isStored?: boolean
}

function outcome({ kind = 'overcharge', amount = 1_000n, billed = {}, worked = {}, recounted, ...asked }: Asked) {
  const signed = { ...delivery, ...billed }
  const price = asked.price ?? signed.price
  const terms_ = asked.isKnown === false ? null : { values: { ...encodeStruct('Terms', terms) } }
  // The rules read no other members.
  const receipt = {
    delivery: { ...encodeStruct('DeliveryReceipt', signed) },
    work: worked && { ...encodeStruct('WorkReceipt', { ...work, ...worked }) },
    terms: terms_,
  } as unknown as ReceiptDetail
  const recount = recounted && ({ recountedIn: recounted.in, recountedOut: recounted.out } as RecountView)
  const claim = { kind, amountMicroUsd: amount, priceMicroUsd: price }
  return computeOutcome(claim, asked.isStored === false ? null : receipt, recount ?? null)
}
const due = (fields: Partial<DeliveryReceipt>) =>
  deliveryPriceMicroUsd({ ...delivery, ...fields }, pricesOfTerms(terms))

test('a price that follows from terms and counts is no overcharge', () => {
  expect(due({})).toBe(145n)
  expect(outcome({})).toEqual({
    verdict: 'unfounded',
    rule: 'Price = ⌈Σ counts × prices of the terms⌉, with counts at most those of the work receipt and of a recount.',
    reason: 'The price follows from the terms and from counts that both sides signed.',
    inputs: [
      { label: 'Billed, tokens in / out', value: '150 / 10' },
      { label: 'Signed by the node, tokens in / out', value: '150 / 10' },
      { label: 'Recounted, tokens in / out', value: 'not recounted' },
      { label: 'Price on the receipt', value: '$0.000145' },
      { label: 'Due by the terms', value: '$0.000145' },
    ],
    refundMicroUsd: 0n,
  })
  expect(outcome({ price: 144n })).toMatchObject({ verdict: 'unfounded', refundMicroUsd: 0n })
})

test('what is above it comes back, up to what was asked', () => {
  expect(outcome({ price: 152n })).toMatchObject({
    verdict: 'upheld',
    reason: 'The receipt costs $0.000007 more than its terms and counts.',
    refundMicroUsd: 7n,
  })
  expect(outcome({ price: 152n, amount: 7n })).toMatchObject({ verdict: 'upheld', refundMicroUsd: 7n })
  expect(outcome({ price: 152n, amount: 6n })).toMatchObject({ verdict: 'upheld', refundMicroUsd: 6n })
})

test('no count is above that of the node, nor above that of a recount', () => {
  expect(outcome({ worked: { tokensIn: 90 } })).toMatchObject({ verdict: 'upheld', refundMicroUsd: 10n })
  expect(outcome({ worked: { tokensCached: 40 } })).toMatchObject({ verdict: 'upheld', refundMicroUsd: 1n })
  expect(outcome({ worked: { tokensOut: 9 } })).toMatchObject({ verdict: 'upheld', refundMicroUsd: 4n })
  expect(outcome({ worked: { tokensIn: 1_000, tokensCached: 1_000, tokensOut: 1_000 } })).toMatchObject({
    refundMicroUsd: 0n,
  })
  // Fifty of the 140 were cached: ninety are left to bill in full.
  expect(outcome({ recounted: { in: 140, out: 10 } })).toMatchObject({ verdict: 'upheld', refundMicroUsd: 10n })
  expect(outcome({ recounted: { in: 150, out: 8 } })).toMatchObject({ verdict: 'upheld', refundMicroUsd: 8n })
  expect(outcome({ recounted: { in: 150, out: 10 } })).toMatchObject({ verdict: 'unfounded' })
  // Fewer than were cached: none is left, and never less than none.
  expect(outcome({ recounted: { in: 20, out: 10 } })).toMatchObject({ refundMicroUsd: 100n })
  expect(outcome({ recounted: { in: 140, out: 8 } }).inputs[2]).toEqual({
    label: 'Recounted, tokens in / out',
    value: '140 / 8',
  })
})

test('where nothing is signed by the node, the counts are those that were billed', () => {
  const found = outcome({ worked: null })
  expect(found).toMatchObject({ verdict: 'unfounded', refundMicroUsd: 0n })
  expect(found.inputs[1]).toEqual({ label: 'Signed by the node, tokens in / out', value: 'nothing' })
})

test('without the receipt, the terms, or a rule that decides, nothing is proposed', () => {
  expect(outcome({ isStored: false })).toEqual({
    verdict: 'undecidable',
    rule: expect.stringContaining('Price ='),
    reason: 'The receipt itself is not stored here: ask the parties for it.',
    inputs: [],
    refundMicroUsd: null,
  })
  const unknown = outcome({ isKnown: false })
  expect(unknown).toMatchObject({
    verdict: 'undecidable',
    reason: 'The terms that the receipt names are not known here.',
    refundMicroUsd: null,
  })
  expect(unknown.inputs).toHaveLength(4)
  expect(outcome({ kind: 'wrong_output' })).toEqual({
    verdict: 'undecidable',
    rule: 'Hashes of model and output are signed; what the model should have said is in no receipt.',
    reason: 'Compare the payer’s evidence with the hashes that the node signed.',
    inputs: [
      { label: 'Model, as signed', value: work.modelHash },
      { label: 'Output, as signed', value: work.outputHash },
    ],
    refundMicroUsd: null,
  })
  const none = { label: 'Output, as signed', value: 'no work receipt' }
  expect(outcome({ kind: 'wrong_output', worked: null }).inputs).toEqual([{ ...none, label: 'Model, as signed' }, none])
})

const rule = 'What no node signed for, or what has no output, was not delivered; what both sides signed was.'

test('what no node signed for, and what has no output, comes back as far as was asked', () => {
  const kind = 'not_delivered'
  expect(outcome({ kind, worked: null, amount: 99n })).toEqual({
    verdict: 'upheld',
    rule,
    reason: 'It was billed although no node signed for the work.',
    inputs: [
      { label: 'Status, as delivered', value: '200' },
      { label: 'Tokens out, billed', value: '10' },
      { label: 'Tokens out, signed by the node', value: 'nothing' },
      { label: 'Bytes out, as delivered', value: '90' },
    ],
    refundMicroUsd: 99n,
  })
  expect(outcome({ kind, billed: { billedOut: 0 }, amount: 99n })).toMatchObject({
    verdict: 'upheld',
    reason: 'It was billed without a token of output.',
    refundMicroUsd: 99n,
  })
  expect(outcome({ kind, worked: null, price: 0n })).toMatchObject({
    verdict: 'unfounded',
    reason: 'The receipt costs nothing.',
    refundMicroUsd: 0n,
  })
  const both = outcome({ kind })
  expect(both).toMatchObject({
    verdict: 'undecidable',
    rule,
    reason: 'Node and gateway both signed for output; only the payer’s side knows what arrived.',
    refundMicroUsd: null,
  })
  expect(both.inputs[2]).toEqual({ label: 'Tokens out, signed by the node', value: '10' })
})
