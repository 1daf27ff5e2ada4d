'use server'
/** What a team's forms do: keys, funds, jobs. Amounts arrive as text in dollars. */
import type {
  ApiKeyView,
  ChannelView,
  CreatedApiKey,
  FundingOrderView,
  JobSummary,
  RoutingJson,
  RoutingPreview,
  RoutingView,
  WalletChannelPlan,
} from '@isochrone/services'
import { revalidatePath } from 'next/cache'
import type { ActionResult } from '~/lib/result.ts'
import { actionResult } from '~/server/page-data.ts'

export async function createKey(input: {
  name: string
  expiresInDays: number | null
}): Promise<ActionResult<CreatedApiKey>> {
  const result = await actionResult((api) => api.keys.create(input))
  revalidatePath('/keys')
  return result
}

export async function revokeKey(input: { id: string }): Promise<ActionResult<ApiKeyView>> {
  const result = await actionResult((api) => api.keys.revoke(input))
  revalidatePath('/keys')
  return result
}

export async function addFunds(input: { amountUsd: string }): Promise<ActionResult<FundingOrderView>> {
  const result = await actionResult((api) => api.balance.fund(input))
  revalidatePath('/balance')
  return result
}

export async function prepareWalletChannel(input: {
  ownerAddress: string
  amountUsd: string
}): Promise<ActionResult<WalletChannelPlan>> {
  return actionResult((api) => api.balance.walletPrepare(input))
}

export async function linkWalletChannel(input: {
  ownerAddress: string
  ceilingMicroUsd: bigint
  signature: string
}): Promise<ActionResult<ChannelView>> {
  const result = await actionResult((api) => api.balance.walletLink(input))
  revalidatePath('/balance')
  return result
}

export async function cancelJob(input: { id: string }): Promise<ActionResult<JobSummary>> {
  const result = await actionResult((api) => api.jobs.cancel(input))
  revalidatePath('/jobs')
  return result
}

export async function saveRouting(input: { routing: RoutingJson }): Promise<ActionResult<RoutingView>> {
  const result = await actionResult((api) => api.organisation.setRouting(input))
  revalidatePath('/settings/routing')
  return result
}

export async function previewRouting(input: { routing: RoutingJson }): Promise<ActionResult<RoutingPreview>> {
  return actionResult((api) => api.organisation.previewRouting(input))
}
