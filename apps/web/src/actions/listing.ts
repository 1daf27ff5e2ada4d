'use server'
/** What the listing wizard does. Each write names the version that its page showed. */
import type { ListingDraft, ListingSummary, StakeView, WalletStakePlan } from '@isochrone/services'
import { revalidatePath } from 'next/cache'
import type { ActionResult } from '~/lib/page/result.ts'
import { actionResult } from '~/server/page-data.ts'

export interface ListingAt {
  id: string
  version: number
}

/** Asking twice with one key begins one. */
export async function createListing(input: { key: string }): Promise<ActionResult<ListingSummary>> {
  return actionResult((api) => api.listings.create(input))
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

/** Takes its node off the market, for good. */
export async function retireListing(input: ListingAt): Promise<ActionResult<ListingSummary>> {
  const result = await actionResult((api) => api.listings.retire(input))
  revalidatePath('/provider/list')
  return result
}

export async function requestStake(input: { stakeUsd: string }): Promise<ActionResult<StakeView>> {
  const result = await actionResult((api) => api.provider.requestStake(input))
  revalidatePath('/provider/list')
  return result
}

/** What the provider's own wallet is to send for its stake. */
export async function planWalletStake(input: { stakeUsd: string }): Promise<ActionResult<WalletStakePlan>> {
  return actionResult((api) => api.provider.walletStakePlan(input))
}

/** Stake out of first earnings, until it is so large. */
export async function withholdStake(input: { stakeUsd: string }): Promise<ActionResult<void>> {
  const result = await actionResult((api) => api.provider.withholdStake(input))
  revalidatePath('/provider/list')
  return result
}
