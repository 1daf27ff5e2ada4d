/**
 * The borders inside the gateway: what the request flow asks of the agent links, the journal and the lane.
 *
 * `requests/` and `http/` know these interfaces only; `link/`, `journal/` and `lane/` implement them.
 */
import type {
  DeliveryReceipt,
  DispatchResponse,
  Fault,
  Hex,
  LeaseOrder,
  LeaseOrderAnswer,
  NodeInventory,
  ReceiptPairJson,
  RequestFinishedEntry,
  SealingKey,
  ServedModel,
  StreamEnd,
  StreamOpen,
} from '@isochrone/protocol'
import type { JobKnowledge } from './lane/job-memory.ts'

/** A node that is linked to this gateway right now. */
export interface NodeSession {
  readonly nodeId: Hex
  readonly models: readonly ServedModel[]
  readonly inventory: NodeInventory
  readonly concurrencyMax: number
  /** Set where the link runs through the delay shim. */
  readonly simulatedRttMs: number | null
  readonly linkedSinceMs: number
  /** Keys that requests may be sealed to, signed by the node; absent or empty where it opens none. */
  readonly sealingKeys?: readonly SealingKey[]
  /** Smoothed round trip of link pings, null before the first. */
  readonly rttMs: number | null
  /** Streams open here from this gateway. */
  readonly activeStreams: number
  /** As the node said in its last heartbeat, all gateways together, and our own share at that moment. */
  readonly reported: {
    activeStreams: number
    queuedStreams: number
    ownAtHeartbeat: number
    /** Our own streams among them by the node's count, where it says. */
    ownStreams?: number | undefined
    tokensPerSecond: number
    draining: boolean
    /** Prompt tokens that wait for prefill, and mean context of the running streams; absent where the engine does not say. */
    prefillTokens?: number | undefined
    /** Of them, this gateway's own as the node counts them; absent where it does not. */
    ownPrefillTokens?: number | undefined
    contextTokens?: number | undefined
    /** Time that a token takes there now ÷ what is usual, by its own streams; absent where the node does not say. */
    pace?: number | undefined
    atMs: number
  } | null
  /** Asks how the node is between its heartbeats; `reported` is new soon after. Nothing waits for it. */
  askLoad?(): void
  /** Asks the node for something about a lease; undefined where a link has no such thing. Rejects when it does not answer. */
  order?(leaseId: Hex, order: LeaseOrder['order']): Promise<LeaseOrderAnswer>
  /** Sends OPEN. Never throws: a link that is gone ends the stream with status `rejected`. */
  open(header: StreamOpen, body: Uint8Array): AttemptStream
}

export interface StreamChunk {
  /** Output tokens so far, this chunk included. */
  tokensOut: number
  /** One OpenAI chunk as JSON text. */
  chunk: Uint8Array
}

/** How a stream ended as the link saw it. `link_lost` has no END frame: the work receipt may come later. */
export type AttemptEnd = { kind: 'ended'; end: StreamEnd } | { kind: 'link_lost' }

export interface AttemptStream {
  readonly nodeId: Hex
  /** Chunks in order; ends after the last one. Nothing is buffered beyond the credits granted. */
  readonly chunks: AsyncIterable<StreamChunk>
  /** Resolves once, after the last chunk was taken or the stream was cancelled. */
  readonly ended: Promise<AttemptEnd>
  /** The chunk was handed on to the customer: grants credit and acknowledges its tokens. */
  acknowledge(tokensOut: number): void
  /** Stops the engine. `ended` follows, at the latest after a bounded time. */
  cancel(): void
}

export interface Sessions {
  all(): readonly NodeSession[]
  byNode(nodeId: string): NodeSession | undefined
  /** A node was linked or is linked no more; a newer link of the same node counts as linked again. */
  onChange(listener: (session: NodeSession, linked: boolean) => void): void
  /** A node has said how it is: `reported` is new. */
  onReport(listener: (session: NodeSession) => void): void
}

/** What is written before a dispatch, so that a crash knows what was under way. */
export interface Intent {
  /** `req_…` and its 32-byte name. */
  requestId: string
  requestIdHash: Hex
  orgId: string
  keyId: string | null
  jobId: string | null
  channelId: Hex
  attempt: number
  nodeId: Hex
  termsHash: Hex
  modelHash: Hex
  salt: Hex
  path: string
  model: string
  stream: boolean
  bytesIn: number
  tokensOutMax: number
  reservedMicroUsd: bigint
  startedAtMs: number
  /** When its request came in: it counts in that period of its key's budget. Absent in journals from before. */
  receivedAtMs?: number
  /** Set where the attempt goes on with an answer that others began. */
  continues?: Continues
  /** 32-byte name of the lease that pays for it by time: the attempt costs nothing. */
  leaseId?: Hex
  /** The second of two at once before the first token: `recordWinner` says whose tokens the customer gets. */
  isHedge?: boolean
}

/** What an attempt goes on from: it prefills these tokens too, and is paid for the prompt alone. */
export interface Continues {
  tokens: number
  /** The attempts that broke off, and what each had handed on: that is all that they are paid for. */
  delivered: { attempt: number; tokens: number }[]
}

/** What the gateway itself saw of an attempt. */
export interface AttemptSeen {
  intent: Intent
  end: AttemptEnd
  /** Tokens and chain head over the chunks that were handed on. */
  tokensDelivered: number
  outputHash: Hex
  requestHash: Hex
  bytesOut: number
  attemptTtftMs: number | null
  durationMs: number
  httpStatus: number
  fault: Fault
  /** Whether an error of this attempt is billed at all: false before the first token and for a discarded hedge. */
  billable: boolean
  /** It was stopped so that the answer goes on at a faster node: paid for its tokens, not for the prompt. */
  movedOn?: true
}

export interface CompletedAttempt {
  pair: ReceiptPairJson
  delivery: DeliveryReceipt
  tokensIn: number
  tokensCached: number
  tokensOut: number
  priceMicroUsd: bigint
}

/** The lane: this gateway's key, its numbering, receipts and epochs. */
export interface Lane {
  readonly id: Hex
  readonly region: string
  /**
   * Intent before dispatch. Resolves when it is in the journal's file: a kill of this process loses it no more. The next
   * commit, milliseconds later, makes it durable.
   */
  recordIntent(intent: Intent): Promise<void>
  /** Of two attempts at once, this one's tokens go to the customer: what is billed should this process die. */
  recordWinner(attempt: Pick<Intent, 'requestIdHash' | 'attempt'>): void
  /**
   * Checks the work receipt against what was seen and bounds the bill. The pair is a draft: `finishRequest` numbers and
   * signs it, so that numbers follow the journal's order without gaps.
   */
  completeAttempt(seen: AttemptSeen): CompletedAttempt
  /**
   * Makes the outcome durable: request, receipts and answer as one journal entry. Confirms the receipts to the agents.
   * Must resolve before the last chunk leaves.
   */
  finishRequest(entry: Omit<RequestFinishedEntry, 'type' | 'lane'>): Promise<void>
  /** µUSD signed by this lane for the channel, lifetime. */
  signedMicroUsd(channelId: Hex): bigint
  /** The answer of a queued request that was already answered, from the journal; bounded by bytes, see `jobKnowledge`. */
  answerOf(requestId: string): DispatchResponse | undefined
  /** Whether a queued request was begun or answered here. What may have been, and is forgotten, is `unknown`. */
  jobKnowledge(requestId: string, firstDispatchedAtMs: number | null): JobKnowledge
}
