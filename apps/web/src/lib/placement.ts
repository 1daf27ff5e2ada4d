/** The placement record as far as the page explains it. The scheduler owns its shape; a stranger one shows as JSON only. */
import { z } from 'zod'

const candidate = z.object({
  nodeId: z.string(),
  score: z.number(),
  terms: z.object({
    tokens: z.number(),
    bytes: z.number(),
    latency: z.number(),
    sloTtft: z.number(),
    sloTpot: z.number(),
    failure: z.number(),
  }),
  ttftMs: z.number(),
  tpotMs: z.number(),
  activeStreams: z.number(),
})

const placementRecord = z.object({
  engineVersion: z.string(),
  nowMs: z.number(),
  request: z.object({ valueOfSecondMicroUsd: z.number(), tokensIn: z.number(), tokensOutMax: z.number() }),
  candidates: z.array(candidate),
  rejected: z.array(z.object({ nodeId: z.string(), reason: z.string() })),
  poolSize: z.number(),
  explored: z.boolean(),
  choice: z.string().nullable(),
  alternates: z.array(z.string()),
})
export type PlacementView = z.infer<typeof placementRecord>

/** Null when there is no record or it is of another shape. */
export function readPlacement(value: unknown): PlacementView | null {
  const parsed = placementRecord.safeParse(value)
  return parsed.success ? parsed.data : null
}

const rejectionWords: Record<string, string> = {
  other_model: 'serves another model',
  excluded: 'had already failed this request',
  draining: 'is draining: it takes no new work',
  stale: 'its last report was more than 5 s old',
  breaker_open: 'rests after failures in a row',
  outside_residency: 'stands outside the countries allowed',
  context_too_long: 'its context is too short for prompt and completion',
  full: 'was full, its queue included',
  over_price_cap: 'would cost more than the cap',
}

/** A rejection reason as the end of a sentence that starts with the node. */
export function rejectionText(reason: string): string {
  return rejectionWords[reason] ?? reason.replaceAll('_', ' ')
}

/** µUSD as the scheduler reckons them, in floating point, in dollars; for reading, never for billing. */
export function formatScoreUsd(microUsd: number): string {
  return microUsd === 0 ? '0' : (microUsd / 1e6).toFixed(8).replace(/0+$/, '')
}
