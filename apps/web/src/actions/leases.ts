'use server'
/** What a team does with leases. Amounts arrive as text in dollars. */
import type { LeaseConstraints, LeaseQuoteView, LeaseSummary } from '@isochrone/services'
import { revalidatePath } from 'next/cache'
import type { ActionResult } from '~/lib/page/result.ts'
import { actionResult } from '~/server/page-data.ts'

interface LeaseQuestion {
  model: string
  gpus: number
  durationMinutes: number
  maxPerGpuHourUsd: string
}

export async function quoteLease(input: LeaseQuestion & { nodeId: string }): Promise<ActionResult<LeaseQuoteView>> {
  return actionResult((api) => api.leases.quote(input))
}

export async function quoteByConstraints(
  input: LeaseQuestion & { constraints: LeaseConstraints },
): Promise<ActionResult<LeaseQuoteView>> {
  return actionResult((api) => api.leases.quoteByConstraints(input))
}

export async function rentLease(input: { quoteId: string }): Promise<ActionResult<LeaseSummary>> {
  const result = await actionResult((api) => api.leases.rent(input))
  revalidatePath('/leases')
  return result
}

export async function extendLease(input: {
  id: string
  durationMinutes: number
  key: string
}): Promise<ActionResult<LeaseSummary>> {
  const result = await actionResult((api) => api.leases.extend(input))
  revalidatePath(`/leases/${input.id}`)
  return result
}

export async function stopLease(input: { id: string }): Promise<ActionResult<LeaseSummary>> {
  const result = await actionResult((api) => api.leases.stop(input))
  revalidatePath(`/leases/${input.id}`)
  return result
}
