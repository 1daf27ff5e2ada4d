import {
  addressOfKey,
  addressToBytes32,
  bytes32Of,
  documentHashOf,
  encodeStruct,
  merkleProof,
  merkleRoot,
  receiptLeaf,
  regionToBytes8,
  signStruct,
  structHash,
  termsHashOf,
  type DeliveryReceipt,
  type Terms,
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

const document = { version: 3, region: 'local', models: ['tiny', 'größer'], note: null }
const terms: Terms = {
  providerId: bytes32Of('provider'),
  documentHash: documentHashOf(document),
  inPerMtok: 100_000,
  cachedPerMtok: 50_000,
  outPerMtok: 190_000,
  inPerGb: 0,
  outPerGb: 1_000,
  perGpuHour: 0,
  ttftBaseMs: 0,
  ttftPerKtokMs: 0,
  tpotUs: 0,
  concurrencyMax: 0,
  penaltyBps: 0,
  sloRegion: `0x${'00'.repeat(8)}`,
}
const work: WorkReceipt = {
  channelId: bytes32Of('channel'),
  requestId: bytes32Of('request'),
  attempt: 0,
  nodeId,
  seq: 7,
  termsHash: termsHashOf(terms),
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
const workLeaf = receiptLeaf('WorkReceipt', work)
const leaves = [leaf, workLeaf, bytes32Of('2'), bytes32Of('3'), bytes32Of('4')]
const inclusionOf = (of: typeof leaf) => ({
  leaf: of,
  root: merkleRoot(leaves),
  proof: merkleProof(leaves, of),
  leaves: leaves.length,
})
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
  inclusion: inclusionOf(leaf),
  workInclusion: inclusionOf(workLeaf),
  terms: {
    hash: termsHashOf(terms),
    providerId: terms.providerId,
    values: encodeStruct('Terms', terms),
    document,
    registeredTx: null,
  },
}
const verdicts = async (change: Partial<ReceiptView>) =>
  (await verifyReceipt({ ...receipt, ...change }, domain)).map((check) => check.verdict)

/** The checks that did not pass, by their first words. */
const faults = async (change: Partial<ReceiptView>) =>
  (await verifyReceipt({ ...receipt, ...change }, domain))
    .filter(({ verdict }) => verdict !== 'valid')
    .map(({ name, verdict }) => `${name.split(' ').slice(0, 2).join(' ')} ${verdict}`)

/** The browser's own arithmetic agrees with the gateway's and the agent's, which share no code with it. */
test('an honest receipt is valid in the browser, field by field as the protocol signed it', async () => {
  expect(await verdicts({})).toEqual(['valid', 'valid', 'valid', 'valid', 'valid', 'valid'])
})

/** What the reader is told, without the names of the checks. */
const details = async (change: Partial<ReceiptView> = {}) =>
  (await verifyReceipt({ ...receipt, ...change }, domain)).map(({ detail }) => detail)
const short = (hash: string) => `${hash.slice(0, 6)}…${hash.slice(-4)}`
const [laneName, nodeName] = [laneKey, nodeKey].map((key) => short(addressOfKey(key))) as [string, string]

test('each check says what it compared', async () => {
  const root = `to root ${short(merkleRoot(leaves))} of epoch 5.`
  const siblings = (of: typeof leaf) => `${merkleProof(leaves, of).length} siblings lead`
  const said = await details()
  expect(said[0]).toBe(`Signature recovers to lane ${laneName}, chain 31337.`)
  expect(said[1]).toMatch(new RegExp(`^Signature recovers to node ${nodeName}; .*bills no more`))
  expect(said[4]).toBe(`${siblings(leaf)} from this receipt ${root}`)
  expect(said[5]).toBe(`${siblings(workLeaf)} from the work receipt ${root}`)
})

test('a signature that is another’s says whose, and one that is none says nobody’s', async () => {
  const forged = signStruct(domain, 'DeliveryReceipt', delivery, nodeKey).signature
  expect((await details({ deliverySignature: forged }))[0]).toBe(
    `Signature recovers to ${nodeName}, not to lane ${laneName}.`,
  )
  expect((await details({ deliverySignature: '0x' }))[0]).toBe(`Signature recovers to nobody, not to lane ${laneName}.`)
  const byLane = signStruct(domain, 'WorkReceipt', work, laneKey).signature
  expect((await details({ workSignature: byLane }))[1]).toBe(
    `Signature recovers to ${laneName}, not to node ${nodeName}.`,
  )
  expect((await details({ workSignature: '0x' }))[1]).toBe(`Signature recovers to nobody, not to node ${nodeName}.`)
})

/** The page's own words are checked too: a hash beside fields that do not give it is a lie, whoever signed the fields. */
test('a hash that the signed fields do not give is found', async () => {
  const other = bytes32Of('other')
  expect(await faults({ deliveryHash: other })).toEqual(['Delivery receipt invalid'])
  expect((await details({ deliveryHash: other }))[0]).toBe(
    `The fields hash to ${short(receipt.deliveryHash)}, not to the hash shown.`,
  )
})

/** In all that the two have in common they agree, and the node signed both: only the hash tells one work from another. */
test('another work receipt of the same node and attempt is not the one that the delivery names', async () => {
  const value = { ...work, outputHash: bytes32Of('another output') }
  const change = {
    work: encodeStruct('WorkReceipt', value),
    workSignature: signStruct(domain, 'WorkReceipt', value, nodeKey).signature,
    workInclusion: null,
  }
  expect((await verifyReceipt({ ...receipt, ...change }, domain))[1]).toMatchObject({
    verdict: 'invalid',
    detail: 'The delivery receipt refers to other work.',
  })
})

test('a price changed after signing is invalid in every check that it touches', async () => {
  expect(await faults({ delivery: { ...receipt.delivery, price: '28' } })).toEqual([
    'Delivery receipt invalid',
    'Price follows invalid',
    'Included in invalid',
  ])
})

test('signatures by other keys, other work and a foreign root are each found', async () => {
  const forged = signStruct(domain, 'DeliveryReceipt', delivery, nodeKey).signature
  expect(await faults({ deliverySignature: forged })).toEqual(['Delivery receipt invalid'])
  expect(await faults({ workSignature: forged })).toEqual(['Work receipt invalid'])
  expect(await faults({ work: { ...receipt.work, tokensOut: 129 } })).toEqual([
    'Work receipt invalid',
    'Work receipt invalid',
  ])
  const inclusion = { ...inclusionOf(leaf), root: bytes32Of('other') }
  expect(await faults({ inclusion })).toEqual(['Included in invalid'])
})

/** Hash and signatures are right: what the two say of one another is not. */
test('a delivery that was signed over work of another is found by the field in which they differ', async () => {
  const pairOf = (changed: Partial<DeliveryReceipt>): Partial<ReceiptView> => {
    const value = { ...delivery, ...changed }
    return {
      delivery: encodeStruct('DeliveryReceipt', value),
      deliveryHash: structHash('DeliveryReceipt', value),
      deliverySignature: signStruct(domain, 'DeliveryReceipt', value, laneKey).signature,
    }
  }
  const workOf = async (changed: Partial<DeliveryReceipt>) =>
    (await verifyReceipt({ ...receipt, ...pairOf(changed) }, domain))[1]
  expect(await workOf({})).toMatchObject({ verdict: 'valid' })
  const other = bytes32Of('another')
  const cases: [changed: Partial<DeliveryReceipt>, sentence: RegExp][] = [
    [{ channelId: other }, /^The delivery receipt says 0x.* as channelId, the work 0x/],
    [{ requestId: other }, /as requestId/],
    [{ nodeId: other }, /as nodeId/],
    [{ termsHash: other }, /as termsHash/],
    [{ attempt: 1 }, /^The delivery receipt says 1 as attempt, the work 0\.$/],
    [{ billedIn: 42 }, /^The delivery receipt bills 42 as billedIn, the work has 41\.$/],
    [{ billedCached: 1 }, /bills 1 as billedCached, the work has 0/],
    [{ billedOut: 129 }, /bills 129 as billedOut, the work has 128/],
  ]
  for (const [changed, sentence] of cases) {
    expect(await workOf(changed)).toMatchObject({
      verdict: 'invalid',
      detail: expect.stringMatching(sentence) as string,
    })
  }
  expect(await workOf({ billedOut: 127 })).toMatchObject({ verdict: 'valid' })
})

test('terms that were changed, in a price or in the listing that they bind, are found', async () => {
  const { terms: shown } = receipt
  if (!shown?.values) throw new Error('the fixture has terms')
  const dearer = { ...shown, values: { ...shown.values, outPerMtok: 200_000 } }
  expect(await faults({ terms: dearer })).toEqual(['Terms have invalid', 'Price follows invalid'])
  expect(await faults({ terms: { ...shown, document: { ...document, region: 'mars' } } })).toEqual([
    'Terms have invalid',
  ])
  expect(await faults({ terms: null })).toEqual(['Terms have unverifiable', 'Price follows unverifiable'])
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
  expect(await faults({ ...unsignedBy(0), terms: null })).toEqual([
    'Work receipt unverifiable',
    'Terms have unverifiable',
    'Price follows unverifiable',
    'Included in unverifiable',
  ])
})

test('before the epoch closes neither receipt has a place, and the reader is told why', async () => {
  expect(await faults({ inclusion: null, workInclusion: null })).toEqual([
    'Included in unverifiable',
    'Work receipt unverifiable',
  ])
  const open = 'Its epoch is still open: the root comes when it closes.'
  expect((await details({ inclusion: null, workInclusion: null })).slice(4)).toEqual([open, open])
})

test('a work receipt that is named and missing, itself or its signature, is invalid', async () => {
  expect(await faults({ work: null, workSignature: null })).toEqual(['Work receipt invalid'])
  for (const missing of [{ work: null }, { workSignature: null }]) {
    expect((await details(missing))[1]).toBe('The work receipt it names is missing.')
  }
})

test('a node that was lost after it had answered is not said to have been silent', async () => {
  const detailOf = async (billedOut: number) =>
    (await verifyReceipt({ ...receipt, ...unsignedBy(billedOut) }, domain))[1]?.detail
  expect(await detailOf(41)).toMatch(/link to the node was lost.*the gateway saw pass/)
  expect(await detailOf(0)).toBe('The node never answered, so it signed nothing.')
})
