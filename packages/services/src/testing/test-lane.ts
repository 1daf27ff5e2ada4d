/**
 * A lane for tests: signs real receipts, closes real epochs with real vouchers and performance records, and says it all
 * as journal entries.
 */
import {
  addressOfKey,
  addressToBytes32,
  bytes32Of,
  encodeLine,
  encodeStruct,
  leaseReadingOf,
  merkleRoot,
  randomBytes32,
  receiptLeaf,
  regionToBytes8,
  signStruct,
  structHash,
  ZERO_BYTES32,
  type DeliveryReceipt,
  type EpochClosedEntry,
  type Hex,
  type LeaseMeteredEntry,
  type LeaseReceipt,
  type MeteringRecountedEntry,
  type PerformanceRecord,
  type PerformanceSignedEntry,
  type RequestFinishedEntry,
  type RequestOutcomeJson,
  type SlaCounts,
  type WorkReceipt,
} from '@isochrone/protocol'

export interface TestLaneOptions {
  laneKey?: Hex
  chainId?: number
  paymentChannels?: Hex
  receiptAnchor?: Hex
  slaLedger?: Hex
  /** Where numbering of epochs starts. */
  firstEpoch?: number
}

export interface TestRequest {
  requestId: string
  orgId: string
  channelId: Hex
  providerId: Hex
  nodeKey: Hex
  priceMicroUsd: bigint
  termsHash?: Hex
  /** Who caused it to fail; 0 = nobody. */
  fault?: number
  jobId?: string | null
  answer?: unknown
  status?: RequestOutcomeJson['status']
  receivedAtMs?: number
}

/** A span of a lease. */
export interface TestSpan {
  leaseId: string
  orgId: string
  channelId: Hex
  providerId: Hex
  nodeKey: Hex
  priceMicroUsd: bigint
  termsHash?: Hex
  fromMs?: number
  gpuMs?: number
}

/** What is signed and in no closed epoch yet. */
interface OpenReceipt {
  nodeId: Hex
  channelId: Hex
  termsHash: Hex
  price: bigint
  leaves: Hex[]
  nodeKey: Hex
  providerId: Hex
  /** Null for a lease's. */
  delivery: DeliveryReceipt | null
}

export function testLane(options: TestLaneOptions = {}) {
  const laneKey = options.laneKey ?? randomBytes32()
  const lane = addressToBytes32(addressOfKey(laneKey))
  const chainId = options.chainId ?? 31_337
  const receipts = { chainId, verifyingContract: options.paymentChannels ?? `0x${'11'.repeat(20)}` } as const
  const ledger = { chainId, verifyingContract: options.slaLedger ?? `0x${'33'.repeat(20)}` } as const
  const anchors = { chainId, verifyingContract: options.receiptAnchor ?? `0x${'22'.repeat(20)}` } as const
  let seq = 0
  let firstOpenSeq = 1
  let epoch = options.firstEpoch ?? 1
  let open: OpenReceipt[] = []
  const due = new Map<string, { channelId: Hex; providerId: Hex; cumulative: bigint; epoch: number }>()

  function finish(request: TestRequest): RequestFinishedEntry {
    const { requestId, channelId, providerId, nodeKey, priceMicroUsd, termsHash = bytes32Of('terms') } = request
    const nodeId = addressToBytes32(addressOfKey(nodeKey))
    const at = request.receivedAtMs ?? Date.now()
    const named = { channelId, requestId: bytes32Of(requestId), attempt: 0, nodeId, termsHash }
    const work: WorkReceipt = {
      ...named,
      seq: seq + 1,
      modelHash: bytes32Of('model'),
      requestHash: bytes32Of('request'),
      outputHash: bytes32Of('output'),
      integrityRoot: ZERO_BYTES32,
      tokensIn: 10,
      tokensCached: 0,
      tokensOut: 5,
      engineTtftUs: 1_000,
      engineDurationUs: 5_000,
      finishedAtMs: at,
      status: 0,
    }
    const delivery: DeliveryReceipt = {
      ...named,
      workHash: structHash('WorkReceipt', work),
      lane,
      seq: ++seq,
      billedIn: 10,
      billedCached: 0,
      billedOut: 5,
      bytesIn: 100,
      bytesOut: 500,
      price: priceMicroUsd,
      attemptTtftMs: 3,
      durationMs: 9,
      startedAtMs: at,
      httpStatus: 200,
      fault: request.fault ?? 0,
      region: regionToBytes8('local'),
    }
    const leaves = [receiptLeaf('DeliveryReceipt', delivery), receiptLeaf('WorkReceipt', work)]
    keep({ nodeId, channelId, termsHash, price: priceMicroUsd, leaves, nodeKey, providerId, delivery })
    const pair = encodeLine({
      delivery: signStruct(receipts, 'DeliveryReceipt', delivery, laneKey),
      work: signStruct(receipts, 'WorkReceipt', work, nodeKey),
    })
    return {
      type: 'request-finished',
      lane,
      request: outcome(request, nodeId, at),
      receipts: [pair],
      ...(request.answer !== undefined && { answer: request.answer }),
    }
  }

  /** A span of a lease, signed by the node without a number and by the lane with one. */
  function meter(span: TestSpan): LeaseMeteredEntry {
    const { leaseId, orgId, channelId, providerId, nodeKey, priceMicroUsd, termsHash = bytes32Of('terms') } = span
    const nodeId = addressToBytes32(addressOfKey(nodeKey))
    const { fromMs = Date.now(), gpuMs = 60_000 } = span
    const named = { channelId, leaseId: bytes32Of(leaseId), nodeId, lane, termsHash }
    const receipt: LeaseReceipt = { ...named, seq: ++seq, fromMs, toMs: fromMs + gpuMs, gpuMs, price: priceMicroUsd }
    const leaves = [receiptLeaf('LeaseReceipt', receipt)]
    keep({ nodeId, channelId, termsHash, price: priceMicroUsd, leaves, nodeKey, providerId, delivery: null })
    return {
      type: 'lease-metered',
      lane,
      leaseId,
      orgId,
      lease: {
        receipt: encodeStruct('LeaseReceipt', receipt),
        laneSignature: signStruct(receipts, 'LeaseReceipt', receipt, laneKey).signature,
        nodeSignature: signStruct(receipts, 'LeaseReceipt', leaseReadingOf(receipt), nodeKey).signature,
      },
    }
  }

  function keep(receipt: OpenReceipt): void {
    open.push(receipt)
    const { channelId, providerId, price } = receipt
    const key = `${channelId}:${providerId}`
    const before = due.get(key)?.cumulative ?? 0n
    due.set(key, { channelId, providerId, cumulative: before + price, epoch })
  }

  /** Takes this off what is owed for a receipt of the open epoch; null once its epoch is closed. */
  function recount({ request, receipts: [pair] }: RequestFinishedEntry, refund: bigint): MeteringRecountedEntry | null {
    const found = open.find(({ delivery }) => delivery?.seq === Number(pair?.delivery.seq))
    if (!found?.delivery) return null
    const { delivery, providerId } = found
    const { channelId, nodeId, price } = delivery
    const owed = due.get(`${channelId}:${providerId}`)
    if (owed) owed.cumulative -= refund
    return {
      type: 'metering-recounted',
      lane,
      seq: delivery.seq,
      requestId: request.requestId,
      attempt: delivery.attempt,
      orgId: request.orgId,
      channelId,
      providerId,
      nodeId,
      model: request.model,
      billed: { tokensIn: 10, tokensCached: 0, tokensOut: 5 },
      recounted: { tokensIn: 10, tokensCached: 0, tokensOut: 4 },
      countedIn: null,
      countedOut: 4,
      priceMicroUsd: String(price),
      refundMicroUsd: String(refund),
      countedAtMs: request.finishedAtMs,
    }
  }

  /** Null when nothing was signed since the last close. */
  function close(closedAtMs = Date.now()): EpochClosedEntry | null {
    if (open.length === 0) return null
    const leaves = open.flatMap((receipt) => receipt.leaves)
    const root = merkleRoot(leaves)
    const sum = open.reduce((total, { price }) => total + price, 0n)
    const seqs = { fromSeq: firstOpenSeq, toSeq: seq }
    const anchor = { lane, epoch, root, count: leaves.length, sum, dataHash: bytes32Of(`file ${epoch}`), ...seqs }
    const earned = new Map<Hex, bigint>()
    for (const { price, providerId } of open) {
      earned.set(providerId, (earned.get(providerId) ?? 0n) + price)
    }
    const vouchers = [...due.values()]
      .filter((entry) => entry.epoch === epoch && entry.cumulative > 0n)
      .map(({ channelId, providerId, cumulative }) => {
        const named = { channelId, providerId, lane, epoch, cumulative, receiptRoot: root }
        const voucher = { ...named, earned: earned.get(providerId) ?? 0n }
        const { signature } = signStruct(receipts, 'Voucher', voucher, laneKey)
        return { voucher: encodeStruct('Voucher', voucher), signature }
      })
    const entry: EpochClosedEntry = {
      type: 'epoch-closed',
      lane,
      anchor: encodeStruct('EpochAnchor', anchor),
      anchorSignature: signStruct(anchors, 'EpochAnchor', anchor, laneKey).signature,
      vouchers,
      nodes: [...new Set(open.map(({ nodeId }) => nodeId))],
      ...seqs,
      closedAtMs,
    }
    records = [...Map.groupBy(open, ({ nodeKey }) => nodeKey).values()].map(recordOf)
    for (const each of records) made.set(`${each.record.nodeId}:${epoch}`, each)
    open = []
    firstOpenSeq = seq + 1
    epoch += 1
    return entry
  }

  interface MadeRecord {
    record: PerformanceRecord
    counts: SlaCounts[]
    nodeKey: Hex
  }
  let records: MadeRecord[] = []
  const made = new Map<string, MadeRecord>()

  function recordOf(receipts: readonly (typeof open)[number][]) {
    const [first] = receipts
    if (!first) throw new Error('a record is about receipts')
    const { nodeId } = first
    const groups = Map.groupBy(receipts, ({ channelId, termsHash }) => `${channelId}:${termsHash}`)
    const counts = [...groups.values()].map((group): SlaCounts => {
      const attempts = group.filter(({ delivery }) => delivery !== null).length
      const faults = group.filter(({ delivery }) => delivery?.fault === 1).length
      const { channelId, termsHash } = group[0] ?? first
      const samples = { samples: attempts, faults, ttftSamples: attempts - faults, ttftOver: 0 }
      const spent = group.reduce((total, { price }) => total + price, 0n)
      return { nodeId, lane, epoch, channelId, termsHash, ...samples, tpotSamples: 0, tpotOver: 0, spent }
    })
    const record: PerformanceRecord = {
      nodeId,
      lane,
      epoch,
      version: 0,
      earned: counts.reduce((total, { spent }) => total + spent, 0n),
      attempts: receipts.filter(({ delivery }) => delivery !== null).length,
      faults: counts.reduce((total, { faults }) => total + faults, 0),
      countsRoot: merkleRoot(counts.map((row) => receiptLeaf('SlaCounts', row))),
    }
    return { record, counts, nodeKey: first.nodeKey }
  }

  /** Of the epoch that was closed last, one for each node; a node that does not agree does not sign. */
  function performance({ nodeSigns = true } = {}): PerformanceSignedEntry[] {
    return records.map((each) => signedRecord(each, nodeSigns))
  }

  /** A later version of a record that was found invalid; null where this lane has made none. */
  function correct({ nodeId, epoch: of, version }: Pick<PerformanceRecord, 'nodeId' | 'epoch' | 'version'>) {
    const found = made.get(`${nodeId}:${of}`)
    return found ? signedRecord({ ...found, record: { ...found.record, version } }, true) : null
  }

  function signedRecord({ record, counts, nodeKey }: MadeRecord, nodeSigns: boolean): PerformanceSignedEntry {
    const signed = (key: Hex) => signStruct(ledger, 'PerformanceRecord', record, key).signature
    return {
      type: 'performance-signed',
      lane,
      record: encodeStruct('PerformanceRecord', record),
      laneSignature: signed(laneKey),
      nodeSignature: nodeSigns ? signed(nodeKey) : null,
      nodeReason: nodeSigns ? null : 'no answer',
      counts: counts.map((row) => encodeStruct('SlaCounts', row)),
    }
  }

  return { lane, laneKey, finish, meter, recount, close, performance, correct }
}

function outcome(request: TestRequest, nodeId: Hex, at: number): RequestOutcomeJson {
  const status = request.status ?? 'succeeded'
  return {
    requestId: request.requestId,
    orgId: request.orgId,
    keyId: null,
    jobId: request.jobId ?? null,
    channelId: request.channelId,
    path: '/v1/chat/completions',
    model: 'tiny',
    stream: true,
    status,
    httpStatus: status === 'succeeded' ? 200 : 502,
    errorCode: status === 'succeeded' ? null : 'provider_failed',
    errorMessage: status === 'succeeded' ? null : 'The node failed.',
    receivedAtMs: at,
    finishedAtMs: at + 9,
    ttftMs: 3,
    tpotMs: 1.5,
    tokensIn: 10,
    tokensCached: 0,
    tokensOut: 5,
    priceMicroUsd: request.priceMicroUsd.toString(),
    attempts: [{ attempt: 0, nodeId, outcome: 'completed', ttftMs: 3, durationMs: 9, message: null }],
    placement: { engineVersion: 'test' },
  }
}
