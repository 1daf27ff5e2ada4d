/** A receipt on a page of its own, and the lists that lead to it. Public: the epoch file says the same. */
import type { LeaseReceiptDetail } from './leases.ts'
import type { PublicRecount } from './recounts.ts'
import type { ReceiptView } from './requests.ts'
import type { NodeRef } from './node-ref.ts'

export interface ReceiptDetail extends ReceiptView {
  channelId: string
  providerId: string | null
  /** `req_…`, told to the payer alone. */
  requestId: string | null
  epochClosedAtMs: number | null
  /** Why it is paid by less than it says; null where it is not. Its request's id is told to the payer alone, as above. */
  recount: PublicRecount | null
  /** From when its claim may be settled without any record; null until it is anchored. */
  payableAtMs: number | null
}

export interface ReceiptListItem {
  seq: number
  attempt: number
  nodeId: string
  node: NodeRef | null
  channelId: string
  priceMicroUsd: bigint
  fault: ReceiptView['fault']
  startedAtMs: number
  tokensIn: number
  tokensCached: number
  tokensOut: number
  ttftMs: number
}

/** What a lane signed under one number. */
export type AnyReceipt = { kind: 'attempt'; receipt: ReceiptDetail } | { kind: 'lease'; receipt: LeaseReceiptDetail }
