/**
 * An arbiter's vote: what to refund; 0 dismisses. The sender must be on the panel. Two votes alike decide, or of three
 * different ones the middle one; of two different ones the lower, unless it is 0, once the time to vote is over.
 */
import { encodeFunctionData, getAbiItem, type Hex } from 'viem'

import { disputeManagerAbi } from '../abi/dispute-manager.ts'
import type { ChainWriter } from '../chain-client.ts'
import { findLatestLog } from '../reads/find-latest-log.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

export interface RuleOnDisputeInput {
  disputeId: bigint
  /** µUSD. */
  refund: bigint
  /** Keccak-256 of the reasons. */
  reasonHash: Hex
}

/** Safe to retry: the same vote by the sender counts as done, another one does not. */
export async function ruleOnDispute(writer: ChainWriter, input: RuleOnDisputeInput): Promise<WriteOutcome> {
  const to = writer.deployment.addresses.disputes
  const arbiter = writer.sender.account.address
  const args = [input.disputeId, input.refund, input.reasonHash] as const
  const data = encodeFunctionData({ abi: disputeManagerAbi, functionName: 'rule', args })
  const isSame = async () => {
    const event = getAbiItem({ abi: disputeManagerAbi, name: 'VoteCast' })
    const log = await findLatestLog(writer, { address: to, event, args: { disputeId: input.disputeId, arbiter } })
    return log !== null && log.args.refund === input.refund && log.args.reasonHash === input.reasonHash.toLowerCase()
  }
  return doneWhen(['AlreadyVoted', 'WrongState'], writer.sender.send({ to, data }), isSame)
}
