/**
 * The worker's call to a gateway for a queued job, or for a request of the platform's own that is pinned to a node:
 * `POST /internal/v1/dispatch`, authorised by the internal token.
 *
 * Idempotent by `requestId`: a request that was answered is never run again, its answer is returned from the journal or,
 * where that is kept no more, `recorded` says that it comes with the receipts' stream; one that is running is waited for.
 * A request of no job is remembered only while it runs: whoever sends one sends it once.
 */
import { z } from 'zod'

export const dispatchRequest = z.object({
  requestId: z.string(),
  /** Null: no job waits for the answer. */
  jobId: z.string().nullable(),
  orgId: z.string(),
  keyId: z.string().nullable(),
  path: z.enum(['/v1/chat/completions', '/v1/completions', '/v1/embeddings', '/v1/responses']),
  /** The OpenAI request as the customer sent it, streaming off. */
  body: z.record(z.string(), z.unknown()),
  /** Node chosen by the worker's own `decide`, and what it saw when it chose. */
  nodeId: z.string(),
  placement: z.unknown(),
  timeoutMs: z.int().min(1),
  /** When the job was dispatched first, ms since the epoch; null where this is the first time. */
  dispatchedAtMs: z.number().nullable().default(null),
  /** True: only say what came of it, run nothing. */
  answerOnly: z.boolean().default(false),
  /** True: what the node writes is put into the job's progress stream as it comes. */
  progress: z.boolean().default(false),
  /** True: it takes none of a node's last places, which are for those who wait for their answer. */
  slack: z.boolean().default(false),
})
export type DispatchRequest = z.infer<typeof dispatchRequest>
export type DispatchRequestInput = z.input<typeof dispatchRequest>

/** `retry`: nothing was answered and nothing billed; another node may try. `recorded`: answered, its answer is on its way. */
export const dispatchResponse = z.object({
  outcome: z.enum(['answered', 'retry', 'rejected', 'recorded']),
  httpStatus: z.int(),
  answer: z.unknown(),
  message: z.string().nullable(),
})
export type DispatchResponse = z.infer<typeof dispatchResponse>
