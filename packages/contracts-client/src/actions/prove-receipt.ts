/** Leaves a record on-chain that a receipt is under an anchored root. Anyone may; repeating it only costs gas. */
import { encodeFunctionData, type Hex, type TransactionReceipt } from 'viem'

import { receiptAnchorAbi } from '../abi/receipt-anchor.ts'
import type { ChainWriter } from '../chain-client.ts'

export interface ProveReceiptInput {
  lane: Hex
  epoch: number
  /** 1 work, 2 delivery, 3 lease. */
  tag: 1 | 2 | 3
  structHash: Hex
  /** Siblings from the leaf up. */
  proof: readonly Hex[]
}

/** @throws AppError `state_conflict` (`NotIncluded`) when the receipt is not under the root. */
export async function proveReceipt(
  { sender, deployment }: ChainWriter,
  { lane, epoch, tag, structHash, proof }: ProveReceiptInput,
): Promise<TransactionReceipt> {
  const args = [lane, BigInt(epoch), tag, structHash, proof] as const
  const data = encodeFunctionData({ abi: receiptAnchorAbi, functionName: 'proveReceipt', args })
  return sender.send({ to: deployment.addresses.anchor, data })
}
