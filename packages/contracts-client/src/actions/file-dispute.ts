/** Files a dispute about an anchored receipt, with a bond from the sender, who must own the channel that paid. */
import { structHash, type DeliveryReceipt, type LeaseReceipt } from '@isochrone/protocol'
import { encodeFunctionData, type Hex } from 'viem'

import { disputeManagerAbi } from '../abi/dispute-manager.ts'
import { toAbiStruct } from '../abi-struct.ts'
import type { ChainWriter } from '../chain-client.ts'
import { disputeKinds, type DisputeKind } from '../states.ts'
import { fileWithBond, type FiledDispute } from './file-with-bond.ts'

export interface FileDisputeInput {
  kind: Exclude<DisputeKind, 'withheld'>
  receipt: { type: 'DeliveryReceipt'; value: DeliveryReceipt } | { type: 'LeaseReceipt'; value: LeaseReceipt }
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
  const { receipt, proof, amount, evidenceHash } = input
  const [kind, epoch] = [disputeKinds.indexOf(input.kind), BigInt(input.epoch)]
  if (receipt.type === 'DeliveryReceipt') {
    const args = [kind, toAbiStruct(receipt.type, receipt.value), epoch, proof, amount, evidenceHash] as const
    const data = encodeFunctionData({ abi: disputeManagerAbi, functionName: 'file', args })
    return fileWithBond(writer, { data, kind: input.kind, subject: structHash(receipt.type, receipt.value) })
  }
  const args = [kind, toAbiStruct(receipt.type, receipt.value), epoch, proof, amount, evidenceHash] as const
  const data = encodeFunctionData({ abi: disputeManagerAbi, functionName: 'fileLease', args })
  return fileWithBond(writer, { data, kind: input.kind, subject: structHash(receipt.type, receipt.value) })
}
