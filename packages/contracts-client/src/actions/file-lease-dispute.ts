/** Files a dispute about an anchored lease receipt, with a bond from the sender, who must own the channel that paid. */
import { structHash, type LeaseReceipt } from '@isochrone/protocol'
import { encodeFunctionData } from 'viem'

import { disputeManagerAbi } from '../abi/dispute-manager.ts'
import { toAbiStruct } from '../abi-struct.ts'
import type { ChainWriter } from '../chain-client.ts'
import { disputeKinds } from '../states.ts'
import type { FileDisputeInput } from './file-dispute.ts'
import { fileWithBond, type FiledDispute } from './file-with-bond.ts'

/** Safe to retry: the sender's own live dispute about this lease and kind counts as done. */
export async function fileLeaseDispute(
  writer: ChainWriter,
  input: FileDisputeInput<LeaseReceipt>,
): Promise<FiledDispute> {
  const { kind, receipt, epoch, proof, amount, evidenceHash } = input
  const struct = toAbiStruct('LeaseReceipt', receipt)
  const args = [disputeKinds.indexOf(kind), struct, BigInt(epoch), proof, amount, evidenceHash] as const
  const data = encodeFunctionData({ abi: disputeManagerAbi, functionName: 'fileLease', args })
  return fileWithBond(writer, { data, kind, subject: structHash('LeaseReceipt', receipt) })
}
