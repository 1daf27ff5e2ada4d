/** Penalties put off, panels to draw, vouchers announced, records reported and epochs anchored, on our contracts. */
import {
  claimableAt,
  claimAnnounced,
  claimedOf,
  collectPenalty,
  disputeManagerAbi,
  disputeOf,
  drawPanel,
  drawRecordPanel,
  penaltyDueOf,
  penaltyPayable,
  paymentChannelsAbi,
  receiptAnchorAbi,
  recordPanelsAbi,
  revertNamed,
  slaLedgerAbi,
  type ChainReader,
  type ChainWriter,
} from '@isochrone/contracts-client'
import type { Hex, Voucher } from '@isochrone/protocol'
import type { ChainReads, TrustChain, TrustEvent } from '@isochrone/services'
import { decodeFunctionData, getAbiItem } from 'viem'

/** Blocks asked for at a time: nodes refuse larger ranges. */
const RANGE_MAX = 2_000n

const followed = [
  getAbiItem({ abi: slaLedgerAbi, name: 'PenaltyPaid' }),
  getAbiItem({ abi: slaLedgerAbi, name: 'RecordReported' }),
  getAbiItem({ abi: slaLedgerAbi, name: 'NodeSignatureAdded' }),
  getAbiItem({ abi: slaLedgerAbi, name: 'RecordChallenged' }),
  getAbiItem({ abi: slaLedgerAbi, name: 'ChallengeResolved' }),
  getAbiItem({ abi: recordPanelsAbi, name: 'RecordPanelDrawn' }),
  getAbiItem({ abi: disputeManagerAbi, name: 'DisputeFiled' }),
  getAbiItem({ abi: disputeManagerAbi, name: 'DrawArmed' }),
  getAbiItem({ abi: disputeManagerAbi, name: 'PanelDrawn' }),
  getAbiItem({ abi: disputeManagerAbi, name: 'DisputeClosed' }),
  getAbiItem({ abi: paymentChannelsAbi, name: 'VoucherAnnounced' }),
  getAbiItem({ abi: receiptAnchorAbi, name: 'EpochAnchored' }),
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
        // A process that was started again does not know that today's share is taken.
        if ((await penaltyPayable(writer, penalty)) === 0n) return { txHash: null }
        return { txHash: (await collectPenalty(writer, penalty)).transactionHash }
      } catch (error) {
        if (revertNamed(error) === 'NoPenaltyDue') return { txHash: null }
        throw error
      }
    },
    async voucherDueOf(voucher) {
      const due = voucher.cumulative - (await claimedOf(writer, voucher))
      return due > 0n ? due : 0n
    },
    async claimAnnounced(voucher) {
      try {
        return { txHash: (await claimAnnounced(writer, voucher)).receipt?.transactionHash ?? null }
      } catch (error) {
        const revert = revertNamed(error)
        // No money yet, a lane that stands no more, or an announcement that a reorganisation took away.
        if (revert === 'ClaimRefused' || revert === 'LaneNotActive' || revert === 'NotAnnounced')
          return { txHash: null }
        throw error
      }
    },
    dispute: (disputeId) => disputeOf(writer, disputeId),
    async drawPanel(disputeId) {
      return { txHash: (await drawPanel(writer, disputeId)).receipt?.transactionHash ?? null }
    },
    async drawRecordPanel(record) {
      return { txHash: (await drawRecordPanel(writer, record)).receipt?.transactionHash ?? null }
    },
  }
}

async function trustEvents(reader: ChainReader, fromBlock: bigint, toBlock: bigint): Promise<TrustEvent[]> {
  const { publicClient, deployment } = reader
  const { ledger, disputes, channels, anchor, panels } = deployment.addresses
  const address = [ledger, disputes, channels, anchor, panels]
  const events: TrustEvent[] = []
  for (let from = fromBlock; from <= toBlock; from += RANGE_MAX) {
    const last = from + RANGE_MAX - 1n
    const to = last < toBlock ? last : toBlock
    const logs = await publicClient.getLogs({ address, events: followed, strict: true, fromBlock: from, toBlock: to })
    for (const { eventName, args, transactionHash } of logs) {
      if (eventName === 'PenaltyPaid') {
        const { providerId, nodeId, channelId, termsHash, left } = args
        const penalty = { providerId, nodeId, channelId, termsHash }
        events.push({ kind: 'penalty_paid', penalty, leftMicroUsd: left })
      } else if (eventName === 'RecordReported' || eventName === 'NodeSignatureAdded') {
        const { nodeId, lane, epoch, version, finalAt } = args
        const record = { nodeId, lane, epoch: Number(epoch) }
        events.push({ kind: 'reported', record, version, finalAtS: Number(finalAt) })
      } else if (eventName === 'RecordChallenged') {
        const { nodeId, lane, epoch, rulingEndsAt } = args
        const record = { nodeId, lane, epoch: Number(epoch) }
        events.push({ kind: 'challenged', record, rulingEndsAtS: Number(rulingEndsAt) })
      } else if (eventName === 'ChallengeResolved' || eventName === 'RecordPanelDrawn') {
        const { nodeId, lane, epoch } = args
        events.push({ kind: 'judging', record: { nodeId, lane, epoch: Number(epoch) } })
      } else if (eventName === 'EpochAnchored') {
        const { lane, epoch, dataHash } = args
        events.push({ kind: 'anchored', lane, epoch: Number(epoch), dataHash })
      } else if (eventName === 'VoucherAnnounced') {
        const voucher = await announcedIn(reader, transactionHash)
        const claimableAtS = voucher && (await claimableAt(reader, voucher))
        if (voucher && claimableAtS) events.push({ kind: 'announced', voucher, claimableAtS })
      } else events.push({ kind: kinds[eventName], disputeId: args.disputeId })
    }
  }
  return events
}

/**
 * The voucher of an announcement: its event lacks the root, so the call is read. Null where another contract made the call;
 * then it is its announcer's to claim.
 */
async function announcedIn({ publicClient, deployment }: ChainReader, hash: Hex): Promise<Voucher | null> {
  const { to, input } = await publicClient.getTransaction({ hash })
  if (to?.toLowerCase() !== deployment.addresses.channels.toLowerCase()) return null
  const { functionName, args } = decodeFunctionData({ abi: paymentChannelsAbi, data: input })
  if (functionName !== 'announce') return null
  const [voucher] = args
  return { ...voucher, epoch: Number(voucher.epoch) }
}
