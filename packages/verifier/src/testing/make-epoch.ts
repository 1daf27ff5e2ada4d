/**
 * Makes a whole, signed epoch of any size, for tests and benchmarks: every signature, sum, root, voucher and record in it
 * is right. From a seed: the same options make the same bytes.
 */
import type { Writable } from 'node:stream'
import { prng } from '@isochrone/domain'
import {
  addressOfKey,
  addressToBytes32,
  bytes32Of,
  bytesToHex,
  deliveryPriceMicroUsd,
  documentHashOf,
  fault,
  keccak256,
  leafOfHash,
  leasePriceMicroUsd,
  leaseReadingOf,
  LeafBuffer,
  hexToBytes,
  merkleRoot,
  pricesOfTerms,
  regionToBytes8,
  signStruct,
  structHash,
  termsHashOf,
  writeEpochFile,
  ZERO_BYTES32,
  type DeliveryReceipt,
  type EpochAnchor,
  type EpochFileHeader,
  type EpochFileLine,
  type Hex,
  type LeaseReceipt,
  type PerformanceRecord,
  type Signed,
  type Terms,
  type Voucher,
  type WorkReceipt,
} from '@isochrone/protocol'
import { createSlaEvaluator, type NodePerformance } from '../sla/evaluate-sla.ts'
import { START_MS, testTerms } from './receipts.ts'

export interface MakeEpochOptions {
  /** Receipts, deliveries and leases together. */
  receipts: number
  chainId?: number
  paymentChannels?: Hex
  receiptAnchor?: Hex
  slaLedger?: Hex
  laneKey?: Hex
  nodeKeys?: readonly Hex[]
  providerId?: Hex
  channelIds?: readonly Hex[]
  epoch?: number
  fromSeq?: number
  /** What the lane had signed before, µUSD by `channelId + providerId`. */
  signedBefore?: ReadonlyMap<string, bigint>
  seed?: number
  /** Every so manieth receipt is a lease; 0 = none. */
  leaseEvery?: number
  /** From the start of one request to the next, on average, ms: promises are judged by one request a second at most. */
  everyMs?: number
  /** What a request's id is the hash of, by the lane's number; something salted when left out. */
  requestName?: (seq: number) => string
}

export interface MadeEpoch {
  header: EpochFileHeader
  anchor: Signed<EpochAnchor>
  vouchers: Signed<Voucher>[]
  records: Signed<PerformanceRecord>[]
  terms: { terms: Terms; termsHash: Hex; document: Record<string, unknown> }
  /** With this epoch's amounts. */
  signedAfter: Map<string, bigint>
  fileBytes: number
  dataHash: Hex
}

const defaults = {
  chainId: 31_337,
  paymentChannels: `0x${'c1'.repeat(20)}`,
  receiptAnchor: `0x${'a2'.repeat(20)}`,
  slaLedger: `0x${'51'.repeat(20)}`,
  laneKey: bytes32Of('test lane'),
  nodeKeys: [bytes32Of('node one'), bytes32Of('node two'), bytes32Of('node three')],
  providerId: bytes32Of('provider'),
  channelIds: Array.from({ length: 20 }, (_, i) => bytes32Of(`channel ${i}`)),
  epoch: 7,
  fromSeq: 1,
  signedBefore: new Map<string, bigint>() as ReadonlyMap<string, bigint>,
  seed: 1,
  leaseEvery: 50,
  everyMs: 36,
} satisfies Required<Omit<MakeEpochOptions, 'receipts' | 'requestName'>>

type Plan = ReturnType<typeof planOf>

function planOf(options: MakeEpochOptions) {
  const given = { ...defaults, ...options }
  const lane = addressToBytes32(addressOfKey(given.laneKey))
  const { terms, termsHash, document } = madeTermsOf(given.providerId)
  const nodes = given.nodeKeys.map((key) => ({ key, nodeId: addressToBytes32(addressOfKey(key)) }))
  return {
    ...given,
    lane,
    nodes,
    terms,
    termsHash,
    document,
    toSeq: given.fromSeq + given.receipts - 1,
  }
}

/** The only terms in a made epoch of this provider. */
export function madeTermsOf(providerId: Hex): MadeEpoch['terms'] {
  const document = { version: 2, region: 'eu-de', models: ['tiny'], simulated: false }
  const terms: Terms = { ...testTerms, providerId, documentHash: documentHashOf(document) }
  return { terms, termsHash: termsHashOf(terms), document }
}

/** Writes the file to a path or stream. `change` may spoil lines on their way into it: for tampering tests. */
export async function makeEpoch(
  target: string | Writable,
  options: MakeEpochOptions,
  change: (lines: Iterable<EpochFileLine>) => Iterable<EpochFileLine> = (lines) => lines,
): Promise<MadeEpoch> {
  const plan = planOf(options)
  const { chainId, paymentChannels, receiptAnchor, slaLedger, lane, epoch, fromSeq, toSeq, laneKey } = plan
  const { leaves, sum, dues, performance } = survey(plan)
  const root = merkleRoot(leaves)
  const count = leaves.size
  const named = { chainId, paymentChannels, receiptAnchor, slaLedger, lane, epoch }
  const header: EpochFileHeader = { kind: 'header', version: 3, ...named, fromSeq, toSeq, count, sum, root }
  const signedAfter = new Map(plan.signedBefore)
  const earned = [...dues.values()].reduce((total, due) => total + due, 0n)
  const vouchers = [...dues].map(([channelId, due]) => {
    const key = channelId + plan.providerId
    const cumulative = (signedAfter.get(key) ?? 0n) + due
    signedAfter.set(key, cumulative)
    const voucher = { channelId, providerId: plan.providerId, lane, epoch, cumulative, receiptRoot: root, earned }
    return signStruct({ chainId, verifyingContract: paymentChannels }, 'Voucher', voucher, laneKey)
  })
  const records = performance.map(({ record }) =>
    signStruct({ chainId, verifyingContract: slaLedger }, 'PerformanceRecord', record, laneKey),
  )

  function* lines(): Generator<EpochFileLine> {
    yield header
    yield { kind: 'terms', terms: plan.terms, document: plan.document }
    for (const receipt of receiptsOf(plan)) yield signed(plan, receipt)
    for (const voucher of vouchers) yield { kind: 'voucher', voucher }
    for (const { counts } of performance) for (const item of counts) yield { kind: 'counts', counts: item }
    for (const record of records) yield { kind: 'record', record }
  }
  const { dataHash, fileBytes } = await writeEpochFile(target, change(lines()))
  const anchored = { lane, epoch, root, count, sum, dataHash, fromSeq, toSeq }
  const anchor = signStruct({ chainId, verifyingContract: receiptAnchor }, 'EpochAnchor', anchored, laneKey)
  const { terms, termsHash, document } = plan
  return { header, anchor, vouchers, records, terms: { terms, termsHash, document }, signedAfter, fileBytes, dataHash }
}

type Receipt =
  | { kind: 'delivery'; delivery: DeliveryReceipt; work: WorkReceipt | null; nodeKey: Hex }
  | { kind: 'lease'; lease: LeaseReceipt; nodeKey: Hex }

/** Everything that the header, the vouchers and the records say, from a first pass over the receipts. */
function survey(plan: Plan) {
  const leaves = new LeafBuffer()
  const dues = new Map<Hex, bigint>()
  const { lane, epoch, terms } = plan
  const sla = createSlaEvaluator({ lane, epoch, terms: () => terms })
  let sum = 0n
  const leaf = (kind: 'WorkReceipt' | 'DeliveryReceipt' | 'LeaseReceipt', hash: Hex): void =>
    leaves.add(hexToBytes(leafOfHash(kind, hash)))
  for (const receipt of receiptsOf(plan)) {
    const paid = receipt.kind === 'delivery' ? receipt.delivery : receipt.lease
    sum += paid.price
    if (paid.price > 0n) dues.set(paid.channelId, (dues.get(paid.channelId) ?? 0n) + paid.price)
    if (receipt.kind === 'lease') {
      leaf('LeaseReceipt', structHash('LeaseReceipt', receipt.lease))
      sla.addLease(receipt.lease)
    } else {
      if (receipt.work) leaf('WorkReceipt', receipt.delivery.workHash)
      leaf('DeliveryReceipt', structHash('DeliveryReceipt', receipt.delivery))
      sla.add(receipt.delivery)
    }
  }
  const performance: NodePerformance[] = sla.finish()
  return { leaves, sum, dues, performance }
}

function signed({ chainId, paymentChannels, laneKey }: Plan, receipt: Receipt): EpochFileLine {
  const domain = { chainId, verifyingContract: paymentChannels }
  if (receipt.kind === 'lease') {
    const { lease, nodeKey } = receipt
    const { signature: laneSignature } = signStruct(domain, 'LeaseReceipt', lease, laneKey)
    const { signature: nodeSignature } = signStruct(domain, 'LeaseReceipt', leaseReadingOf(lease), nodeKey)
    return { kind: 'lease', lease, laneSignature, nodeSignature }
  }
  const { delivery, work, nodeKey } = receipt
  return {
    kind: 'delivery',
    delivery: signStruct(domain, 'DeliveryReceipt', delivery, laneKey),
    work: work && signStruct(domain, 'WorkReceipt', work, nodeKey),
  }
}

/** The receipts themselves, the same on each pass. One in twenty is a node's failure, half of them without an answer. */
function* receiptsOf(plan: Plan): Generator<Receipt> {
  const random = prng(plan.seed)
  const prices = pricesOfTerms(plan.terms)
  const salt = keccak256(Buffer.from(`epoch ${plan.epoch} ${plan.seed}`))
  const hashOf = (text: string): Hex => bytesToHex(keccak256(salt, Buffer.from(text)))
  for (let i = 0; i < plan.receipts; i++) {
    const seq = plan.fromSeq + i
    const node = plan.nodes[random.below(plan.nodes.length)] as Plan['nodes'][number]
    const channelId = plan.channelIds[random.below(plan.channelIds.length)] as Hex
    const common = { channelId, nodeId: node.nodeId, termsHash: plan.termsHash }
    const startedAtMs = START_MS + i * plan.everyMs + random.below(plan.everyMs)
    if (plan.leaseEvery > 0 && i % plan.leaseEvery === plan.leaseEvery - 1) {
      const span = { fromMs: startedAtMs, toMs: startedAtMs + 60_000, gpuMs: 60_000 }
      const unpriced: LeaseReceipt = {
        ...common,
        leaseId: hashOf(`lease ${seq}`),
        lane: plan.lane,
        seq,
        ...span,
        price: 0n,
      }
      const lease = { ...unpriced, price: leasePriceMicroUsd(unpriced, plan.terms) }
      yield { kind: 'lease', lease, nodeKey: node.key }
      continue
    }
    const failed = random.below(20) === 0
    const tokensIn = 50 + random.below(3_000)
    const tokensOut = failed ? 0 : 1 + random.below(600)
    const attemptTtftMs = 30 + random.below(250)
    const durationMs = attemptTtftMs + tokensOut * (5 + random.below(20))
    const requestId = plan.requestName ? bytes32Of(plan.requestName(seq)) : hashOf(`request ${seq}`)
    const request = { requestId, attempt: 0 }
    const isAnswered = !failed || random.below(2) === 0
    const work: WorkReceipt = {
      ...common,
      ...request,
      seq,
      modelHash: bytes32Of('tiny'),
      requestHash: hashOf(`prompt ${seq}`),
      outputHash: hashOf(`output ${seq}`),
      integrityRoot: ZERO_BYTES32,
      tokensIn,
      tokensCached: 0,
      tokensOut,
      engineTtftUs: attemptTtftMs * 1_000,
      engineDurationUs: durationMs * 1_000,
      finishedAtMs: startedAtMs + durationMs,
      status: failed ? 2 : 0,
    }
    const unpriced: DeliveryReceipt = {
      ...common,
      ...request,
      workHash: isAnswered ? structHash('WorkReceipt', work) : ZERO_BYTES32,
      lane: plan.lane,
      seq,
      billedIn: failed ? 0 : tokensIn,
      billedCached: 0,
      billedOut: tokensOut,
      bytesIn: failed ? 0 : tokensIn * 4,
      bytesOut: failed ? 0 : tokensOut * 220,
      price: 0n,
      attemptTtftMs,
      durationMs,
      startedAtMs,
      httpStatus: failed ? 502 : 200,
      fault: failed ? fault.provider : fault.none,
      region: regionToBytes8('eu-de'),
    }
    const delivery = { ...unpriced, price: deliveryPriceMicroUsd(unpriced, prices) }
    yield { kind: 'delivery', delivery, work: isAnswered ? work : null, nodeKey: node.key }
  }
}
