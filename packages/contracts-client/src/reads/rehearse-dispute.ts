/**
 * What a step in a dispute would do on the chain as it is now, without a signature, and every balance that can move, before
 * and after.
 *
 * A vote is followed to its end: a second arbiter votes alike where that is needed, nobody appeals, the clock passes the
 * deadline, anyone executes. What a contract refuses on the way is a sentence of that step.
 */
import type { DisputeAction, Hex } from '@isochrone/protocol'
import { decodeFunctionResult, encodeFunctionData, zeroHash, type Address } from 'viem'

import { disputeManagerAbi } from '../abi/dispute-manager.ts'
import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import type { ChainReader } from '../chain-client.ts'
import { explainChainError, isRevert } from '../explain-chain-error.ts'
import { disputeCalls } from './dispute-calls.ts'
import { disputeOf, type Dispute } from './dispute-of.ts'
import { panelOf } from './panel-of.ts'
import {
  rehearseBlocks,
  stakeGauge,
  walletGauge,
  type Block,
  type DisputeRehearsal,
  type Gauge,
  type SimulatedCall,
} from './rehearse-blocks.ts'
import { rehearseJudgement } from './rehearse-judgement.ts'
import { treasuryOf } from './treasury-of.ts'

/** More than the simulated blocks before it can take: endpoints let 1 to 12 s pass for each. */
const SIMULATED_BLOCKS_S = 3_600n

/** @throws AppError `chain_unavailable` where the endpoint does not answer, or cannot simulate. */
export async function rehearseDispute(
  reader: ChainReader,
  from: Address,
  step: DisputeAction,
): Promise<DisputeRehearsal> {
  if (step.action === 'judge') return rehearseJudgement(reader, from, step)
  const { number, timestamp } = await reader.publicClient.getBlock()
  const calls = (await disputeCalls(reader, from, step)).map((call) => ({ ...call, from }))
  const dispute = 'disputeId' in step ? await known(reader, BigInt(step.disputeId)) : null
  const blocks: Block[] = [{ timeS: null, calls }]
  if (step.action === 'rule' && dispute) blocks.push(...(await toTheEnd(reader, from, step, dispute, timestamp)))
  return rehearseBlocks(reader, { number, blocks, gauges: await gaugesOf(reader, from, step, dispute) })
}

async function known(reader: ChainReader, disputeId: bigint): Promise<Dispute | null> {
  try {
    return await disputeOf(reader, disputeId)
  } catch (error) {
    if (isRevert(error)) return null
    throw explainChainError(error)
  }
}

/** A colleague's vote alike where there is none yet, and the execution after the time to appeal. */
async function toTheEnd(
  reader: ChainReader,
  from: Address,
  step: Extract<DisputeAction, { action: 'rule' }>,
  dispute: Dispute,
  nowS: bigint,
): Promise<Block[]> {
  const { disputes: to } = reader.deployment.addresses
  const disputeId = BigInt(step.disputeId)
  const appeal = dispute.state === 'appeal_drawn'
  const panel = await panelOf(reader, { disputeId, appeal })
  const refund = BigInt(step.refundMicroUsd)
  const alike = await votesAlike(reader, disputeId, panel, refund)
  const voted = new Set([...alike.voters, from.toLowerCase()])
  const colleague = panel.find((arbiter) => !voted.has(arbiter.toLowerCase()))
  const votes: SimulatedCall[] = []
  if (alike.count === 0 && colleague) {
    const args = [disputeId, refund, zeroHash] as const
    const data = encodeFunctionData({ abi: disputeManagerAbi, functionName: 'rule', args })
    votes.push({ label: 'If another arbiter of the panel votes alike', from: colleague, to, data })
  }
  const data = encodeFunctionData({ abi: disputeManagerAbi, functionName: 'execute', args: [disputeId] })
  // The appeal's ruling is final at once; the first one only when nobody appealed in time.
  const timeS = nowS + SIMULATED_BLOCKS_S + BigInt(appeal ? 1 : reader.deployment.params.appealS)
  const label = appeal ? 'Then anyone executes' : 'If nobody appeals, anyone executes'
  return [
    ...(votes.length > 0 ? [{ timeS: null, calls: votes }] : []),
    { timeS, calls: [{ label, from: '0x0000000000000000000000000000000000000001', to, data }] },
  ]
}

async function votesAlike(
  { publicClient, deployment }: ChainReader,
  disputeId: bigint,
  panel: readonly Address[],
  refund: bigint,
): Promise<{ count: number; voters: string[] }> {
  const event = disputeManagerAbi.find((item) => item.type === 'event' && item.name === 'VoteCast')
  if (event?.type !== 'event' || event.name !== 'VoteCast') throw new RangeError('The ABI has no VoteCast.')
  const { disputes: address } = deployment.addresses
  const fromBlock = BigInt(deployment.blockNumber)
  const logs = await publicClient.getLogs({ address, event, args: { disputeId }, fromBlock, strict: true })
  const seats = new Set(panel.map((arbiter) => arbiter.toLowerCase()))
  const votes = logs.filter(({ args }) => seats.has(args.arbiter.toLowerCase()))
  return {
    count: votes.filter(({ args }) => args.refund === refund).length,
    voters: votes.map(({ args }) => args.arbiter.toLowerCase()),
  }
}

async function gaugesOf(
  reader: ChainReader,
  from: Address,
  step: DisputeAction,
  dispute: Dispute | null,
): Promise<Gauge[]> {
  const { channels, disputes } = reader.deployment.addresses
  const wallet = (holder: string, owner: Address) => walletGauge(reader, holder, owner)
  if (!dispute) {
    const spender = step.action === 'challenge' ? reader.deployment.addresses.ledger : disputes
    return [wallet('sender’s wallet', from), wallet('bonds held', spender)]
  }
  const { channelId, providerId, lane, epoch, filer, appellant } = dispute
  const hasReceipt = providerId !== zeroHash
  const pendingArgs = [providerId, lane, BigInt(epoch)] as const
  return [
    ...(hasReceipt
      ? [
          {
            holder: 'payer’s channel',
            to: channels,
            data: encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'channelOf', args: [channelId] }),
            read: (data: Hex) => {
              const channel = decodeFunctionResult({ abi: paymentChannelsAbi, functionName: 'channelOf', data })
              return channel.deposited - channel.withdrawn - channel.claimed
            },
          },
          {
            holder: 'provider’s pending of the epoch',
            to: channels,
            data: encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'pendingOf', args: pendingArgs }),
            read: (data: Hex) => {
              const pending = decodeFunctionResult({ abi: paymentChannelsAbi, functionName: 'pendingOf', data })
              return pending.claimed - pending.settled
            },
          },
          stakeGauge(reader, 'provider’s stake', providerId),
        ]
      : []),
    stakeGauge(reader, 'lane’s stake', lane),
    wallet('treasury', await treasuryOf(reader, 'disputes')),
    wallet('filer’s wallet', filer),
    ...(appellant !== null && appellant.toLowerCase() !== filer.toLowerCase()
      ? [wallet('appellant’s wallet', appellant)]
      : []),
    wallet('bonds held', disputes),
  ]
}
