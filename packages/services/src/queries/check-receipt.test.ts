/** Every lie in a receipt pair is found by the check that owns it, and an honest pair passes all. */
import {
  addressOfKey,
  addressToBytes32,
  bytes32Of,
  deliveryPriceMicroUsd,
  encodeStruct,
  pricesOfTerms,
  regionToBytes8,
  signStruct,
  structHash,
  ZERO_BYTES32,
  type DeliveryReceipt,
  type Hex,
  type WorkReceipt,
} from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { makeTerms, noPromises, termsOfStored, type StoredTerms, type TermsDocument } from '../providers/terms.ts'
import { checkReceipt } from './check-receipt.ts'

const domain = { chainId: 31_337, verifyingContract: `0x${'4'.repeat(40)}` } as const
const laneKey: Hex = `0x${'22'.repeat(32)}`
const nodeKey: Hex = `0x${'11'.repeat(32)}`
const document: TermsDocument = {
  version: 3,
  nodeName: 'one',
  region: 'local',
  country: 'DE',
  simulated: false,
  sharedHost: false,
  tier: 'regional',
  dataPolicy: 'any',
}
const terms = makeTerms({
  providerId: bytes32Of('provider'),
  promises: noPromises,
  document,
  prices: {
    inMicroUsdPerMtok: 100_000n,
    cachedMicroUsdPerMtok: 50_000n,
    outMicroUsdPerMtok: 400_000n,
    inMicroUsdPerGb: 0n,
    outMicroUsdPerGb: 1_000n,
  },
})
const work: WorkReceipt = {
  channelId: bytes32Of('channel'),
  requestId: bytes32Of('request'),
  attempt: 0,
  nodeId: addressToBytes32(addressOfKey(nodeKey)),
  seq: 1,
  termsHash: terms.hash,
  modelHash: bytes32Of('model'),
  requestHash: bytes32Of('question'),
  outputHash: bytes32Of('answer'),
  integrityRoot: ZERO_BYTES32,
  tokensIn: 40,
  tokensCached: 0,
  tokensOut: 100,
  engineTtftUs: 4_000,
  engineDurationUs: 90_000,
  finishedAtMs: 1_700_000_000_000,
  status: 0,
}

function deliveryOf(changes: Partial<DeliveryReceipt> = {}): DeliveryReceipt {
  const counts = { billedIn: 40, billedCached: 0, billedOut: 100, bytesIn: 300, bytesOut: 20_000, ...changes }
  const delivery: DeliveryReceipt = {
    workHash: structHash('WorkReceipt', work),
    channelId: work.channelId,
    requestId: work.requestId,
    attempt: 0,
    nodeId: work.nodeId,
    lane: addressToBytes32(addressOfKey(laneKey)),
    seq: 9,
    termsHash: work.termsHash,
    price: 0n,
    attemptTtftMs: 5,
    durationMs: 95,
    startedAtMs: 1_700_000_000_000,
    httpStatus: 200,
    fault: 0,
    region: regionToBytes8('local'),
    ...counts,
  }
  const signed = termsOfStored(terms)
  if (!signed) throw new Error('these terms are signed')
  return { ...delivery, price: changes.price ?? deliveryPriceMicroUsd(delivery, pricesOfTerms(signed)) }
}

function evidenceOf(delivery: DeliveryReceipt, workKey: Hex = nodeKey, key: Hex = laneKey) {
  return {
    delivery: encodeStruct('DeliveryReceipt', delivery),
    deliverySignature: signStruct(domain, 'DeliveryReceipt', delivery, key).signature,
    work: encodeStruct('WorkReceipt', work),
    workSignature: signStruct(domain, 'WorkReceipt', work, workKey).signature,
  }
}

/** Names of the checks that did not pass. */
const failed = (evidence: Parameters<typeof checkReceipt>[1], stored: StoredTerms | null = terms) =>
  checkReceipt(domain, evidence, stored)
    .filter(({ verdict }) => verdict !== 'valid')
    .map(({ name, verdict }) => `${name} ${verdict}`)

test('an honest pair passes every check', () => {
  expect(failed(evidenceOf(deliveryOf()))).toEqual([])
})

test('each lie is found by the check that owns it', () => {
  const cases: [string, ReturnType<typeof evidenceOf>, string[]][] = [
    ['another lane signed', evidenceOf(deliveryOf(), nodeKey, nodeKey), ['delivery_signature invalid']],
    ['another node signed', evidenceOf(deliveryOf(), laneKey), ['work_signature invalid']],
    ['a dearer price', evidenceOf(deliveryOf({ price: 1_000_000n })), ['price invalid']],
    ['more tokens than counted', evidenceOf(deliveryOf({ billedOut: 101 })), ['work_matches invalid']],
    ['another attempt', evidenceOf(deliveryOf({ attempt: 1 })), ['work_matches invalid']],
    ['another work receipt', evidenceOf(deliveryOf({ workHash: bytes32Of('x') })), ['work_matches invalid']],
  ]
  for (const [lie, evidence, expected] of cases) expect([lie, failed(evidence)]).toEqual([lie, expected])
})

test('a field that was changed after signing breaks the signature', () => {
  const evidence = evidenceOf(deliveryOf())
  expect(failed({ ...evidence, delivery: { ...evidence.delivery, durationMs: 1 } })).toEqual([
    'delivery_signature invalid',
  ])
})

test('terms that are missing leave the price open, terms that were changed are caught', () => {
  const dearer = { ...terms, values: { ...terms.values, outPerMtok: 500_000 } }
  const elsewhere = { ...terms, document: { ...document, region: 'mars' } }
  expect(failed(evidenceOf(deliveryOf()), null)).toEqual(['price unverifiable'])
  for (const changed of [dearer, elsewhere])
    expect(failed(evidenceOf(deliveryOf()), changed)).toEqual(['price invalid'])
})

test('a node that never answered signed nothing, and costs nothing', () => {
  const delivery = deliveryOf({ workHash: ZERO_BYTES32, billedIn: 0, billedOut: 0, price: 0n, fault: 1 })
  expect(failed({ ...evidenceOf(delivery), work: null, workSignature: null })).toEqual(['work_signature unverifiable'])
})

test('a node lost in the middle of its answer did answer: the bill is what the gateway saw pass', () => {
  const delivery = deliveryOf({ workHash: ZERO_BYTES32, billedOut: 41, fault: 1 })
  const checks = checkReceipt(domain, { ...evidenceOf(delivery), work: null, workSignature: null }, terms)
  expect(checks.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
    'delivery_signature valid',
    'work_signature unverifiable',
    'price valid',
  ])
  expect(checks[1]?.detail).toMatch(/link to the node was lost.*the gateway saw pass/)
})

test('malformed receipts are invalid and never throw', () => {
  expect(failed({ ...evidenceOf(deliveryOf()), delivery: { seq: -1 } })).toEqual(['delivery_signature invalid'])
  expect(failed({ ...evidenceOf(deliveryOf()), work: 'nonsense' })).toContain('work_signature invalid')
  expect(failed({ ...evidenceOf(deliveryOf()), deliverySignature: '0x' })).toEqual(['delivery_signature invalid'])
})
