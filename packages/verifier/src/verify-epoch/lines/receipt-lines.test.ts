/** What an epoch's receipts say of themselves and of each other, with everything that is handed on to other checks. */
import {
  addressOfKey,
  addressToBytes32,
  bytes32Of,
  bytes32ToAddress,
  deliveryPriceMicroUsd,
  digestOfHash,
  documentHashOf,
  leafBytesOfHash,
  leasePriceMicroUsd,
  leaseReadingOf,
  LeafBuffer,
  merkleRoot,
  pricesOfTerms,
  structHash,
  structHashBytes,
  termsHashOf,
  ZERO_BYTES32,
  type DeliveryReceipt,
  type EpochFileDelivery,
  type EpochFileHeader,
  type EpochFileLease,
  type Hex,
  type LeaseReceipt,
  type StructName,
  type WorkReceipt,
} from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { testDelivery, testLease, testTerms } from '../../testing/receipts.ts'
import { Findings, sentenceOf, type CheckName } from '../report.ts'
import type { SignatureToCheck } from '../signature-pool.ts'
import { CorrectionLines } from './correction-lines.ts'
import { Dues } from './dues.ts'
import { LineSignatures } from './line-signatures.ts'
import { ReceiptLines } from './receipt-lines.ts'
import { TermsLines } from './terms-lines.ts'

const named = (name: string): Hex => addressToBytes32(addressOfKey(bytes32Of(name)))
const [lane, nodeId, otherNode] = [named('lane'), named('node'), named('other node')]
const document = { region: 'eu-de' }
const terms = { ...testTerms, documentHash: documentHashOf(document) }
const termsHash = termsHashOf(terms)
const header: EpochFileHeader = {
  kind: 'header',
  version: 3,
  chainId: 31_337,
  paymentChannels: `0x${'c1'.repeat(20)}`,
  receiptAnchor: `0x${'a2'.repeat(20)}`,
  slaLedger: `0x${'51'.repeat(20)}`,
  lane,
  epoch: 7,
  fromSeq: 1,
  toSeq: 3,
  count: 0,
  sum: 0n,
  root: ZERO_BYTES32,
}
const signatureOf = (digit: string): Hex => `0x${digit.repeat(130)}`
const [byLane, byNode] = [signatureOf('a'), signatureOf('b')]

function workOf(delivery: DeliveryReceipt, fields: Partial<WorkReceipt> = {}): WorkReceipt {
  const { channelId, requestId, attempt, seq, billedIn, billedCached, billedOut } = delivery
  return {
    channelId,
    requestId,
    attempt,
    nodeId: delivery.nodeId,
    seq,
    termsHash: delivery.termsHash,
    modelHash: bytes32Of('tiny'),
    requestHash: bytes32Of('prompt'),
    outputHash: bytes32Of('output'),
    integrityRoot: ZERO_BYTES32,
    tokensIn: billedIn,
    tokensCached: billedCached,
    tokensOut: billedOut,
    engineTtftUs: 1,
    engineDurationUs: 2,
    finishedAtMs: delivery.startedAtMs + 3,
    status: 0,
    ...fields,
  }
}

/** At its price, unless another is given; `work` null: the node never answered. */
function deliveryLine(
  fields: Partial<DeliveryReceipt> = {},
  work: Partial<WorkReceipt> | null = null,
): EpochFileDelivery {
  const plain = testDelivery({ lane, nodeId, termsHash, ...fields })
  const price = fields.price ?? deliveryPriceMicroUsd(plain, pricesOfTerms(terms))
  const priced = { ...plain, price }
  const answered = work && workOf(priced, work)
  const workHash = fields.workHash ?? (answered ? structHash('WorkReceipt', answered) : ZERO_BYTES32)
  return {
    kind: 'delivery',
    delivery: { value: { ...priced, workHash }, signature: byLane },
    work: answered && { value: answered, signature: byNode },
  }
}

function leaseLine(fields: Partial<LeaseReceipt> = {}): EpochFileLease {
  const plain = testLease({ lane, nodeId, termsHash, ...fields })
  const lease = { ...plain, price: fields.price ?? leasePriceMicroUsd(plain, terms) }
  return { kind: 'lease', lease, laneSignature: byLane, nodeSignature: byNode }
}

/** Lines from 3 on, as after a header and terms. Everything that left the checker is in the answer. */
function checked(
  receipts: readonly (EpochFileDelivery | EpochFileLease)[],
  { of = {}, correct = () => {} }: { of?: Partial<EpochFileHeader>; correct?: (lines: CorrectionLines) => void } = {},
) {
  const findings = new Findings()
  const signatures: SignatureToCheck[] = []
  const judged: (DeliveryReceipt | LeaseReceipt)[] = []
  const whole = { ...header, toSeq: Math.max(1, receipts.length), ...of }
  const parts = {
    findings,
    header: whole,
    signatures: new LineSignatures(findings, whole, (signature) => signatures.push(signature)),
    terms: new TermsLines(findings),
    corrections: new CorrectionLines(findings),
    dues: new Dues(),
    sla: {
      add: (receipt: DeliveryReceipt) => void judged.push(receipt),
      addLease: (receipt: LeaseReceipt) => void judged.push(receipt),
      finish: () => [],
    },
  }
  parts.terms.check(2, { kind: 'terms', terms, document })
  correct(parts.corrections)
  const lines = new ReceiptLines(parts)
  receipts.forEach((receipt, i) =>
    receipt.kind === 'lease' ? lines.checkLease(i + 3, receipt) : lines.checkDelivery(i + 3, receipt),
  )
  const dues = [...parts.dues.byPair.values()].map(({ sum }) => sum)
  return { findings, lines, signatures, judged, dues, nodes: [...parts.dues.nodes.values()] }
}

/** As sentences with their check, without what the header says of the whole. */
function found(findings: Findings): [CheckName, string][] {
  return findings.mismatches
    .filter(({ check }) => check !== 'root')
    .map((mismatch): [CheckName, string] => [mismatch.check, sentenceOf(mismatch)])
}
const foundIn = (...receipts: (EpochFileDelivery | EpochFileLease)[]) => {
  const { findings, lines } = checked(receipts)
  lines.finish(receipts.length + 3)
  return found(findings)
}

function rootOf(leaves: readonly [StructName & `${string}Receipt`, Uint8Array][]): Hex {
  const buffer = new LeafBuffer()
  for (const [kind, hash] of leaves) buffer.add(leafBytesOfHash(kind, hash))
  return merkleRoot(buffer)
}

test('of every kind of receipt the leaves, signatures, dues and judged attempts are those that were signed', () => {
  const answered = deliveryLine({ seq: 1 }, {})
  const silent = deliveryLine({ seq: 2 })
  const lease = leaseLine({ seq: 3 })
  const { findings, lines, signatures, judged, dues, nodes } = checked([answered, silent, lease])
  lines.finish(6)
  expect(found(findings)).toEqual([])
  const work = structHashBytes('WorkReceipt', answered.work?.value as WorkReceipt)
  const [first, second] = [answered, silent].map((line) => structHashBytes('DeliveryReceipt', line.delivery.value))
  const leased = structHashBytes('LeaseReceipt', lease.lease)
  const reading = structHashBytes('LeaseReceipt', leaseReadingOf(lease.lease))
  const domain = { chainId: header.chainId, verifyingContract: header.paymentChannels }
  const expected = (line: number, seq: number, what: string, hash: Uint8Array | undefined, isNode = false) => ({
    digest: digestOfHash(domain, hash as Uint8Array),
    signature: isNode ? byNode : byLane,
    signer: bytes32ToAddress(isNode ? nodeId : lane),
    line,
    what,
    seq,
  })
  expect(signatures).toEqual([
    expected(3, 1, 'Signature of the node on the work under', work, true),
    expected(3, 1, 'Signature of the lane on', first),
    expected(4, 2, 'Signature of the lane on', second),
    expected(5, 3, 'Signature of the lane on', leased),
    expected(5, 3, 'Signature of the node on', reading, true),
  ])
  expect(judged).toEqual([answered.delivery.value, silent.delivery.value, lease.lease])
  const sum = answered.delivery.value.price + silent.delivery.value.price + lease.lease.price
  expect([lines.count, lines.sum, dues]).toEqual([3, sum, [sum]])
  expect(nodes).toEqual([{ nodeId, providerId: terms.providerId, line: 3 }])
  expect(lines.leafCount).toBe(4)
  expect(lines.root).toBe(
    rootOf([
      ['WorkReceipt', work],
      ['DeliveryReceipt', first as Uint8Array],
      ['DeliveryReceipt', second as Uint8Array],
      ['LeaseReceipt', leased],
    ]),
  )
})

test('the header is held against leaves, sum and root; without a receipt there is no root', () => {
  const receipt = deliveryLine({}, {})
  const { price } = receipt.delivery.value
  const { lines, findings } = checked([receipt])
  expect([lines.leafCount, lines.root]).toEqual([0, null])
  lines.finish(4)
  expect(findings.mismatches.map(sentenceOf)).toEqual([
    'Leaves, against the header: expected 0, found 2.',
    `Sum of prices in µUSD, against the header: expected 0, found ${price}.`,
    `Merkle root of the receipts, against the header: expected ${ZERO_BYTES32}, found ${lines.root}.`,
  ])
  expect(findings.countOf('root')).toBe(3)
  const right = checked([receipt], { of: { count: 2, sum: price, root: lines.root as Hex } })
  right.lines.finish(4)
  expect(right.findings.mismatches).toEqual([])
  const none = checked([], { of: { toSeq: 0 } })
  none.lines.finish(3)
  expect(none.findings.mismatches.map(sentenceOf)).toEqual([
    `Merkle root of the receipts, against the header: expected ${ZERO_BYTES32}, found none: there is no receipt.`,
  ])
})

test('a receipt is of the lane of its file, and numbers run without gap', () => {
  const other = named('another lane')
  const isOf = (line: number, seq: number) => [
    'links',
    `Line ${line}: Lane of receipt ${seq}: expected ${lane}, found ${other}.`,
  ]
  expect(foundIn(deliveryLine({ lane: other }))).toEqual([isOf(3, 1)])
  expect(foundIn(leaseLine({ lane: other }))).toEqual([isOf(3, 1)])
  expect(foundIn(deliveryLine({ seq: 1 }), leaseLine({ seq: 3 }))).toEqual([
    ['sequence', 'Line 4: Receipt 2 is missing: expected number 2, found number 3.'],
    ['sequence', 'Line 4: Receipts run beyond the header: expected number 2 as the last, found number 3.'],
  ])
  expect(foundIn(leaseLine({ seq: 1 }), deliveryLine({ seq: 3 }))).toHaveLength(2)
  const short = checked([deliveryLine()], { of: { toSeq: 2 } })
  short.lines.finish(4)
  expect(found(short.findings)).toEqual([
    ['sequence', 'Line 4: Receipt 2 is missing at the end: expected number 2 as the last, found number 1.'],
  ])
})

test('a delivery names the work that it answers, and none where there is none', () => {
  const named = bytes32Of('other work')
  const { work } = deliveryLine({}, {})
  const hash = structHash('WorkReceipt', work?.value as WorkReceipt)
  expect(foundIn(deliveryLine({ workHash: named }, {}))).toEqual([
    ['links', `Line 3: Hash of the work that receipt 1 answers: expected ${named}, found ${hash}.`],
  ])
  expect(foundIn(deliveryLine({ workHash: named }))).toEqual([
    ['links', `Line 3: Work receipt of receipt 1: expected ${ZERO_BYTES32}, found ${named}.`],
  ])
})

test('a delivery bills the work of its own request, and no more of it', () => {
  expect(foundIn(deliveryLine({}, { attempt: 1 }))).toEqual([
    ['links', 'Line 3: attempt of the work under receipt 1: expected 0, found 1.'],
  ])
  expect(foundIn(deliveryLine({ billedOut: 11 }, { tokensOut: 10 }))).toEqual([
    ['links', 'Line 3: billedOut of receipt 1: expected at most 10 as in the work, found 11.'],
  ])
})

test('every price follows from its terms, and terms are in the file', () => {
  const right = deliveryLine().delivery.value.price
  expect(foundIn(deliveryLine({ price: right + 1n }))).toEqual([
    ['prices', `Line 3: Price of receipt 1 in µUSD: expected ${right}, found ${right + 1n}.`],
  ])
  expect(foundIn(leaseLine({ price: 1n }))).toEqual([
    ['prices', `Line 3: Price of receipt 1 in µUSD: expected 2500000, found 1.`],
  ])
  const unknown = bytes32Of('unknown terms')
  for (const line of [deliveryLine({ termsHash: unknown, price: 4n }), leaseLine({ termsHash: unknown, price: 4n })]) {
    const { findings, lines, dues, judged } = checked([line])
    expect(found(findings)).toEqual([
      ['terms', `Line 3: Terms of receipt 1: expected terms ${unknown} in the file, found none of that hash.`],
    ])
    // Whom it pays is not known. It is in the sum and the tree all the same.
    expect([dues, judged, lines.count, lines.sum]).toEqual([[], [], 1, 4n])
  }
})

test('of two receipts with one number the first counts, both are in the sum and the tree', () => {
  const doubled = [
    [deliveryLine(), deliveryLine({ requestId: bytes32Of('other') })],
    [leaseLine(), leaseLine({ leaseId: bytes32Of('other') })],
  ] as const
  for (const [first, second] of doubled) {
    const { findings, lines, dues, judged } = checked([first, second], { of: { toSeq: 1 } })
    lines.finish(5)
    const value = first.kind === 'lease' ? first.lease : first.delivery.value
    expect(found(findings)).toEqual([
      ['sequence', 'Line 4: Receipt 1 is there twice: expected number 2, found number 1.'],
    ])
    expect([dues, judged]).toEqual([[value.price], [value]])
    expect([lines.count, lines.sum, lines.leafCount]).toEqual([2, 2n * value.price, 2])
    expect([lines.isTwice(1), lines.isTwice(2)]).toEqual([true, false])
  }
})

test('a correction takes off what is due, once, and one of no receipt is named', () => {
  const receipt = deliveryLine({ billedOut: 100_000 })
  const { billedIn, billedCached, price } = receipt.delivery.value
  const refund = price - deliveryPriceMicroUsd({ ...receipt.delivery.value, billedOut: 1 }, pricesOfTerms(terms))
  const correct = (lines: CorrectionLines) => {
    for (const seq of [1, 8]) lines.check(2, { kind: 'correction', seq, billedIn, billedCached, billedOut: 1, refund })
  }
  const { findings, lines, dues } = checked([receipt, receipt], { of: { toSeq: 1 }, correct })
  lines.finish(5)
  lines.describe()
  expect(refund > 0n).toBe(true)
  expect([lines.sum, dues]).toEqual([2n * price, [price - refund]])
  expect(found(findings)).toContainEqual([
    'prices',
    'Line 2: Receipt 8, which a correction names: expected one in the file, found none.',
  ])
  expect(findings.checks().find(({ name }) => name === 'prices')?.detail).toBe(
    `2 prices computed again, 1 correction taking ${refund} of ${2n * price} µUSD`,
  )
})

test('no second of a lease is metered twice, and none runs backwards', () => {
  const span = (fromMs: number, toMs: number, seq: number, leaseId = bytes32Of('lease')) =>
    leaseLine({ fromMs, toMs, seq, leaseId })
  expect(foundIn(span(10, 20, 1), span(20, 30, 2), span(30, 30, 3), span(40, 50, 4))).toEqual([])
  expect(foundIn(span(10, 20, 1), span(5, 15, 2, bytes32Of('another')))).toEqual([])
  const begins = (line: number, seq: number, meteredToMs: number, fromMs: number) => [
    'links',
    `Line ${line}: Begin of receipt ${seq}: expected ${meteredToMs} or later, where the last one ends, found ${fromMs}.`,
  ]
  expect(foundIn(span(10, 20, 1), span(19, 30, 2))).toEqual([begins(4, 2, 20, 19)])
  // What lies within an earlier one does not make it shorter.
  expect(foundIn(span(10, 20, 1), span(12, 14, 2), span(16, 30, 3))).toEqual([
    begins(4, 2, 20, 12),
    begins(5, 3, 20, 16),
  ])
  expect(foundIn(span(10, 9, 1))).toEqual([['links', 'Line 3: End of receipt 1: expected 10 or later, found 9.']])
})

test('work of one number is billed once for each node', () => {
  const again = (line: number, earlier: number) => [
    'sequence',
    `Line ${line}: Work of one number of a node: expected once, found again, as on line ${earlier}.`,
  ]
  const delivery = (seq: number, workSeq: number, node = nodeId) =>
    deliveryLine({ seq, nodeId: node }, { seq: workSeq })
  expect(foundIn(delivery(1, 5), delivery(2, 6), delivery(3, 5, otherNode), delivery(4, 6, otherNode))).toEqual([])
  expect(foundIn(delivery(1, 5), delivery(2, 5, otherNode), delivery(3, 5), delivery(4, 5, otherNode))).toEqual([
    again(5, 3),
    again(6, 4),
  ])
})

test('a request’s attempt is billed once, each of its attempts apart', () => {
  const again = (line: number, earlier: number) => [
    'sequence',
    `Line ${line}: A request’s attempt: expected one receipt, found another, as on line ${earlier}.`,
  ]
  const request = (seq: number, requestId: Hex, attempt: number) => deliveryLine({ seq, requestId, attempt })
  const id = bytes32Of('one request')
  // Ids that differ in the last and in the first of the digits by which they are told apart.
  const otherAt = (at: number) => `${id.slice(0, at)}${id[at] === '0' ? '1' : '0'}${id.slice(at + 1)}` as Hex
  const [near, far] = [otherAt(27), otherAt(2)]
  expect(foundIn(...[0, 1, 255].map((attempt, i) => request(i + 1, id, attempt)))).toEqual([])
  expect(foundIn(request(1, id, 0), request(2, near, 0), request(3, far, 0))).toEqual([])
  expect(foundIn(request(1, id, 255), request(2, near, 0), request(3, near, 255))).toEqual([])
  // Neither does an attempt weigh as much as a digit of the id.
  const [low, high] = ['0', '1'].map((digit) => `${id.slice(0, 25)}${digit}${id.slice(26)}` as Hex) as [Hex, Hex]
  expect(foundIn(request(1, low, 1), request(2, high, 0))).toEqual([])
  expect(foundIn(request(1, id, 1), request(2, far, 1), request(3, id, 1))).toEqual([again(5, 3)])
})

test('of a damaged file, what the receipts before say is named, and nothing of what is missing', () => {
  const [first, gap] = [deliveryLine({ seq: 1 }, {}), deliveryLine({ seq: 3, requestId: bytes32Of('request 1') })]
  const { findings, lines } = checked([first, gap], { of: { toSeq: 9 } })
  lines.finishDamaged()
  expect(findings.mismatches.map(({ check, ...mismatch }) => [check, sentenceOf({ check, ...mismatch })])).toEqual([
    ['sequence', 'Line 4: Receipt 2 is missing: expected number 2, found number 3.'],
    ['sequence', 'Line 4: A request’s attempt: expected one receipt, found another, as on line 3.'],
  ])
  expect([lines.leafCount, lines.root]).toEqual([3, null])
})

test('the report says how much was compared', () => {
  const details = (...receipts: EpochFileDelivery[]) => {
    const { findings, lines } = checked(receipts)
    lines.finish(receipts.length + 3)
    lines.describe()
    return Object.fromEntries(findings.checks().map(({ name, detail }) => [name, detail]))
  }
  const one = deliveryLine()
  expect(details(one)).toMatchObject({
    sequence: '1 number of the lane',
    links: '1 receipt',
    prices: '1 price computed again',
    root: `1 leaf, Σ ${one.delivery.value.price} µUSD`,
  })
  expect(details(one, deliveryLine({ seq: 2 }, {}))).toMatchObject({
    sequence: '2 numbers of the lane',
    links: '2 receipts',
    root: `3 leaves, Σ ${2n * one.delivery.value.price} µUSD`,
  })
})
