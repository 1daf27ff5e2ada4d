/** Receipts and terms for tests: plain ones, of which a test names only what it is about. */
import {
  bytes32Of,
  regionToBytes8,
  ZERO_BYTES32,
  type DeliveryReceipt,
  type Hex,
  type LeaseReceipt,
  type Terms,
} from '@isochrone/protocol'

export const testTerms: Terms = {
  providerId: bytes32Of('provider'),
  documentHash: bytes32Of('document'),
  inPerMtok: 100_000,
  cachedPerMtok: 10_000,
  outPerMtok: 400_000,
  inPerGb: 1_000,
  outPerGb: 2_000,
  perGpuHour: 2_500_000,
  ttftBaseMs: 200,
  ttftPerKtokMs: 50,
  tpotUs: 20_000,
  concurrencyMax: 0,
  penaltyBps: 1_000,
  sloRegion: `0x${'00'.repeat(8)}`,
}
export const testTermsHash: Hex = bytes32Of('terms')
export const START_MS = 1_800_000_000_000

export function testDelivery(fields: Partial<DeliveryReceipt> = {}): DeliveryReceipt {
  const seq = fields.seq ?? 1
  return {
    workHash: ZERO_BYTES32,
    channelId: bytes32Of('channel'),
    requestId: bytes32Of(`request ${seq}`),
    attempt: 0,
    nodeId: bytes32Of('node'),
    lane: bytes32Of('lane'),
    seq,
    termsHash: testTermsHash,
    billedIn: 100,
    billedCached: 0,
    billedOut: 11,
    bytesIn: 400,
    bytesOut: 900,
    price: 15n,
    attemptTtftMs: 100,
    durationMs: 300,
    startedAtMs: START_MS + seq * 1_000,
    httpStatus: 200,
    fault: 0,
    region: regionToBytes8('eu-de'),
    ...fields,
  }
}

export function testLease(fields: Partial<LeaseReceipt> = {}): LeaseReceipt {
  return {
    channelId: bytes32Of('channel'),
    leaseId: bytes32Of('lease'),
    nodeId: bytes32Of('node'),
    lane: bytes32Of('lane'),
    seq: 1,
    termsHash: testTermsHash,
    fromMs: START_MS,
    toMs: START_MS + 3_600_000,
    gpuMs: 3_600_000,
    price: 2_500_000n,
    ...fields,
  }
}
