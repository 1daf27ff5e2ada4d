/** What the wizard's steps have said so far. A step is whole or absent; a listing can be submitted once all are there. */
import { AppError, type Prices } from '@isochrone/domain'
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
  prices: priceStep.optional(),
  promises: promisesSchema.optional(),
})
export type ListingDraft = z.infer<typeof listingDraft>
export type MachineStep = z.infer<typeof machineStep>
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
