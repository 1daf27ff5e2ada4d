'use server'
/** What the listing wizard does. Each write names the version that its page showed. */
import type { ListingDraft, ListingSummary, StakeView } from '@isochrone/services'
import { revalidatePath } from 'next/cache'
import type { ActionResult } from '~/lib/result.ts'
import { actionResult } from '~/server/page-data.ts'

export interface ListingAt {
  id: string
  version: number
}

export async function createListing(): Promise<ActionResult<ListingSummary>> {
  return actionResult((api) => api.listings.create())
}

export async function saveListing(
  input: ListingAt & { draft: ListingDraft; confirmed: boolean },
): Promise<ActionResult<ListingSummary>> {
  const result = await actionResult((api) => api.listings.save({ ...input, draft: { ...input.draft } }))
  revalidatePath(`/provider/list/${input.id}`)
  return result
}

/** The page is not read again: the token stays in sight until its owner goes on. */
export async function listingCommand(input: ListingAt): Promise<ActionResult<{ token: string; expiresAtMs: number }>> {
  return actionResult((api) => api.listings.command(input))
}

export async function submitListing(input: ListingAt): Promise<ActionResult<ListingSummary>> {
  const result = await actionResult((api) => api.listings.submit(input))
  revalidatePath(`/provider/list/${input.id}`)
  return result
}

export async function withdrawListing(input: ListingAt): Promise<ActionResult<ListingSummary>> {
  const result = await actionResult((api) => api.listings.withdraw(input))
  revalidatePath('/provider/list')
  return result
}

export async function requestStake(input: { stakeUsd: string }): Promise<ActionResult<StakeView>> {
  const result = await actionResult((api) => api.provider.requestStake(input))
  revalidatePath('/provider/list')
  return result
}
