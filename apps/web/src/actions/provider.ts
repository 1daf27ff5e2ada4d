'use server'
/** What a provider's forms do: register, take tokens back, withdraw. */
import type { JoinTokenView, PayoutOrderView, ProviderView } from '@isochrone/services'
import { revalidatePath } from 'next/cache'
import type { ActionResult } from '~/lib/page/result.ts'
import { actionResult } from '~/server/page-data.ts'

export async function createProvider(input: {
  name: string
  /** Left out: a managed account. */
  payoutAddress?: string
  payoutSignature?: string
}): Promise<ActionResult<ProviderView>> {
  const result = await actionResult((api) => api.provider.create(input))
  revalidatePath('/provider')
  return result
}

export async function revokeJoinToken(input: { id: string }): Promise<ActionResult<JoinTokenView>> {
  const result = await actionResult((api) => api.provider.revokeJoinToken(input))
  revalidatePath('/provider')
  return result
}

/** Asking twice with one key is one payment. */
export async function withdrawPayout(input: {
  amountUsd: string
  toAddress: string
  key: string
}): Promise<ActionResult<PayoutOrderView>> {
  const result = await actionResult((api) => api.provider.withdrawPayout(input))
  revalidatePath('/provider/payouts')
  return result
}

/** Withheld stake thaws and goes to a wallet. Asking twice with one key is one order. */
export async function releaseStake(input: { toAddress: string; key: string }): Promise<ActionResult<PayoutOrderView>> {
  const result = await actionResult((api) => api.provider.releaseStake(input))
  revalidatePath('/provider/payouts')
  return result
}
