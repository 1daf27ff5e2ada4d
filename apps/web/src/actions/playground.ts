'use server'
/** What the playground asks about a request once it was answered. */
import type { ActionResult } from '~/lib/page/result.ts'
import { actionResult } from '~/server/page-data.ts'

export interface ReceiptLink {
  lane: string
  seq: number
  nodeName: string | null
}

/** Receipts on record for a request of the organisation; `not_found` until the worker has stored it. */
export async function receiptsOfRequest(input: { id: string }): Promise<ActionResult<ReceiptLink[]>> {
  return actionResult(async (api) => {
    const { receipts } = await api.requests.detail(input)
    return receipts.map(({ lane, seq, node }) => ({ lane, seq, nodeName: node?.name ?? null }))
  })
}
