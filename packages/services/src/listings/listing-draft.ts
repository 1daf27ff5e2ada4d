/** What the wizard's steps have said so far. A step is whole or absent; a listing can be submitted once all are there. */
import { AppError, type Prices } from '@isochrone/domain'
import { engineNames } from '@isochrone/protocol'
import { z } from 'zod'
import { promisesSchema } from '../providers/terms.ts'

const microUsd = z.string().regex(/^\d{1,15}$/)

export const machineStep = z.object({
  nodeName: z.string().trim().min(1, 'is empty').max(80),
  region: z.string().regex(/^[a-z0-9-]{2,8}$/, 'is 2 to 8 characters: a–z, 0–9 and hyphens, for example eu-de'),
  country: z.string().regex(/^[A-Z]{2}$/, 'is a country code of two letters'),
  tier: z.enum(['edge', 'regional', 'cloud']),
  dataPolicy: z.enum(['any', 'no_training', 'no_retention']),
  /** Other nodes run on the same host. */
  sharedHost: z.boolean(),
})

/** More than one engine on one node serves well. */
export const MODELS_MAX = 16

/** Which models the node serves, each as the build with that hash, and behind which engine. */
export const modelStep = z.object({
  engine: z.enum(engineNames),
  models: z
    .array(
      z.object({
        model: z.string().min(1).max(200),
        modelHash: z.string().regex(/^0x[0-9a-f]{64}$/, 'is not 0x and 64 hexadecimal digits'),
      }),
    )
    .min(1, 'names none: choose at least one')
    .max(MODELS_MAX, `names more than ${MODELS_MAX}`)
    .refine((models) => new Set(models.map(({ model }) => model)).size === models.length, 'names one model twice'),
})

/** µUSD as text: per 10⁶ tokens, and per hour of one GPU. */
export const priceStep = z.object({
  inMicroUsdPerMtok: microUsd,
  cachedMicroUsdPerMtok: microUsd,
  outMicroUsdPerMtok: microUsd,
  /** 0 = not for rent. */
  gpuHourMicroUsd: microUsd,
})

export const listingDraft = z.object({
  machine: machineStep.optional(),
  models: modelStep.optional(),
  prices: priceStep.optional(),
  promises: promisesSchema.optional(),
})
export type ListingDraft = z.infer<typeof listingDraft>
export type MachineStep = z.infer<typeof machineStep>
export type ModelStep = z.infer<typeof modelStep>
export type PriceStep = z.infer<typeof priceStep>

/** @throws AppError `invalid_input` naming the field. */
export function parseDraft(value: unknown): ListingDraft {
  const parsed = listingDraft.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const field = issue?.path.map(String).join('.') ?? 'draft'
  throw new AppError('invalid_input', { publicMessage: `${field}: ${issue?.message ?? 'is not valid'}`, field })
}

export function pricesOfStep(step: PriceStep): Prices {
  return {
    inMicroUsdPerMtok: BigInt(step.inMicroUsdPerMtok),
    cachedMicroUsdPerMtok: BigInt(step.cachedMicroUsdPerMtok),
    outMicroUsdPerMtok: BigInt(step.outMicroUsdPerMtok),
    inMicroUsdPerGb: 0n,
    outMicroUsdPerGb: 0n,
  }
}
