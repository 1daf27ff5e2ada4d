/**
 * What a step in a dispute would do on the chain as it is now, without a signature: `eth_simulateV1` on the newest block,
 * https://github.com/ethereum/execution-apis (eth_simulateV1), and every balance that can move, before and after.
 *
 * A vote is followed to its end: a second arbiter votes alike where that is needed, nobody appeals, the clock passes the
 * deadline, anyone executes. What a contract refuses on the way is a sentence of that step.
 */
import { AppError } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'
import { decodeFunctionResult, encodeFunctionData, zeroAddress, zeroHash, type Address } from 'viem'

import { disputeManagerAbi } from '../abi/dispute-manager.ts'
import { paymentChannelsAbi } from '../abi/payment-channels.ts'
import { stakeVaultAbi } from '../abi/stake-vault.ts'
import { testUsdcAbi } from '../abi/test-usdc.ts'
import type { ChainReader } from '../chain-client.ts'
import { decodeRevertData } from '../decode-revert.ts'
import { explainChainError, isRevert } from '../explain-chain-error.ts'
import { disputeCalls, type DisputeStep } from './dispute-calls.ts'
import { disputeOf, type Dispute } from './dispute-of.ts'
import { panelOf } from './panel-of.ts'

export interface DisputeRehearsal {
  blockNumber: bigint
  steps: { label: string; refusal: string | null }[]
  balances: { holder: string; beforeMicroUsd: bigint; afterMicroUsd: bigint }[]
}

/** More than the simulated blocks before it can take: endpoints let 1 to 12 s pass for each. */
const SIMULATED_BLOCKS_S = 3_600n

interface SimulatedCall {
  label: string
  from: Address
  to: Address
  data: Hex
}

interface Block {
  timeS: bigint | null
  calls: SimulatedCall[]
}

interface Gauge {
  holder: string
  to: Address
  data: Hex
  read: (data: Hex) => bigint
}

/** @throws AppError `chain_unavailable` where the endpoint does not answer, or cannot simulate. */
export async function rehearseDispute(
  reader: ChainReader,
  from: Address,
  step: DisputeStep,
): Promise<DisputeRehearsal> {
  const { number, timestamp } = await reader.publicClient.getBlock()
  const calls = (await disputeCalls(reader, from, step)).map((call) => ({ ...call, from }))
  const dispute = 'disputeId' in step ? await known(reader, BigInt(step.disputeId)) : null
  const blocks: Block[] = [{ timeS: null, calls }]
  if (step.action === 'rule' && dispute) blocks.push(...(await toTheEnd(reader, from, step, dispute, timestamp)))
  const gauges = gaugesOf(reader, from, step, dispute)
  const steps = blocks.flatMap((block) => block.calls)
  const results = await simulate(reader, [
    { timeS: null, calls: gauges.map(asCall) },
    ...blocks,
    { timeS: null, calls: gauges.map(asCall) },
  ])
  const first = results.slice(0, gauges.length)
  const last = results.slice(gauges.length + steps.length)
  return {
    blockNumber: number,
    steps: steps.map(({ label }, index) => ({ label, refusal: refusalOf(results[gauges.length + index]) })),
    balances: gauges.map((gauge, index) => ({
      holder: gauge.holder,
      beforeMicroUsd: gauge.read(first[index]?.returnData ?? '0x'),
      afterMicroUsd: gauge.read(last[index]?.returnData ?? '0x'),
    })),
  }
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
  step: Extract<DisputeStep, { action: 'rule' }>,
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

function gaugesOf(reader: ChainReader, from: Address, step: DisputeStep, dispute: Dispute | null): Gauge[] {
  const { token, channels, vault, disputes } = reader.deployment.addresses
  const { treasury } = reader.deployment.params
  const wallet = (holder: string, owner: Address): Gauge => ({
    holder,
    to: token,
    data: encodeFunctionData({ abi: testUsdcAbi, functionName: 'balanceOf', args: [owner] }),
    read: (data) => decodeFunctionResult({ abi: testUsdcAbi, functionName: 'balanceOf', data }),
  })
  const stake = (holder: string, subject: Hex): Gauge => ({
    holder,
    to: vault,
    data: encodeFunctionData({ abi: stakeVaultAbi, functionName: 'stakeOf', args: [subject] }),
    read: (data) => decodeFunctionResult({ abi: stakeVaultAbi, functionName: 'stakeOf', data }).tokens,
  })
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
          stake('provider’s stake', providerId),
        ]
      : []),
    stake('lane’s stake', lane),
    wallet('treasury', treasury),
    wallet('filer’s wallet', filer),
    ...(appellant !== null && appellant.toLowerCase() !== filer.toLowerCase()
      ? [wallet('appellant’s wallet', appellant)]
      : []),
    wallet('bonds held', disputes),
  ]
}

function asCall({ to, data }: Gauge): SimulatedCall {
  return { label: '', from: zeroAddress, to, data }
}

interface CallResult {
  status: Hex
  returnData: Hex
  error?: { message?: string; data?: Hex }
}

/** All calls of all blocks, in order. */
async function simulate({ publicClient }: ChainReader, blocks: readonly Block[]): Promise<CallResult[]> {
  const blockStateCalls = blocks.map(({ timeS, calls }) => ({
    ...(timeS !== null && { blockOverrides: { time: `0x${timeS.toString(16)}` } }),
    calls: calls.map(({ from, to, data }) => ({ from, to, input: data })),
  }))
  try {
    const answer = await publicClient.request({
      method: 'eth_simulateV1',
      // viem's types of this method lag behind its own action, which decodes what is not needed here.
      params: [{ blockStateCalls }, 'latest'],
    } as never)
    return (answer as readonly { calls: CallResult[] }[]).flatMap(({ calls }) => calls)
  } catch (cause) {
    throw new AppError('chain_unavailable', {
      publicMessage: 'The chain’s endpoint cannot rehearse this step (eth_simulateV1). Nothing was signed or sent.',
      cause,
    })
  }
}

function refusalOf(result: CallResult | undefined): string | null {
  if (result?.status === '0x1') return null
  const data = result?.error?.data ?? result?.returnData
  const sentence = data === undefined ? undefined : decodeRevertData(data)?.sentence
  return sentence ?? 'The contract refused, without a reason that we know.'
}
