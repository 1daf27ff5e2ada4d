/** What placement must know of a queued request, read from its OpenAI body. */
import type { PlacementRequest } from '@isochrone/scheduler/snapshot'
import { z } from 'zod'
import type { QueuedJobRow } from '../ports/job-store.ts'

/** Output tokens reserved for a request that names no limit, the same as at the gateway. */
export const TOKENS_OUT_DEFAULT = 256
/** Queued work waits by choice: only stalls far beyond this count. */
const SLO_MS = { ttft: 10_000, tpot: 250 }

/** A renter who queues has said that time matters less: a second is worth this share of what it is worth interactively. */
const QUEUED_VALUE_SHARE = 0.1

const limits = z.object({
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
})

const placementMemory = z.object({ failedNodeIds: z.array(z.string()) })

/** Nodes that failed this job lately; the oldest are forgiven, so that a small fleet is not used up. */
export function failedNodesOf(job: QueuedJobRow): string[] {
  return placementMemory.safeParse(job.placement).data?.failedNodeIds.slice(-2) ?? []
}

/** `valueOfSecondMicroUsd` is the organisation's own, for interactive requests. */
export function placementRequestOf(job: QueuedJobRow, valueOfSecondMicroUsd: number): PlacementRequest {
  const bytesIn = Buffer.byteLength(JSON.stringify(job.body))
  const { max_tokens, max_completion_tokens } = limits.safeParse(job.body).data ?? {}
  return {
    requestId: job.requestId,
    model: job.model,
    // About four bytes a token; an estimate for the score, no bill follows from it.
    tokensIn: Math.ceil(bytesIn / 4),
    tokensOutMax: max_completion_tokens ?? max_tokens ?? TOKENS_OUT_DEFAULT,
    bytesIn,
    valueOfSecondMicroUsd: valueOfSecondMicroUsd * QUEUED_VALUE_SHARE,
    priceMicroUsdMax: null,
    countries: null,
    excludeNodeIds: failedNodesOf(job),
    sloTtftMs: SLO_MS.ttft,
    sloTpotMs: SLO_MS.tpot,
  }
}
