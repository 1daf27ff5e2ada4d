'use server'
/** What a provider's forms do: register, admit nodes, take tokens back. */
import type { CreatedJoinToken, DataPolicy, JoinTokenView, ProviderView, Tier } from '@isochrone/services'
import { revalidatePath } from 'next/cache'
import type { ActionResult } from '~/lib/result.ts'
import { actionResult } from '~/server/page-data.ts'

export interface JoinTokenInput {
  nodeName: string
  region: string
  country: string
  tier: Tier
  dataPolicy: DataPolicy
  inUsdPerMtok: string
  cachedUsdPerMtok: string
  outUsdPerMtok: string
  /** `0`: nothing may be leased. */
  gpuHourUsd: string
  /** All that are found when left out. */
  gpus?: number
}

export async function createProvider(input: {
  name: string
  payoutAddress: string
  payoutSignature?: string
}): Promise<ActionResult<ProviderView>> {
  const result = await actionResult((api) => api.provider.create(input))
  revalidatePath('/provider')
  return result
}

export async function createJoinToken(input: JoinTokenInput): Promise<ActionResult<CreatedJoinToken>> {
  return actionResult((api) => api.provider.createJoinToken(input))
}

export async function revokeJoinToken(input: { id: string }): Promise<ActionResult<JoinTokenView>> {
  const result = await actionResult((api) => api.provider.revokeJoinToken(input))
  revalidatePath('/provider')
  return result
}

/** The tokens and whether they were used: a page that waits for its node asks this. */
export async function joinTokenStatus(input: { id: string }): Promise<ActionResult<JoinTokenView | null>> {
  return actionResult(async (api) => (await api.provider.joinTokens()).find(({ id }) => id === input.id) ?? null)
}
