/** Puts the hash of a provider's or lane operator's answer on record. The sender must be that party. */
import { encodeFunctionData, getAbiItem, isAddressEqual, type Hex } from 'viem'

import { disputeManagerAbi } from '../abi/dispute-manager.ts'
import type { ChainWriter } from '../chain-client.ts'
import { findLatestLog } from '../reads/find-latest-log.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

/** Safe to retry: the sender's own answer with this hash counts as done. */
export async function respondToDispute(
  writer: ChainWriter,
  { disputeId, answerHash }: { disputeId: bigint; answerHash: Hex },
): Promise<WriteOutcome> {
  const to = writer.deployment.addresses.disputes
  const args = [disputeId, answerHash] as const
  const data = encodeFunctionData({ abi: disputeManagerAbi, functionName: 'respond', args })
  const isOurs = async () => {
    const event = getAbiItem({ abi: disputeManagerAbi, name: 'DisputeAnswered' })
    const log = await findLatestLog(writer, { address: to, event, args: { disputeId } })
    if (log === null || !isAddressEqual(log.args.from, writer.sender.account.address)) return false
    return log.args.answerHash === answerHash.toLowerCase()
  }
  return doneWhen('WrongState', writer.sender.send({ to, data }), isOurs)
}
