/** What each step of a request knows about it. */
import type { OrganisationState, Hex } from '@isochrone/protocol'
import type { RoutingPolicy } from '@isochrone/scheduler'
import type { RequestTrace } from '../tracing/request-trace.ts'
import type { InferenceRequest } from './read/parse-request.ts'

export interface RequestContext {
  /** `req_…`, and its 32-byte name in receipts. */
  requestId: string
  requestIdHash: Hex
  receivedAtMs: number
  organisation: OrganisationState
  /** The channel that pays. */
  channelId: Hex
  keyId: string | null
  jobId: string | null
  request: InferenceRequest
  /** Where it may run and what it is worth: its own wishes inside its organisation's. */
  policy: RoutingPolicy
  /** What the client calls the conversation: its turns stay together where their prompts are too short to tell. */
  session?: string | null
  /** When the client gives up, ms since the epoch; null or absent where it names no time. */
  deadlineAtMs?: number | null
  /** The nodes that a sealed request is sealed to and that are linked here; absent for any other request. */
  onlyNodeIds?: readonly string[]
  /** For a queued job: the node that the worker's placement chose, and its record. No other node is tried. */
  pinned: { nodeId: string; placement: unknown; timeoutMs: number; slack?: boolean } | null
  /** Of a request inside a lease: its time is paid for, and only its node serves it. */
  lease?: { leaseId: string; leaseIdHash: Hex }
  /** Where the operator has traces collected. */
  trace?: RequestTrace | undefined
  /** The client's own trace, for the node where this gateway traces nothing itself. */
  traceparent?: string | null
  /** Told once the request has a price, whatever else becomes of it: before the outcome is durable. */
  billed?: () => void
  /** Told when it holds up no other of its organisation any more: it went to a node, or waits for a place. */
  started?: () => void
}
