/** Was anything measured for a verdict? One that says "it claims no GPU" or "its terms declare it" is decided by nothing but words. */
import type { CheckKind } from '@isochrone/services'
import { z } from 'zod'

const some = z.array(z.unknown()).min(1)
const evidence: Readonly<Record<CheckKind, z.ZodType>> = {
  gpu_uuids: z.object({ uuids: some }),
  matmul: z.object({ reports: z.array(z.object({ report: z.object({ commitment: z.string() }) })).min(1) }),
  sharing: z.object({ rounds: some }),
  region: z.object({ reports: z.array(z.object({ report: z.object({ minRttUs: z.number() }) })).min(1) }),
  model: z.object({ trials: some }),
  metering: z.object({ receipts: z.number().min(1) }),
}

export function hasEvidence(kind: CheckKind, inputs: unknown): boolean {
  return evidence[kind].safeParse(inputs).success
}
