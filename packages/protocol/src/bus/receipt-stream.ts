/**
 * What a gateway journals and publishes, in order and at least once; the worker stores it exactly once.
 *
 * One entry holds all that became true together: a request's outcome, its receipt pairs and, for a queued job, its
 * answer. They are durable together or not at all, which is why an answered request always has its receipt.
 */
import { z } from 'zod'
import { leaseReceiptJson } from './lease.ts'

const bytes32 = z.string().regex(/^0x[0-9a-f]{64}$/)
const microUsd = z.string().regex(/^\d{1,39}$/)
const structJson = z.record(z.string(), z.union([z.string(), z.number()]))
const signature = z.string().regex(/^0x[0-9a-f]{130}$/)

/** One line of an epoch file: see `encodeLine`. */
export const receiptPairJson = z.object({
  delivery: structJson,
  deliverySignature: signature,
  work: structJson.nullable(),
  workSignature: signature.nullable(),
})
export type ReceiptPairJson = z.infer<typeof receiptPairJson>

export const attemptJson = z.object({
  attempt: z.int(),
  nodeId: bytes32,
  outcome: z.enum([
    'completed',
    'client_aborted',
    'provider_failed',
    'provider_timeout',
    'gateway_failed',
    'rejected',
    'discarded',
    'moved',
  ]),
  ttftMs: z.number().nullable(),
  durationMs: z.number(),
  message: z.string().nullable(),
  /** Of one that its node declined: prompt tokens that waited there, and how many were to at most. */
  declined: z.object({ promptsAhead: z.int().min(0), aheadMax: z.int().min(0) }).optional(),
})

export const requestOutcomeJson = z.object({
  /** `req_…` */
  requestId: z.string(),
  orgId: z.string(),
  keyId: z.string().nullable(),
  jobId: z.string().nullable(),
  channelId: bytes32,
  path: z.string(),
  model: z.string(),
  stream: z.boolean(),
  status: z.enum(['succeeded', 'failed', 'aborted']),
  httpStatus: z.int(),
  errorCode: z.string().nullable(),
  errorMessage: z.string().nullable(),
  receivedAtMs: z.number(),
  finishedAtMs: z.number(),
  /** Request accepted → first non-empty token, null when there was none. */
  ttftMs: z.number().nullable(),
  /** (duration − TTFT) / (tokens out − 1), null below two tokens. */
  tpotMs: z.number().nullable(),
  tokensIn: z.int(),
  tokensCached: z.int(),
  tokensOut: z.int(),
  priceMicroUsd: microUsd,
  attempts: z.array(attemptJson),
  /** The placement record: candidates, terms in dollars, rejections, version, seed. Shape owned by the scheduler. */
  placement: z.unknown(),
})
export type RequestOutcomeJson = z.infer<typeof requestOutcomeJson>

export const requestFinishedEntry = z.object({
  type: z.literal('request-finished'),
  lane: bytes32,
  request: requestOutcomeJson,
  receipts: z.array(receiptPairJson),
  /** For a queued job: the OpenAI response or error body that was the answer. */
  answer: z.unknown().optional(),
})

/** A receipt that was completed after the fact, from what an agent re-presented. */
export const receiptRecoveredEntry = z.object({
  type: z.literal('receipt-recovered'),
  lane: bytes32,
  request: requestOutcomeJson,
  receipts: z.array(receiptPairJson),
})

export const voucherJson = z.object({ voucher: structJson, signature })

export const epochClosedEntry = z.object({
  type: z.literal('epoch-closed'),
  lane: bytes32,
  anchor: structJson,
  anchorSignature: signature,
  vouchers: z.array(voucherJson),
  /** Nodes with receipts in it: a `performance-signed` entry follows for each, seconds later. */
  nodes: z.array(bytes32).default([]),
  /** Lane sequence numbers covered, inclusive. */
  fromSeq: z.int(),
  toSeq: z.int(),
  closedAtMs: z.number(),
})
export type EpochClosedEntry = z.infer<typeof epochClosedEntry>

/** A node's performance record of an epoch: signed by the lane, and by the node unless it did not agree in time. */
export const performanceSignedEntry = z.object({
  type: z.literal('performance-signed'),
  lane: bytes32,
  record: structJson,
  laneSignature: signature,
  nodeSignature: signature.nullable(),
  /** Why the node did not sign; null when it did. */
  nodeReason: z.string().max(300).nullable(),
  counts: z.array(structJson),
})
export type PerformanceSignedEntry = z.infer<typeof performanceSignedEntry>

const tokenCounts = z.object({ tokensIn: z.int().min(0), tokensCached: z.int().min(0), tokensOut: z.int().min(0) })

/**
 * A receipt whose token counts are more than its text can be: what was claimed and billed, what the gateway's own tokenizer found,
 * and what the lane's voucher lacks for it. `refundMicroUsd` 0: the epoch was closed by then.
 */
export const meteringRecountedEntry = z.object({
  type: z.literal('metering-recounted'),
  lane: bytes32,
  seq: z.int().min(1),
  requestId: z.string(),
  attempt: z.int().min(0).max(255),
  orgId: z.string(),
  channelId: bytes32,
  providerId: bytes32,
  nodeId: bytes32,
  model: z.string(),
  billed: tokenCounts,
  /** By which it is paid: never more than billed. */
  recounted: tokenCounts,
  /** As the tokenizer found them; null where that cannot be told from the text. */
  countedIn: z.int().min(0).nullable(),
  countedOut: z.int().min(0).nullable(),
  priceMicroUsd: microUsd,
  refundMicroUsd: microUsd,
  countedAtMs: z.number(),
})
export type MeteringRecountedEntry = z.infer<typeof meteringRecountedEntry>

/** A span of a lease's time, billed. */
export const leaseMeteredEntry = z.object({
  type: z.literal('lease-metered'),
  lane: bytes32,
  /** `lease_…` */
  leaseId: z.string(),
  orgId: z.string(),
  lease: leaseReceiptJson,
})
export type LeaseMeteredEntry = z.infer<typeof leaseMeteredEntry>

export const receiptStreamEntry = z.discriminatedUnion('type', [
  requestFinishedEntry,
  receiptRecoveredEntry,
  epochClosedEntry,
  performanceSignedEntry,
  meteringRecountedEntry,
  leaseMeteredEntry,
])
export type ReceiptStreamEntry = z.infer<typeof receiptStreamEntry>
export type RequestFinishedEntry = z.infer<typeof requestFinishedEntry>

/** What a gateway says of a node that is linked to it; in Redis for the pages and for the worker's placement. */
export const nodeLiveness = z.object({
  nodeId: bytes32,
  lane: bytes32,
  gatewayUrl: z.string(),
  seenAtMs: z.number(),
  linkedSinceMs: z.number(),
  hardware: z.string(),
  models: z.array(
    z.object({
      model: z.string(),
      modelHash: bytes32,
      contextTokensMax: z.int(),
      quantisation: z.string(),
      simulated: z.boolean(),
      features: z.array(z.string()).optional(),
    }),
  ),
  concurrencyMax: z.int(),
  activeStreams: z.int(),
  queuedStreams: z.int(),
  /** As the node's last heartbeat said; absent where its engine does not say. */
  draining: z.boolean().optional(),
  prefillTokens: z.number().optional(),
  contextTokens: z.number().optional(),
  rttMs: z.number().nullable(),
  simulatedRttMs: z.number().nullable(),
  /** Measured at this gateway over recent attempts. */
  ttftP50Ms: z.number().nullable(),
  ttftP95Ms: z.number().nullable(),
  tokensPerSecond: z.number().nullable(),
  /** Latency model as the scheduler has fitted it, so that every placer decides on the same numbers. */
  estimate: z
    .object({
      baseMs: z.number().optional(),
      prefillMsPerToken: z.number(),
      tpotMs: z.number(),
      tpotMsPerStream: z.number(),
      tpotMsPerStreamToken: z.number().optional(),
      failureRate: z.number(),
    })
    .nullable(),
  /** Until when this gateway gives it a pause after failures, ms since the epoch; 0 = it does not. */
  breakerOpenUntilMs: z.number().optional(),
})
export type NodeLiveness = z.infer<typeof nodeLiveness>

export const gatewayStatus = z.object({
  lane: bytes32,
  url: z.string(),
  region: z.string(),
  seenAtMs: z.number(),
  ready: z.boolean(),
  activeRequests: z.int(),
})
export type GatewayStatus = z.infer<typeof gatewayStatus>
