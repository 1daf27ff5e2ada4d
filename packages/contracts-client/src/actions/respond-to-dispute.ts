/** Puts the hash of a provider's or lane operator's answer on record, until the panel has ruled; a later one counts too. */
import { encodeFunctionData, getAbiItem, type Hex } from 'viem'

import { disputeManagerAbi } from '../abi/dispute-manager.ts'
import type { ChainWriter } from '../chain-client.ts'
import { findLatestLog } from '../reads/find-latest-log.ts'
import type { WriteOutcome } from './outcome.ts'

/** Safe to retry: the sender's last answer, when it has this hash, counts as done. The sender must be a respondent. */
export async function respondToDispute(
  writer: ChainWriter,
  { disputeId, answerHash }: { disputeId: bigint; answerHash: Hex },
): Promise<WriteOutcome> {
  const to = writer.deployment.addresses.disputes
  const args = [disputeId, answerHash] as const
  const data = encodeFunctionData({ abi: disputeManagerAbi, functionName: 'respond', args })
  const isOurs = async () => {
    const event = getAbiItem({ abi: disputeManagerAbi, name: 'DisputeAnswered' })
    const from = writer.sender.account.address
    const log = await findLatestLog(writer, { address: to, event, args: { disputeId, from } })
    return log?.args.answerHash === answerHash.toLowerCase()
  }
  return (await isOurs()) ? { receipt: null } : { receipt: await writer.sender.send({ to, data }) }
}
