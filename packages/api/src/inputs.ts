/** Inputs of the procedures, checked field by field; amounts arrive as dollars in text and leave as µUSD. */
import { batchEndpoints, budgetPeriods, microUsdFromUsd } from '@isochrone/domain'
import { verificationFilters, webhookEvents } from '@isochrone/services'
import { z } from 'zod'

const cursor = z.string().max(200).optional()
const limit = z.int().min(1).max(200).optional()
const id = z.string().min(1).max(100)
/** Of a form or a button, random: what is asked twice with one key is done once. */
const formKey = z.string().min(8).max(64)
const name = z.string().trim().min(1, 'is empty').max(80, 'has more than 80 characters')

export const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'is not an address: 0x and 40 hexadecimal digits')
  .transform((text) => text.toLowerCase() as `0x${string}`)

/** `"12.50"` → 12500000n. At most six decimals. */
export const usdAmount = z.string().transform((text, context) => {
  try {
    return microUsdFromUsd(text)
  } catch {
    context.addIssue({ code: 'custom', message: 'is not an amount in dollars with at most six decimals' })
    return z.NEVER
  }
})

const positiveUsd = usdAmount.refine((microUsd) => microUsd > 0n, 'must be above zero')
export const topUpUsd = positiveUsd.refine((microUsd) => microUsd <= 1_000_000_000_000n, 'is above $1,000,000')

export const offerFilter = z.object({
  model: z.string().max(200).optional(),
  region: z.string().max(40).optional(),
  liveOnly: z.boolean().optional(),
  sort: z.enum(['price', 'latency', 'throughput']).optional(),
})
const text = z.string().max(200)
const trust = z.enum(['claimed', 'challenged', 'attested'])
const dataPolicy = z.enum(['any', 'no_training', 'no_retention'])
const atLeastOne = z.int().min(1).max(1_000_000)
/** How the list of offers is narrowed and sorted: what the page's URL says. */
export const offerQuery = z.object({
  q: text.optional(),
  model: text.optional(),
  region: z.string().max(40).optional(),
  residency: z
    .string()
    .regex(/^[A-Z]{2}$/, 'is a country code of two capital letters, or EU')
    .optional(),
  gpuClass: z.string().max(40).optional(),
  gpusMin: atLeastOne.optional(),
  memoryGibMin: atLeastOne.optional(),
  trust: trust.optional(),
  dataPolicy: dataPolicy.optional(),
  tier: z.enum(['edge', 'regional', 'cloud']).optional(),
  providerId: z.string().max(66).optional(),
  liveOnly: z.boolean().optional(),
  leasableOnly: z.boolean().optional(),
  realOnly: z.boolean().optional(),
  outMicroUsdMax: z.bigint().min(0n).max(1_000_000_000_000n).optional(),
  ttftP95MsMax: z.number().min(0).max(3_600_000).optional(),
  from: z.string().min(1).max(80).optional(),
  rttMsMax: z.number().min(0).max(60_000).optional(),
  sort: z
    .enum([
      'price',
      'price_in',
      'effective',
      'gpu_hour',
      'latency',
      'latency_p95',
      'throughput',
      'gpus',
      'memory',
      'free',
      'newest',
      'rtt',
    ])
    .optional(),
  reversed: z.boolean().optional(),
  cursor: z.string().max(400).optional(),
  limit,
})
export const usageDays = z.object({ days: z.int().min(1).max(31) })
export const byId = z.object({ id })
export const epochPage = z.object({ cursor, limit })
const bytes32 = z.string().regex(/^0x[0-9a-f]{64}$/, 'is not 0x and 64 lower-case hexadecimal digits')
export const epochKey = z.object({ lane: bytes32, epoch: z.int().min(0) })
export const epochReceiptsPage = epochKey.extend({ after: z.int().min(0).optional(), limit })
export const recordKey = epochKey.extend({ nodeId: bytes32 })
export const receiptKey = z.object({ lane: bytes32, seq: z.int().min(0) })
export const receiptHash = z.object({ hash: bytes32 })
const day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'is not a day such as 2026-01-31')
export const historyPage = z.object({
  cursor,
  limit,
  kind: z.enum(['deposit', 'ceiling', 'claim', 'withdrawal_requested', 'withdrawal', 'refund', 'credit']).optional(),
  fromDay: day.optional(),
  toDay: day.optional(),
})
export const claimsPage = z.object({
  cursor,
  limit,
  status: z.enum(['signed', 'reported', 'challenged', 'final', 'invalid']).optional(),
})
export const requestPage = z.object({
  cursor,
  limit,
  status: z.enum(['succeeded', 'failed', 'aborted']).optional(),
  model: z.string().max(200).optional(),
})
export const batchPage = z.object({ cursor })
export const newBatch = z.object({ fileId: id, endpoint: z.enum(batchEndpoints), key: formKey })
export const jobPage = z.object({
  cursor,
  limit,
  status: z.enum(['queued', 'running', 'succeeded', 'failed', 'cancelled']).optional(),
  kind: z.enum(['queued', 'background', 'waiting', 'batch']).optional(),
  model: z.string().max(200).optional(),
})
const leaseMinutes = z.int().min(1, 'is less than a minute').max(43_200, 'is more than 30 days')
export const leasePage = z.object({ cursor, limit })
const leaseQuestion = z.object({
  model: z.string().min(1, 'is empty').max(200),
  gpus: z.int().min(1, 'is less than 1').max(64, 'is more than 64'),
  durationMinutes: leaseMinutes,
  /** Dollars. */
  maxPerGpuHourUsd: usdAmount.refine(
    (microUsd) => microUsd > 0n && microUsd <= 1_000_000_000n,
    'is above $1,000, or zero',
  ),
})
/** On this node: `node_…`. */
export const leaseOfNode = leaseQuestion.extend({ nodeId: id })
/** Left out: any. The service reads the words; here only that they are few and short. */
const leaseConstraints = z.object({
  gpuClasses: z.array(z.string().trim().min(1, 'is empty').max(40)).max(20).default([]),
  gpuMemoryGibMin: z
    .int()
    .min(1, 'is less than 1 GiB')
    .max(100_000, 'is more than 100,000 GiB')
    .nullable()
    .default(null),
  regions: z.array(z.string().trim().min(1, 'is empty').max(64)).max(60).default([]),
  dataPolicy: dataPolicy.default('any'),
  minTrust: trust.default('claimed'),
})
export const leaseByConstraints = leaseQuestion.extend({ constraints: leaseConstraints })
export const leaseQuoteId = z.object({ quoteId: id })
export const leaseExtension = z.object({ id, durationMinutes: leaseMinutes, key: id })
export const newWebhook = z.object({
  url: z.string().min(1).max(2_048),
  events: z.array(z.enum(webhookEvents)).max(20),
  key: formKey,
})
export const newListing = z.object({ key: formKey })
export const deliveryPage = z.object({
  cursor,
  limit,
  endpointId: id.optional(),
  status: z.enum(['pending', 'delivered', 'dead']).optional(),
})
export const newOrganisation = z.object({ name, key: formKey })
/** µUSD in each period; null = none. */
const keyBudget = z
  .object({ amountUsd: topUpUsd, period: z.enum(budgetPeriods) })
  .transform(({ amountUsd, period }) => ({ microUsd: amountUsd, period }))
  .nullable()
export const newKey = z.object({
  name,
  expiresInDays: z.int().min(1).max(3650).nullable().default(null),
  budget: keyBudget.default(null),
  key: formKey,
})
export const changedKeyBudget = z.object({ id, budget: keyBudget })
export const fund = z.object({ amountUsd: topUpUsd, key: formKey })
export const walletPrepare = z.object({ ownerAddress: address, amountUsd: topUpUsd })
/** 65 bytes of a key; a contract wallet's are its own affair (ERC-1271, ERC-6492), up to 8 KiB. */
const walletSignature = z
  .string()
  .max(2 + 2 * 8_192, 'is longer than 8 KiB')
  .regex(/^0x(?:[0-9a-fA-F]{2})+$/, 'is not a signature of a wallet')

export const walletLink = z.object({
  ownerAddress: address,
  ceilingMicroUsd: z
    .bigint()
    .positive()
    .lt(1n << 96n),
  signature: walletSignature.transform((text) => text.toLowerCase() as `0x${string}`),
})
/** Checked in full by the service, which owns the rules; here only that it is an object of bounded size. */
const policy = z
  .record(z.string().max(60), z.json())
  .refine((fields) => JSON.stringify(fields).length <= 16_384, 'is larger than 16 KiB')
export const routing = z.object({ routing: policy })
/** `seen`: what the form was filled in from. */
export const savedRouting = routing.extend({ seen: policy.optional() })
export const newProvider = z.object({
  name,
  /** Left out: the platform holds an account for the organisation. */
  payoutAddress: address.optional(),
  payoutSignature: walletSignature.optional(),
})

/** Checked in full by the service; here only that it is an object of bounded size. */
export const nodeInventoryInput = z.object({
  hardware: z.string().max(200),
  cpuModel: z.string().max(200),
  cpuCores: z.int().min(0),
  memoryMib: z.int().min(0),
  gpus: z
    .array(
      z.object({
        name: z.string().max(100),
        count: z.int().min(0),
        memoryMib: z.int().min(0),
        uuids: z.array(z.string().max(80)).max(64),
      }),
    )
    .max(16),
  agentVersion: z.string().max(40),
  os: z.string().max(80),
})

/** Size, type and content are the service's to judge, in a sentence; here only that it cannot exhaust us. */
const document = z.object({ mediaType: z.string().max(100), text: z.string().max(2_000_000) })
const disputeStateName = z.enum([
  'filed',
  'answered',
  'drawn',
  'ruled',
  'appealed',
  'appeal_drawn',
  'appeal_ruled',
  'executed',
  'dismissed',
  'lapsed',
])
export const disputeList = z.object({
  open: z.boolean().optional(),
  state: disputeStateName.optional(),
  payerCursor: z.string().max(80).optional(),
  providerCursor: z.string().max(80).optional(),
  limit,
})
export const deskPage = z.object({ open: z.boolean().optional(), cursor: z.string().max(300).optional(), limit })
export const fileDisputeInput = receiptKey.extend({
  kind: z.enum(['overcharge', 'not_delivered', 'wrong_output']),
  amountUsd: positiveUsd,
  evidence: document,
})
export const withheldInput = epochKey.extend({ evidence: document })
export const challengeRecordInput = recordKey.extend({ evidence: document })
export const respondInput = z.object({ id, answer: document })
export const appealDisputeInput = z.object({ id })
export const rulingInput = z.object({
  id,
  arbiter: address,
  refundUsd: usdAmount,
  reason: z.string().trim().min(1, 'is empty: say why').max(2_000_000),
})
const txHash = z.string().regex(/^0x[0-9a-fA-F]{64}$/, 'is not a transaction hash')
export const sentVote = z.object({ id, arbiter: address, txHash })
/** A vote on a challenged record: whether it is wrong. */
export const judgementInput = recordKey.extend({
  arbiter: address,
  upheld: z.boolean(),
  reason: z.string().trim().min(1, 'is empty: say why').max(2_000_000),
})
export const sentJudgement = recordKey.extend({ arbiter: address, txHash })
export const verificationPage = z.object({
  show: z.enum(verificationFilters).optional(),
  q: z.string().trim().max(80).optional(),
  cursor,
  limit,
})
export const recheck = z.object({ id, reason: z.string().trim().min(1, 'is empty: say why').max(500) })
export const auditPage = z.object({
  cursor,
  limit,
  action: z.string().max(80).optional(),
  who: z.string().max(120).optional(),
  subject: z.string().max(120).optional(),
  outcome: z.enum(['done', 'asked', 'refused']).optional(),
})

export const listingAt = z.object({ id, version: z.int().min(1) })
/** Checked in full by the service; here only that it is an object of bounded size. */
export const listingSave = listingAt.extend({
  draft: z
    .record(z.string().max(20), z.json())
    .refine((draft) => JSON.stringify(draft).length <= 8_192, 'is larger than 8 KiB'),
  /** The answer to a price that was asked about. */
  confirmed: z.boolean().default(false),
})
export const stakeRequest = z.object({ stakeUsd: topUpUsd })
/** Asking twice with one key is one payment. */
export const payoutWithdrawal = z.object({ amountUsd: usdAmount, toAddress: address, key: id })
export const stakeRelease = z.object({ toAddress: address, key: id })
