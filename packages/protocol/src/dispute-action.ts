/**
 * One step that somebody takes in a dispute, or by which one begins: what an organisation asks for, what a wallet is asked to
 * send, and what the worker sends. JSON all through, since it waits in an order: amounts are µUSD and ids numbers, as decimal text.
 */
import type { DisputeKind } from '@isochrone/domain'
import type { Hex } from './crypto/hex.ts'
import type { StructJson } from './receipts/json.ts'

export type DisputeAction =
  | (DisputedReceipt & { action: 'file'; delivery: StructJson })
  | (DisputedReceipt & { action: 'file_lease'; lease: StructJson })
  | { action: 'withheld'; lane: Hex; epoch: number; evidenceHash: Hex }
  | { action: 'challenge'; nodeId: Hex; lane: Hex; epoch: number; evidenceHash: Hex }
  | { action: 'respond'; disputeId: string; answerHash: Hex }
  | { action: 'appeal'; disputeId: string }
  | { action: 'judge'; nodeId: Hex; lane: Hex; epoch: number; upheld: boolean; reasonHash: Hex }
  | { action: 'rule'; disputeId: string; refundMicroUsd: string; reasonHash: Hex }

/** What both kinds of receipt are disputed with. */
export interface DisputedReceipt {
  kind: Exclude<DisputeKind, 'withheld'>
  epoch: number
  proof: Hex[]
  amountMicroUsd: string
  evidenceHash: Hex
}
