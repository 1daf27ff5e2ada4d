'use server'
/** What a team's forms do: keys, funds, jobs. Amounts arrive as text in dollars. */
import type { BatchEndpoint, BudgetPeriod } from '@isochrone/domain'
import type {
  ApiKeyView,
  BatchSummary,
  ChannelView,
  CreatedApiKey,
  FundingOrderView,
  JobSummary,
  RoutingDryRun,
  RoutingJson,
  RoutingPreview,
  RoutingView,
  WalletChannelPlan,
  WebhookEndpointView,
  WebhookStatus,
} from '@isochrone/services'
import { webhookEvents } from '@isochrone/services'
import { revalidatePath } from 'next/cache'
import type { ActionResult } from '~/lib/page/result.ts'
import { actionResult } from '~/server/page-data.ts'

/** As its fields were filled in: an amount in dollars as text. */
interface TypedBudget {
  amountUsd: string
  period: BudgetPeriod
}

/** Asking twice with one key makes one, and shows its secret the first time alone. */
export async function createKey(input: {
  name: string
  expiresInDays: number | null
  budget: TypedBudget | null
  key: string
}): Promise<ActionResult<CreatedApiKey>> {
  const result = await actionResult((api) => api.keys.create(input))
  revalidatePath('/keys')
  return result
}

/** Null takes the key's budget away. */
export async function setKeyBudget(input: {
  id: string
  budget: TypedBudget | null
}): Promise<ActionResult<ApiKeyView>> {
  const result = await actionResult((api) => api.keys.setBudget(input))
  revalidatePath('/keys')
  return result
}

export async function revokeKey(input: { id: string }): Promise<ActionResult<ApiKeyView>> {
  const result = await actionResult((api) => api.keys.revoke(input))
  revalidatePath('/keys')
  return result
}

/** Asking twice with one key is one order. */
export async function addFunds(input: { amountUsd: string; key: string }): Promise<ActionResult<FundingOrderView>> {
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

export async function cancelBatch(input: { id: string }): Promise<ActionResult<BatchSummary>> {
  const result = await actionResult((api) => api.batches.cancel(input))
  revalidatePath('/batches')
  return result
}

export async function createBatch(input: {
  fileId: string
  endpoint: BatchEndpoint
  key: string
}): Promise<ActionResult<{ id: string }>> {
  const result = await actionResult((api) => api.batches.create(input))
  revalidatePath('/batches')
  return result
}

export async function retryJob(input: { id: string }): Promise<ActionResult<{ id: string }>> {
  const result = await actionResult((api) => api.jobs.retry(input))
  revalidatePath('/jobs')
  return result
}

/** Asking twice with one key adds one. */
export async function createWebhook(input: {
  url: string
  events: string[]
  key: string
}): Promise<ActionResult<{ endpoint: WebhookEndpointView; secret: string }>> {
  const events = webhookEvents.filter((event) => input.events.includes(event))
  const result = await actionResult((api) => api.webhooks.create({ ...input, events }))
  revalidatePath('/settings/webhooks')
  return result
}

export async function removeWebhook(input: { id: string }): Promise<ActionResult<void>> {
  const result = await actionResult((api) => api.webhooks.remove(input))
  revalidatePath('/settings/webhooks')
  return result
}

export async function redeliverWebhook(input: {
  id: string
}): Promise<ActionResult<{ id: string; status: WebhookStatus }>> {
  const result = await actionResult((api) => api.webhooks.redeliver(input))
  revalidatePath('/settings/webhooks')
  return result
}

export async function saveRouting(input: {
  routing: RoutingJson
  seen: RoutingJson
}): Promise<ActionResult<RoutingView>> {
  const result = await actionResult((api) => api.organisation.setRouting(input))
  revalidatePath('/settings/routing')
  return result
}

export async function previewRouting(input: { routing: RoutingJson }): Promise<ActionResult<RoutingPreview>> {
  return actionResult((api) => api.organisation.previewRouting(input))
}

export async function dryRunRouting(input: { routing: RoutingJson }): Promise<ActionResult<RoutingDryRun>> {
  return actionResult((api) => api.organisation.dryRunRouting(input))
}
