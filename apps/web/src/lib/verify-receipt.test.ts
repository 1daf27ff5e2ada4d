import {
  addressOfKey,
  addressToBytes32,
  bytes32Of,
  encodeStruct,
  merkleProof,
  merkleRoot,
  receiptLeaf,
  regionToBytes8,
  signStruct,
  structHash,
  type DeliveryReceipt,
  type WorkReceipt,
} from '@isochrone/protocol'
import type { ReceiptView } from '@isochrone/services'
import { expect, test } from 'vitest'
import { verifyReceipt } from './verify-receipt.ts'

const nodeKey = `0x${'11'.repeat(32)}` as const
const laneKey = `0x${'22'.repeat(32)}` as const
const domain = { chainId: 31337, verifyingContract: `0x${'5f'.repeat(20)}` as const }
const lane = addressToBytes32(addressOfKey(laneKey))
const nodeId = addressToBytes32(addressOfKey(nodeKey))

const work: WorkReceipt = {
  channelId: bytes32Of('channel'),
  requestId: bytes32Of('request'),
  attempt: 0,
  nodeId,
  seq: 7,
  termsHash: bytes32Of('terms'),
  modelHash: bytes32Of('model'),
  requestHash: bytes32Of('prompt'),
  outputHash: bytes32Of('output'),
  integrityRoot: bytes32Of('integrity'),
  tokensIn: 41,
  tokensCached: 0,
  tokensOut: 128,
  engineTtftUs: 4_100,
  engineDurationUs: 412_000,
  finishedAtMs: 1_769_904_000_000,
  status: 0,
}
const delivery: DeliveryReceipt = {
  workHash: structHash('WorkReceipt', work),
  channelId: work.channelId,
  requestId: work.requestId,
  attempt: 0,
  nodeId,
  lane,
  seq: 1_841,
  termsHash: work.termsHash,
  billedIn: 41,
  billedCached: 0,
  billedOut: 128,
  bytesIn: 512,
  bytesOut: 24_310,
  price: 29n,
  attemptTtftMs: 14,
  durationMs: 430,
  startedAtMs: 1_769_903_999_000,
  httpStatus: 200,
  fault: 0,
  region: regionToBytes8('local'),
}
const leaf = receiptLeaf('DeliveryReceipt', delivery)
const leaves = [leaf, bytes32Of('1'), bytes32Of('2'), bytes32Of('3'), bytes32Of('4')]
const receipt: ReceiptView = {
  lane,
  seq: delivery.seq,
  attempt: 0,
  node: null,
  nodeId,
  deliveryHash: structHash('DeliveryReceipt', delivery),
  workHash: delivery.workHash,
  priceMicroUsd: 29n,
  fault: 'none',
  delivery: encodeStruct('DeliveryReceipt', delivery),
  deliverySignature: signStruct(domain, 'DeliveryReceipt', delivery, laneKey).signature,
  work: encodeStruct('WorkReceipt', work),
  workSignature: signStruct(domain, 'WorkReceipt', work, nodeKey).signature,
  checks: [],
  settlement: 'anchored',
  epoch: 5,
  anchoredTx: null,
  claimedTx: null,
  settledTx: null,
  inclusion: { leaf, root: merkleRoot(leaves), proof: merkleProof(leaves, leaf) },
}
const verdicts = async (change: Partial<ReceiptView>) =>
  (await verifyReceipt({ ...receipt, ...change }, domain)).map((check) => check.verdict)

/** The browser's own arithmetic agrees with the gateway's and the agent's, which share no code with it. */
test('an honest receipt is valid in the browser, field by field as the protocol signed it', async () => {
  expect(await verdicts({})).toEqual(['valid', 'valid', 'valid'])
})

test('a price changed after signing is invalid in every check that it touches', async () => {
  expect(await verdicts({ delivery: { ...receipt.delivery, price: '28' } })).toEqual(['invalid', 'valid', 'invalid'])
})

test('signatures by other keys, other work and a foreign root are each found', async () => {
  const forged = signStruct(domain, 'DeliveryReceipt', delivery, nodeKey).signature
  expect(await verdicts({ deliverySignature: forged })).toEqual(['invalid', 'valid', 'valid'])
  expect(await verdicts({ workSignature: forged })).toEqual(['valid', 'invalid', 'valid'])
  expect(await verdicts({ work: { ...receipt.work, tokensOut: 129 } })).toEqual(['valid', 'invalid', 'valid'])
  const inclusion = { leaf, root: bytes32Of('other'), proof: merkleProof(leaves, leaf) }
  expect(await verdicts({ inclusion })).toEqual(['valid', 'valid', 'invalid'])
})

/** A pair whose delivery names no work: the node signed nothing. */
const unsignedBy = (billedOut: number): Partial<ReceiptView> => {
  const value = { ...delivery, workHash: `0x${'00'.repeat(32)}` as const, billedOut }
  return {
    delivery: encodeStruct('DeliveryReceipt', value),
    deliveryHash: structHash('DeliveryReceipt', value),
    deliverySignature: signStruct(domain, 'DeliveryReceipt', value, laneKey).signature,
    work: null,
    workSignature: null,
    inclusion: null,
  }
}

test('what is not there yet is unverifiable, never valid', async () => {
  expect(await verdicts(unsignedBy(0))).toEqual(['valid', 'unverifiable', 'unverifiable'])
})

test('a work receipt that is named and missing is invalid', async () => {
  expect(await verdicts({ work: null, workSignature: null })).toEqual(['valid', 'invalid', 'valid'])
})

test('a node that was lost after it had answered is not said to have been silent', async () => {
  const detailOf = async (billedOut: number) =>
    (await verifyReceipt({ ...receipt, ...unsignedBy(billedOut) }, domain))[1]?.detail
  expect(await detailOf(41)).toMatch(/link to the node was lost.*the gateway saw pass/)
  expect(await detailOf(0)).toBe('The node never answered, so it signed nothing.')
})
