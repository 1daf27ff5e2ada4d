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

/** What a reader is told, by check. */
const said = (evidence: Parameters<typeof checkReceipt>[1], stored: StoredTerms | null = terms) =>
  Object.fromEntries(
    checkReceipt(domain, evidence, stored).map(({ name, verdict, detail }) => [name, `${verdict}: ${detail}`]),
  )

test('an honest pair passes every check, and each says what it found', () => {
  expect(said(evidenceOf(deliveryOf()))).toEqual({
    delivery_signature: `valid: Signed by the gateway lane ${addressOfKey(laneKey)}.`,
    work_signature: `valid: Signed by the node ${addressOfKey(nodeKey)}.`,
    work_matches: 'valid: Work and delivery speak of the same attempt, and no more is billed than was done.',
    price: 'valid: The price follows from the terms and the counts, to the micro-dollar.',
  })
})

test('each lie is found by the check that owns it', () => {
  const cases: [string, ReturnType<typeof evidenceOf>, string[]][] = [
    ['another lane signed', evidenceOf(deliveryOf(), nodeKey, nodeKey), ['delivery_signature invalid']],
    ['another node signed', evidenceOf(deliveryOf(), laneKey), ['work_signature invalid']],
    ['a dearer price', evidenceOf(deliveryOf({ price: 1_000_000n })), ['price invalid']],
    ['no price, though nothing failed', evidenceOf(deliveryOf({ price: 0n })), ['price invalid']],
    ['a dearer failure', evidenceOf(deliveryOf({ price: 1_000_000n, fault: 1 })), ['price invalid']],
    ['more input than counted', evidenceOf(deliveryOf({ billedIn: 41 })), ['work_matches invalid']],
    ['more cached input than counted', evidenceOf(deliveryOf({ billedCached: 1 })), ['work_matches invalid']],
    ['more tokens than counted', evidenceOf(deliveryOf({ billedOut: 101 })), ['work_matches invalid']],
    ['another attempt', evidenceOf(deliveryOf({ attempt: 1 })), ['work_matches invalid']],
    ['another work receipt', evidenceOf(deliveryOf({ workHash: bytes32Of('x') })), ['work_matches invalid']],
  ]
  for (const [lie, evidence, expected] of cases) expect([lie, failed(evidence)]).toEqual([lie, expected])
})

/** A reader acts on the reason: who to ask, and about which of the two receipts. */
test('what does not hold is told apart', () => {
  const honest = evidenceOf(deliveryOf())
  const strangers = evidenceOf(deliveryOf(), laneKey, nodeKey)
  expect(said(strangers)).toMatchObject({
    delivery_signature: 'invalid: Not signed by the gateway lane that it names.',
    work_signature: 'invalid: Not signed by the node that it names.',
  })
  const matches = (changes: Partial<DeliveryReceipt>) => said(evidenceOf(deliveryOf(changes))).work_matches
  expect(matches({ billedOut: 101 })).toContain('More tokens are billed than the node counted')
  expect(matches({ requestId: bytes32Of('x') })).toContain('differ in requestId')
  expect(matches({ workHash: bytes32Of('x') })).toContain('names another work receipt')
  for (const missing of [{ work: null }, { work: 'nonsense' }, { workSignature: null }]) {
    const { work_signature, ...others } = said({ ...honest, ...missing })
    expect(work_signature).toMatch(/^invalid: .*missing or malformed/)
    expect(Object.keys(others)).toEqual(['delivery_signature', 'price'])
  }
  expect(said({ ...honest, delivery: {} })).toEqual({
    delivery_signature: 'invalid: The delivery receipt is malformed.',
  })
  const dear = deliveryOf({ price: 1_000_000n })
  const due = deliveryOf().price
  expect(said(evidenceOf(dear)).price).toBe(`invalid: The terms give ${due} µUSD, the receipt says 1000000 µUSD.`)
})

test('a field that was changed after signing breaks the signature', () => {
  const evidence = evidenceOf(deliveryOf())
  expect(failed({ ...evidence, delivery: { ...evidence.delivery, durationMs: 1 } })).toEqual([
    'delivery_signature invalid',
  ])
})

test('terms that are missing leave the price open, terms that were changed are caught', () => {
  const dearer = { ...terms, values: { ...terms.values, outPerMtok: 500_000 } }
  const promised = { ...terms, values: { ...terms.values, penaltyBps: 1 } }
  const malformed = { ...terms, values: { outPerMtok: 'a lot' } }
  const elsewhere = { ...terms, document: { ...document, region: 'mars' } }
  const cases: [stored: StoredTerms | null, price: string][] = [
    [null, 'unverifiable: The terms that it names are not at hand.'],
    // From before prices were signed.
    [{ ...terms, values: {} }, 'unverifiable: The terms that it names are not at hand.'],
    [dearer, 'invalid: The stored terms do not have the hash that the receipt names.'],
    [promised, 'invalid: The stored terms do not have the hash that the receipt names.'],
    [malformed, 'invalid: The stored terms do not have the hash that the receipt names.'],
    [elsewhere, 'invalid: The stored listing is not the one that the terms bind.'],
  ]
  for (const [stored, price] of cases) {
    const { price: found, ...others } = said(evidenceOf(deliveryOf()), stored)
    expect(found).toBe(price)
    for (const other of Object.values(others)) expect(other).toMatch(/^valid/)
  }
})

test('a node that never answered signed nothing, and costs nothing', () => {
  const delivery = deliveryOf({ workHash: ZERO_BYTES32, billedIn: 0, billedOut: 0, price: 0n, fault: 1 })
  const evidence = { ...evidenceOf(delivery), work: null, workSignature: null }
  for (const stored of [terms, null]) {
    expect(said(evidence, stored)).toEqual({
      delivery_signature: `valid: Signed by the gateway lane ${addressOfKey(laneKey)}.`,
      work_signature: 'unverifiable: The node never answered, so it signed nothing.',
      price: 'valid: The attempt failed and costs nothing.',
    })
  }
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
  expect(failed({ ...evidenceOf(deliveryOf()), deliverySignature: '0x' })).toEqual(['delivery_signature invalid'])
})
