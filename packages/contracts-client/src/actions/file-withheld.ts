/** Says, with a bond from the sender, that the file of an anchored epoch is not to be had. Anyone may. */
import { encodeAbiParameters, encodeFunctionData, keccak256, type Hex } from 'viem'

import { disputeManagerAbi } from '../abi/dispute-manager.ts'
import type { ChainWriter } from '../chain-client.ts'
import { fileWithBond, type FiledDispute } from './file-with-bond.ts'

export interface FileWithheldInput {
  lane: Hex
  epoch: number
  /** Keccak-256 of what shows it. */
  evidenceHash: Hex
}

/** Safe to retry: the sender's own live dispute about this epoch counts as done. */
export async function fileWithheld(writer: ChainWriter, input: FileWithheldInput): Promise<FiledDispute> {
  const args = [input.lane, BigInt(input.epoch), input.evidenceHash] as const
  const data = encodeFunctionData({ abi: disputeManagerAbi, functionName: 'fileWithheld', args })
  return fileWithBond(writer, { data, kind: 'withheld', subject: withheldSubjectOf(input.lane, input.epoch) })
}

/** How a dispute names a lane's epoch. */
export function withheldSubjectOf(lane: Hex, epoch: number): Hex {
  return keccak256(encodeAbiParameters([{ type: 'bytes32' }, { type: 'uint64' }], [lane, BigInt(epoch)]))
}
