/** What `npm run sim -- --json` prints, as far as the report needs it. */
import { z } from 'zod'

const policyResult = z.object({
  policy: z.string(),
  source: z.string().optional(),
  rule: z.string().optional(),
  /** 0 to 1; unfinished and refused requests are misses. */
  sloAttainment: z.number().min(0).max(1),
  /** USD per million accepted tokens; null where nothing was accepted. */
  costPerMtok: z.number().nullable(),
  /** Share above the LP bound, 0.1 = 10 %. */
  costOverBound: z.number().nullable(),
  ttftP99Ms: z.number().nullable(),
  spread: z
    .object({ sloAttainment: z.object({ sd: z.number() }), costOverBound: z.object({ sd: z.number() }) })
    .partial()
    .optional(),
})
export type PolicyResult = z.infer<typeof policyResult>

export const simResult = z.object({
  trace: z.string(),
  util: z.number(),
  seeds: z.array(z.number()),
  policies: z.array(policyResult).min(1),
})
export type SimResult = z.infer<typeof simResult>
