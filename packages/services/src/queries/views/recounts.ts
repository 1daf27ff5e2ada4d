/** A receipt whose token counts are more than its text can be. */
import type { NodeRef } from './node-ref.ts'

export interface RecountView {
  lane: string
  seq: number
  requestId: string
  attempt: number
  nodeId: string
  node: NodeRef | null
  model: string
  /** Prompt tokens, cached ones among them. */
  billedIn: number
  billedOut: number
  /** By which it is paid. */
  recountedIn: number
  recountedOut: number
  priceMicroUsd: bigint
  /** What the payer keeps; 0 where the epoch was closed before the recount was done. */
  refundMicroUsd: bigint
  countedAtMs: number
}

/** As others than its team see it. */
export type PublicRecount = Omit<RecountView, 'requestId'>
