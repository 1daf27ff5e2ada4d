/** A challenged record as its panel stands, and every vote that was cast about that record. */
import { zeroAddress, type Address, type Hex } from 'viem'

import { recordPanelsAbi } from '../abi/record-panels.ts'
import type { ChainReader } from '../chain-client.ts'
import { challengeOf, type RecordChallenge } from './challenge-of.ts'
import { recordArgs, type RecordKey } from './record-key.ts'

export interface RecordVote {
  arbiter: Address
  /** True: the record is wrong, says this arbiter. */
  upheld: boolean
  reasonHash: Hex
  txHash: Hex
}

export interface OpenRecordCase extends RecordChallenge {
  /** Empty before the draw. */
  panel: readonly { address: Address; vote: RecordVote | null }[]
}

export interface RecordCase {
  /** Null while nobody challenges it. */
  open: OpenRecordCase | null
  /** On this record, over all its challenges, oldest first. */
  votes: readonly RecordVote[]
}

/** As the newest block has it. */
export async function recordCaseOf(reader: ChainReader, key: RecordKey): Promise<RecordCase> {
  const votes = await votesOn(reader, key)
  const challenge = await challengeOf(reader, key)
  if (challenge === null) return { open: null, votes }
  const { publicClient, deployment } = reader
  const contract = { address: deployment.addresses.panels, abi: recordPanelsAbi } as const
  const args = recordArgs(key)
  const { members } = await publicClient.readContract({ ...contract, functionName: 'caseOf', args })
  const seats = members.filter((member) => member !== zeroAddress)
  const panel = await Promise.all(
    seats.map(async (address) => {
      const voted = await publicClient.readContract({ ...contract, functionName: 'hasVoted', args: [...args, address] })
      // An arbiter may have judged an earlier challenge of the same record: its newest vote is this one's.
      const vote = voted ? votes.findLast(({ arbiter }) => arbiter === address) : undefined
      return { address, vote: vote ?? null }
    }),
  )
  return { open: { ...challenge, panel }, votes }
}

async function votesOn({ publicClient, deployment }: ChainReader, key: RecordKey): Promise<RecordVote[]> {
  const event = recordPanelsAbi.find((item) => item.type === 'event' && item.name === 'RecordVoteCast')
  if (event?.type !== 'event' || event.name !== 'RecordVoteCast') throw new RangeError('The ABI has no RecordVoteCast.')
  const { nodeId, lane, epoch } = key
  const logs = await publicClient.getLogs({
    address: deployment.addresses.panels,
    event,
    args: { nodeId, lane, epoch: BigInt(epoch) },
    fromBlock: BigInt(deployment.blockNumber),
    strict: true,
  })
  return logs.map(({ args, transactionHash }) => ({
    arbiter: args.arbiter,
    upheld: args.upheld,
    reasonHash: args.reasonHash,
    txHash: transactionHash,
  }))
}
