/**
 * An arbiter's vote on a challenged performance record: whether it is wrong. The sender must be on the panel. Two votes alike
 * decide, and the ledger carries the verdict out in the same transaction; there is no appeal.
 */
import { encodeFunctionData, getAbiItem, isAddressEqual, type Hex } from 'viem'

import { recordPanelsAbi } from '../abi/record-panels.ts'
import type { ChainWriter } from '../chain-client.ts'
import { findLatestLog } from '../reads/find-latest-log.ts'
import { recordArgs, type RecordKey } from '../reads/record-key.ts'
import { doneWhen, type WriteOutcome } from './outcome.ts'

export interface RuleOnRecordInput extends RecordKey {
  /** True: the record is wrong, and its lane is slashed. */
  upheld: boolean
  /** Keccak-256 of the reasons. */
  reasonHash: Hex
}

/** Safe to retry: the same vote by the sender on this challenge counts as done, another one does not. */
export async function ruleOnRecord(writer: ChainWriter, input: RuleOnRecordInput): Promise<WriteOutcome> {
  const to = writer.deployment.addresses.panels
  const args = [...recordArgs(input), input.upheld, input.reasonHash] as const
  const data = encodeFunctionData({ abi: recordPanelsAbi, functionName: 'rule', args })
  // A vote that decided has closed its challenge: sent again, it finds none.
  return doneWhen(['RecordVoteStands', 'RecordNotChallenged'], writer.sender.send({ to, data }), () =>
    isCast(writer, input),
  )
}

/** Whether the panel that was drawn last has this vote. A record can be challenged again: votes before that draw are another case's. */
async function isCast(writer: ChainWriter, { upheld, reasonHash, ...key }: RuleOnRecordInput): Promise<boolean> {
  const arbiter = writer.sender.account.address
  const about = {
    address: writer.deployment.addresses.panels,
    args: { nodeId: key.nodeId, lane: key.lane, epoch: BigInt(key.epoch) },
  }
  const drawn = await findLatestLog(writer, {
    ...about,
    event: getAbiItem({ abi: recordPanelsAbi, name: 'RecordPanelDrawn' }),
  })
  const vote = await findLatestLog(writer, {
    ...about,
    event: getAbiItem({ abi: recordPanelsAbi, name: 'RecordVoteCast' }),
    matches: (cast) => isAddressEqual(cast.arbiter, arbiter),
  })
  if (drawn === null || vote === null || vote.blockNumber < drawn.blockNumber) return false
  return vote.args.upheld === upheld && vote.args.reasonHash === reasonHash.toLowerCase()
}
