/** What tests of the lane and of the links share: a node with a key, its terms, intents and work receipts. */
import {
  addressOfKey,
  addressToBytes32,
  bytes32Of,
  documentHashOf,
  encodeStruct,
  signStruct,
  structHash,
  termsHashOf,
  ZERO_BYTES32,
  type Hex,
  type NodeState,
  type RequestOutcomeJson,
  type SignedWork,
  type StreamEnd,
  type Terms,
  type WorkReceipt,
} from '@isochrone/protocol'
import { createLogger } from '@isochrone/runtime'
import type { AttemptSeen, Intent } from '../ports.ts'
import type { LaneContracts } from './lane-contracts.ts'

const bytes32 = (digits: string): Hex => `0x${digits.repeat(32)}`

export const laneKey = bytes32('11')
export const nodeKey = bytes32('22')
export const otherKey = bytes32('33')
export const laneId = addressToBytes32(addressOfKey(laneKey))
export const nodeId = addressToBytes32(addressOfKey(nodeKey))
export const contracts: LaneContracts = {
  chainId: 31_337,
  paymentChannels: `0x${'aa'.repeat(20)}`,
  receiptAnchor: `0x${'bb'.repeat(20)}`,
  slaLedger: `0x${'cc'.repeat(20)}`,
}
export const receiptDomain = { chainId: contracts.chainId, verifyingContract: contracts.paymentChannels }
export const channelId = bytes32('c1')
export const providerId = bytes32('d1')
export const requestHash = bytes32('e1')
export const outputHash = bytes32('e2')
export const silentLogger = createLogger('test', 'silent')

export const termsDocument = { model: 'demo', title: 'A node of the tests' }

export function termsOf(changes: Partial<Terms> = {}): Terms {
  return {
    providerId,
    documentHash: documentHashOf(termsDocument),
    inPerMtok: 1_000_000,
    cachedPerMtok: 500_000,
    outPerMtok: 2_000_000,
    inPerGb: 0,
    outPerGb: 0,
    perGpuHour: 0,
    ttftBaseMs: 0,
    ttftPerKtokMs: 0,
    tpotUs: 0,
    concurrencyMax: 0,
    penaltyBps: 0,
    sloRegion: `0x${'00'.repeat(8)}`,
    ...changes,
  }
}

/** The node under other terms. */
export function nodeUnder(terms: Terms): NodeState {
  return { ...node, termsHash: termsHashOf(terms), terms: encodeStruct('Terms', terms) }
}

export const node: NodeState = {
  kind: 'node',
  nodeId,
  id: 'node_1',
  name: 'demo',
  providerId,
  providerName: 'Demo',
  providerOrgId: 'org_p',
  active: true,
  termsHash: termsHashOf(termsOf()),
  terms: encodeStruct('Terms', termsOf()),
  termsDocument,
  prices: {
    inMicroUsdPerMtok: '1000000',
    cachedMicroUsdPerMtok: '500000',
    outMicroUsdPerMtok: '2000000',
    inMicroUsdPerGb: '0',
    outMicroUsdPerGb: '0',
  },
  region: 'local',
  failureDomain: 'a',
  country: 'DE',
  simulated: false,
  gpuClass: 'CPU',
  trust: 'claimed',
  dataPolicy: 'any',
  tier: 'regional',
}

export function intentOf(requestId: string, changes: Partial<Intent> = {}): Intent {
  return {
    requestId,
    requestIdHash: bytes32Of(requestId),
    orgId: 'org_1',
    keyId: 'key_1',
    jobId: null,
    channelId,
    attempt: 0,
    nodeId,
    termsHash: node.termsHash as Hex,
    modelHash: bytes32('ab'),
    salt: bytes32('5a'),
    path: '/v1/chat/completions',
    model: 'demo',
    stream: true,
    bytesIn: 100,
    tokensOutMax: 256,
    reservedMicroUsd: 1_000n,
    startedAtMs: 1_700_000_000_000,
    ...changes,
  }
}

export function workOf(intent: Intent, changes: Partial<WorkReceipt> = {}, key: Hex = nodeKey) {
  const work: WorkReceipt = {
    channelId: intent.channelId,
    requestId: intent.requestIdHash,
    attempt: intent.attempt,
    nodeId: intent.nodeId,
    // Its own for each attempt, as a node numbers its work.
    seq: Number.parseInt(intent.requestIdHash.slice(2, 12), 16) * 256 + intent.attempt,
    termsHash: intent.termsHash,
    modelHash: intent.modelHash,
    requestHash,
    outputHash,
    integrityRoot: ZERO_BYTES32,
    tokensIn: 20,
    tokensCached: 0,
    tokensOut: 10,
    engineTtftUs: 1_000,
    engineDurationUs: 20_000,
    finishedAtMs: 1_700_000_000_030,
    status: 0,
    ...changes,
  }
  const { signature } = signStruct(receiptDomain, 'WorkReceipt', work, key)
  const signed: SignedWork = { work: encodeStruct('WorkReceipt', work), signature }
  return { work, signed, workHash: structHash('WorkReceipt', work) }
}

export function endOf(work: SignedWork | null, status: StreamEnd['status'] = 'completed'): AttemptSeen['end'] {
  return { kind: 'ended', end: { status, message: null, engineStatus: null, work } }
}

export function seenOf(intent: Intent, changes: Partial<AttemptSeen> = {}): AttemptSeen {
  return {
    intent,
    end: endOf(workOf(intent).signed),
    tokensDelivered: 10,
    outputHash,
    requestHash,
    bytesOut: 900,
    attemptTtftMs: 5,
    durationMs: 30,
    httpStatus: 200,
    fault: 0,
    billable: true,
    ...changes,
  }
}

export function outcomeOf(intent: Intent): RequestOutcomeJson {
  return {
    requestId: intent.requestId,
    orgId: intent.orgId,
    keyId: intent.keyId,
    jobId: intent.jobId,
    channelId: intent.channelId,
    path: intent.path,
    model: intent.model,
    stream: intent.stream,
    status: 'succeeded',
    httpStatus: 200,
    errorCode: null,
    errorMessage: null,
    receivedAtMs: intent.startedAtMs,
    finishedAtMs: intent.startedAtMs + 40,
    ttftMs: 6,
    tpotMs: 2,
    tokensIn: 20,
    tokensCached: 0,
    tokensOut: 10,
    priceMicroUsd: '0',
    attempts: [],
    placement: null,
  }
}
