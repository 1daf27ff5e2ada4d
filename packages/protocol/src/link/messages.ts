/**
 * JSON messages of the agent link, each with the schema by which the receiving side checks it.
 *
 * Hashes and keys are lower-case hex. Times are milliseconds since the epoch on the sender's clock unless they say µs.
 */
import { z } from 'zod'
import { sealedPart, sealedRefusals, sealingKey } from '../sealed/envelope.ts'

const bytes32 = z.string().regex(/^0x[0-9a-f]{64}$/)
const address = z.string().regex(/^0x[0-9a-f]{40}$/)
const signature = z.string().regex(/^0x[0-9a-f]{130}$/)
const count = z.int().min(0)
const structJson = z.record(z.string(), z.union([z.string(), z.number()]))

/** Two versions refuse each other when they meet, each with a sentence. 2: credits count bytes, and WELCOME says how many. */
export const LINK_PROTOCOL_VERSION = 2

export const linkChallenge = z.object({
  protocol: z.int(),
  nonce: bytes32,
  lane: bytes32,
  chainId: z.int(),
  /** PaymentChannels: the verifying contract of receipts and of the link proof. */
  verifyingContract: address,
})
export type LinkChallenge = z.infer<typeof linkChallenge>

export const gpuInventory = z.object({
  name: z.string().max(100),
  count,
  memoryMib: count,
  uuids: z.array(z.string().max(80)).max(64),
})

export const nodeInventory = z.object({
  /** What the engine runs on, as people read it: `AMD EPYC 7B13 (2 cores)` or `8 × NVIDIA H200`. */
  hardware: z.string().max(200),
  cpuModel: z.string().max(200),
  cpuCores: count,
  memoryMib: count,
  gpus: z.array(gpuInventory).max(16),
  agentVersion: z.string().max(40),
  os: z.string().max(80),
})
export type NodeInventory = z.infer<typeof nodeInventory>

export const servedModel = z.object({
  model: z.string().min(1).max(200),
  modelHash: bytes32,
  /** Tokens, prompt and completion together. */
  contextTokensMax: z.int().min(1),
  quantisation: z.string().max(20),
  /** True where timing comes from a performance curve instead of an engine. Shown wherever the model is. */
  simulated: z.boolean(),
  /** What its engine can, by the names of `engineFeatures` in domain; unknown ones mean nothing. Absent: it does not say. */
  features: z.array(z.string().max(40)).max(32).optional(),
})
export type ServedModel = z.infer<typeof servedModel>

export const linkHello = z.object({
  protocol: z.int(),
  nodeKey: address,
  /** `LinkProof` over the challenge, signed by the node key. */
  proof: signature,
  /** Streams that may run at once. */
  concurrencyMax: z.int().min(1).max(4096),
  models: z.array(servedModel).max(64),
  inventory: nodeInventory,
  /** Set where the link runs through the delay shim on one machine; the pages then say "simulated network". */
  simulatedRttMs: z.number().min(0).max(10_000).nullable(),
  /** Keys that requests may be sealed to; absent where the node opens none. */
  sealingKeys: z.array(sealingKey).max(4).optional(),
})
export type LinkHello = z.infer<typeof linkHello>

export const linkWelcome = z.object({
  nodeId: bytes32,
  gatewayRegion: z.string(),
  heartbeatIntervalMs: z.int(),
  /** Credit of a stream before its first CREDIT: the gateway's choice, because the memory is its own. */
  streamCreditBytes: z.int().min(1).max(0xffff_ffff),
})
export type LinkWelcome = z.infer<typeof linkWelcome>

export const linkHeartbeat = z.object({
  sentAtMs: count,
  activeStreams: count,
  queuedStreams: count,
  /** Output tokens per second over the last heartbeat. */
  tokensPerSecond: z.number().min(0),
  /** 0 to 1 where the engine knows it. */
  kvUsage: z.number().min(0).max(1).nullable(),
  draining: z.boolean(),
  /** Prompt tokens that wait for prefill, of all gateways: as the engine says, or as the gateways' OPENs did. */
  prefillTokens: count.optional(),
  /** Of them, what the gateway that this is said to has sent, by its own OPENs; a lease's are not among them. */
  ownPrefillTokens: count.optional(),
  /** Of those running and waiting, the streams of the gateway that this is said to; a lease's are not among them. */
  ownStreams: count.optional(),
  /** Mean context of the running sequences, tokens; absent where the engine does not say. */
  contextTokens: z.number().min(0).optional(),
  /** Time that a token of its streams takes now ÷ what is usual there under such load: 2 = half as fast. Absent: it cannot say yet. */
  pace: z.number().min(0).max(100).optional(),
  /** In place of those before, where they have changed. */
  sealingKeys: z.array(sealingKey).max(4).optional(),
})
export type LinkHeartbeat = z.infer<typeof linkHeartbeat>

export const streamPrompt = z.object({
  /** Tokens that its gateway expects to be prefilled: an estimate, by which nothing is billed. */
  tokens: count,
  /** Prompt tokens that may wait before it at the node. Where more do, it declines; absent: any number. */
  aheadMax: count.optional(),
})
export type StreamPrompt = z.infer<typeof streamPrompt>

export const streamOpen = z.object({
  requestId: bytes32,
  attempt: z.int().min(0).max(255),
  channelId: bytes32,
  termsHash: bytes32,
  model: z.string(),
  modelHash: bytes32,
  /** Salt of `requestHash` and `outputHash`: without it the hashes say nothing about short prompts. */
  salt: bytes32,
  path: z.enum(['/v1/chat/completions', '/v1/completions', '/v1/embeddings']),
  /** The gateway gives up after this many ms from OPEN; the agent may stop then too. */
  timeoutMs: z.int().min(1),
  /** Output tokens at which the agent must stop: what was reserved, and of a continuation what is left of it. */
  tokensOutMax: z.int().min(1),
  /**
   * The answer's one choice so far, where another node broke off: the engine prefills prompt and text, and only what
   * follows is sent. Sent only to nodes whose model has the feature `continuation`.
   */
  continuation: z.object({ text: z.string().min(1) }).optional(),
  /** W3C Trace Context of the attempt, for the node's and its engine's own spans. */
  traceparent: z
    .string()
    .regex(/^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/)
    .optional(),
  /** The body is sealed to a key of this node, and so is the answer to be. */
  sealed: z.literal(true).optional(),
  /** What is to be prefilled of it; absent: the gateway does not say. */
  prompt: streamPrompt.optional(),
  /** The lease whose engine serves it; absent: the node's own. */
  leaseId: bytes32.optional(),
})
export type StreamOpen = z.infer<typeof streamOpen>

export const signedWork = z.object({ work: structJson, signature })
export type SignedWork = z.infer<typeof signedWork>

export const streamEnd = z.object({
  /**
   * `rejected`: the agent never started the engine (full, unknown model, draining), so another replica may. `invalid_request`: the
   * request is at fault; with `work` where something of the answer was sent before that was known.
   */
  status: z.enum(['completed', 'aborted', 'engine_failed', 'rejected', 'invalid_request']),
  /** For people; no prompts. */
  message: z.string().max(500).nullable(),
  /** The engine's own HTTP status where it refused. */
  engineStatus: z.int().nullable(),
  work: signedWork.nullable(),
  /** With `rejected`: prompt tokens that waited here, more than the OPEN allowed. A HEARTBEAT that says so came before. */
  promptsAhead: count.optional(),
  /** Why a sealed request was not opened. */
  code: z.enum(sealedRefusals).optional(),
  /** Of a sealed request that the engine refused: its words, for the client alone. */
  sealed: sealedPart.optional(),
})
export type StreamEnd = z.infer<typeof streamEnd>

/** `delivery` is null when the gateway has no intent for this receipt and never will: the agent may stop presenting it. */
export const receiptConfirm = z.object({
  workHash: bytes32,
  delivery: structJson.nullable(),
  signature: signature.nullable(),
  reason: z.string().max(200).nullable(),
})
export type ReceiptConfirm = z.infer<typeof receiptConfirm>

/**
 * A closed epoch, said to each node that has receipts in it: the lane's signature under it, where its file is, and the
 * performance record to be signed. The agent keeps file and anchor: neither can be withheld from the world any more, and
 * a lane that puts another anchor on-chain has signed two for one epoch.
 */
export const epochNotice = z.object({
  anchor: structJson,
  anchorSignature: signature,
  /** The verifying contract of the anchor. */
  receiptAnchor: address,
  /** Path of the file on the gateway, below the URL that the link was dialled at. */
  filePath: z.string().regex(/^\/v1\/epochs\/\d{1,16}\/file$/),
  fileBytes: count,
  record: structJson,
  recordSignature: signature,
  /** The verifying contract of the record. */
  slaLedger: address,
})
export type EpochNotice = z.infer<typeof epochNotice>

export const recordAnswer = z.object({
  epoch: count,
  /** Version of the record that this answers. */
  version: z.int().min(0).max(255),
  /** Null when the node does not agree, with the reason. */
  signature: signature.nullable(),
  reason: z.string().max(300).nullable(),
})
export type RecordAnswer = z.infer<typeof recordAnswer>

/**
 * What a gateway asks of a node about a lease. `provision` starts an engine of its own for it, `stop` ends that; both do
 * nothing where it is done. `read` asks for the node's signature under a span of its time.
 */
export const leaseOrder = z.object({
  /** Of this link; the answer carries it. */
  id: count,
  leaseId: bytes32,
  order: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('provision'), model: z.string().max(200), gpus: z.int().min(1).max(64) }),
    z.object({
      kind: z.literal('read'),
      /** `LeaseReceipt` with `seq` 0. */
      reading: structJson,
      /** `Terms` that it names: the price follows from them. */
      terms: structJson,
    }),
    z.object({ kind: z.literal('stop') }),
  ]),
})
export type LeaseOrder = z.infer<typeof leaseOrder>

export const leaseOrderAnswer = z.object({
  id: count,
  outcome: z.enum(['done', 'unknown', 'refused']),
  /** Why not; for people. */
  reason: z.string().max(300).nullable(),
  /** Of a reading. */
  signature: signature.nullable(),
  /** Where the last reading that the node signed ends, ms since the epoch: another one must begin there or later. */
  signedToMs: count.nullable(),
})
export type LeaseOrderAnswer = z.infer<typeof leaseOrderAnswer>

export const linkReject = z.object({ code: z.string(), message: z.string() })
export type LinkReject = z.infer<typeof linkReject>
