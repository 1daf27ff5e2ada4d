/** Penalties put off and panels to draw, on our contracts. */
import {
  collectPenalty,
  disputeManagerAbi,
  disputeOf,
  drawPanel,
  penaltyDueOf,
  revertNamed,
  slaLedgerAbi,
  type ChainReader,
  type ChainWriter,
} from '@isochrone/contracts-client'
import type { ChainReads, TrustChain, TrustEvent } from '@isochrone/services'
import { getAbiItem } from 'viem'

/** Blocks asked for at a time: nodes refuse larger ranges. */
const RANGE_MAX = 2_000n

const followed = [
  getAbiItem({ abi: slaLedgerAbi, name: 'PenaltyPaid' }),
  getAbiItem({ abi: disputeManagerAbi, name: 'DisputeFiled' }),
  getAbiItem({ abi: disputeManagerAbi, name: 'DrawArmed' }),
  getAbiItem({ abi: disputeManagerAbi, name: 'PanelDrawn' }),
  getAbiItem({ abi: disputeManagerAbi, name: 'DisputeClosed' }),
] as const
const kinds = { DisputeFiled: 'filed', DrawArmed: 'armed', PanelDrawn: 'drawn', DisputeClosed: 'closed' } as const

export function trustChain(writer: ChainWriter, reads: ChainReads): TrustChain {
  return {
    head: () => reads.head(),
    firstBlock: reads.firstBlock,
    reorgBlocksMax: reads.reorgBlocksMax,
    trustEvents: (fromBlock, toBlock) => trustEvents(writer, fromBlock, toBlock),
    penaltyDueOf: (penalty) => penaltyDueOf(writer, penalty),
    async collectPenalty(penalty) {
      try {
        return { txHash: (await collectPenalty(writer, penalty)).transactionHash }
      } catch (error) {
        if (revertNamed(error) === 'NoPenaltyDue') return { txHash: null }
        throw error
      }
    },
    async dispute(disputeId) {
      try {
        return await disputeOf(writer, disputeId)
      } catch (error) {
        // A reorganisation took its filing away.
        if (revertNamed(error) === 'UnknownDispute') return null
        throw error
      }
    },
    async drawPanel(disputeId) {
      return { txHash: (await drawPanel(writer, disputeId)).receipt?.transactionHash ?? null }
    },
  }
}

async function trustEvents(
  { publicClient, deployment }: ChainReader,
  fromBlock: bigint,
  toBlock: bigint,
): Promise<TrustEvent[]> {
  const address = [deployment.addresses.ledger, deployment.addresses.disputes]
  const events: TrustEvent[] = []
  for (let from = fromBlock; from <= toBlock; from += RANGE_MAX) {
    const last = from + RANGE_MAX - 1n
    const to = last < toBlock ? last : toBlock
    const logs = await publicClient.getLogs({ address, events: followed, strict: true, fromBlock: from, toBlock: to })
    for (const { eventName, args } of logs) {
      if (eventName === 'PenaltyPaid') {
        const { providerId, nodeId, channelId, termsHash, left } = args
        const penalty = { providerId, nodeId, channelId, termsHash }
        events.push({ kind: 'penalty_paid', penalty, leftMicroUsd: left })
      } else events.push({ kind: kinds[eventName], disputeId: args.disputeId })
    }
  }
  return events
}
