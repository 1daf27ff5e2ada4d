/** Files a dispute about an anchored delivery receipt, with a bond from the sender, who must own the channel that paid. */
import type { DisputeKind } from '@isochrone/domain'
import { structHash, type DeliveryReceipt } from '@isochrone/protocol'
import { encodeFunctionData, type Hex } from 'viem'

import { disputeManagerAbi } from '../abi/dispute-manager.ts'
import { toAbiStruct } from '../abi-struct.ts'
import type { ChainWriter } from '../chain-client.ts'
import { disputeKinds } from '../states.ts'
import { fileWithBond, type FiledDispute } from './file-with-bond.ts'

export interface FileDisputeInput<Receipt = DeliveryReceipt> {
  kind: Exclude<DisputeKind, 'withheld'>
  receipt: Receipt
  epoch: number
  /** Siblings from the receipt's leaf up. */
  proof: readonly Hex[]
  /** µUSD asked back. */
  amount: bigint
  /** Keccak-256 of what shows it. */
  evidenceHash: Hex
}

/** Safe to retry: the sender's own live dispute about this receipt and kind counts as done. */
export async function fileDispute(writer: ChainWriter, input: FileDisputeInput): Promise<FiledDispute> {
  const { kind, receipt, epoch, proof, amount, evidenceHash } = input
  const struct = toAbiStruct('DeliveryReceipt', receipt)
  const args = [disputeKinds.indexOf(kind), struct, BigInt(epoch), proof, amount, evidenceHash] as const
  const data = encodeFunctionData({ abi: disputeManagerAbi, functionName: 'file', args })
  return fileWithBond(writer, { data, kind, subject: structHash('DeliveryReceipt', receipt) })
}
