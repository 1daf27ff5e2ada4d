/** Finished requests and closed epochs as a gateway would publish them, with real signatures and prices from the terms. */
import { priceMicroUsd } from '@isochrone/domain'
import {
  addressOfKey,
  addressToBytes32,
  bytes32Of,
  encodeLine,
  encodeStruct,
  fault,
  merkleRoot,
  receiptLeaf,
  regionToBytes8,
  signStruct,
  structHash,
  ZERO_BYTES32,
  type DeliveryReceipt,
  type EpochClosedEntry,
  type Hex,
  type ReceiptPairJson,
  type RequestFinishedEntry,
  type WorkReceipt,
} from '@isochrone/protocol'
import { pricesOfStored, type StoredTerms } from '@isochrone/services'
import type { TestControlPlane } from './test-control-plane.ts'

const laneKey: Hex = `0x${'22'.repeat(32)}`
export const testLane = addressToBytes32(addressOfKey(laneKey))

interface TestNode {
  nodeId: string
  termsHash: string
  privateKey: Hex
  terms: StoredTerms
}

interface At {
  requestId: string
  orgId: string
  channelId: string
  node: TestNode
  receivedAtMs: number
  /** Default: 0. */
  attempt?: number
}

export function publisherOf({ deps }: TestControlPlane) {
  const domain = { chainId: deps.chain.chainId, verifyingContract: deps.chain.channels }
  const anchors = { chainId: deps.chain.chainId, verifyingContract: deps.chain.anchor }
  let seq = 0
  let open: { delivery: DeliveryReceipt; work: WorkReceipt }[] = []

  function finish(at: At) {
    seq += 1
    const node = at.node
    const named = namesOf(at)
    const usage = { tokensIn: 12, tokensCached: 0, tokensOut: 64, bytesIn: 200, bytesOut: 9_000 }
    const work: WorkReceipt = {
      ...named,
      seq,
      modelHash: bytes32Of('model'),
      requestHash: bytes32Of('question'),
      outputHash: bytes32Of('answer'),
      integrityRoot: ZERO_BYTES32,
      tokensIn: usage.tokensIn,
      tokensCached: 0,
      tokensOut: usage.tokensOut,
      engineTtftUs: 3_000,
      engineDurationUs: 70_000,
      finishedAtMs: at.receivedAtMs + 75,
      status: 0,
    }
    const price = priceMicroUsd(usage, pricesOfStored(node.terms))
    const delivery: DeliveryReceipt = {
      ...named,
      workHash: structHash('WorkReceipt', work),
      lane: testLane,
      seq,
      billedIn: usage.tokensIn,
      billedCached: 0,
      billedOut: usage.tokensOut,
      bytesIn: usage.bytesIn,
      bytesOut: usage.bytesOut,
      price,
      attemptTtftMs: 5,
      durationMs: 75,
      startedAtMs: at.receivedAtMs,
      httpStatus: 200,
      fault: 0,
      region: regionToBytes8('local'),
    }
    open.push({ delivery, work })
    const pair: ReceiptPairJson = encodeLine({
      delivery: signStruct(domain, 'DeliveryReceipt', delivery, laneKey),
      work: signStruct(domain, 'WorkReceipt', work, node.privateKey),
    })
    return entryOf(at, pair, price)
  }

  /** The receipt of an attempt that the node did not take. */
  function declined(at: At): ReceiptPairJson {
    seq += 1
    const nothing = { billedIn: 0, billedCached: 0, billedOut: 0, bytesIn: 0, bytesOut: 0, price: 0n, attemptTtftMs: 0 }
    const delivery: DeliveryReceipt = {
      ...namesOf(at),
      ...nothing,
      workHash: ZERO_BYTES32,
      lane: testLane,
      seq,
      durationMs: 2,
      startedAtMs: at.receivedAtMs,
      httpStatus: 503,
      fault: fault.capacity,
      region: regionToBytes8('local'),
    }
    return encodeLine({ delivery: signStruct(domain, 'DeliveryReceipt', delivery, laneKey), work: null })
  }

  function close(epoch: number): EpochClosedEntry {
    const leaves = open.flatMap(({ delivery, work }) => [
      receiptLeaf('DeliveryReceipt', delivery),
      receiptLeaf('WorkReceipt', work),
    ])
    const sum = open.reduce((total, { delivery }) => total + delivery.price, 0n)
    const covered = { fromSeq: seq - open.length + 1, toSeq: seq }
    const over = { root: merkleRoot(leaves), count: leaves.length, sum, dataHash: bytes32Of('file') }
    const anchor = { lane: testLane, epoch, ...over, ...covered }
    const entry: EpochClosedEntry = {
      type: 'epoch-closed',
      lane: testLane,
      anchor: encodeStruct('EpochAnchor', anchor),
      anchorSignature: signStruct(anchors, 'EpochAnchor', anchor, laneKey).signature,
      vouchers: [],
      nodes: [...new Set(open.map(({ delivery }) => delivery.nodeId))],
      ...covered,
      closedAtMs: Date.now(),
    }
    open = []
    return entry
  }

  return { finish, declined, close }
}

function namesOf({ channelId, requestId, attempt = 0, node }: At) {
  return {
    channelId: channelId as Hex,
    requestId: bytes32Of(requestId),
    attempt,
    nodeId: node.nodeId as Hex,
    termsHash: node.termsHash as Hex,
  }
}

function entryOf(at: At, pair: ReceiptPairJson, price: bigint): RequestFinishedEntry {
  const { attempt = 0 } = at
  const completed = { attempt, nodeId: at.node.nodeId, outcome: 'completed', ttftMs: 5, durationMs: 75 } as const
  return {
    type: 'request-finished',
    lane: testLane,
    receipts: [pair],
    request: {
      requestId: at.requestId,
      orgId: at.orgId,
      keyId: null,
      jobId: null,
      channelId: at.channelId,
      path: '/v1/chat/completions',
      model: 'demo',
      stream: true,
      status: 'succeeded',
      httpStatus: 200,
      errorCode: null,
      errorMessage: null,
      receivedAtMs: at.receivedAtMs,
      finishedAtMs: at.receivedAtMs + 80,
      ttftMs: 6,
      tpotMs: 1.1,
      tokensIn: 12,
      tokensCached: 0,
      tokensOut: 64,
      priceMicroUsd: price.toString(),
      attempts: [{ ...completed, message: null }],
      placement: { engineVersion: 'test' },
    },
  }
}
