/** How the owner of a wallet channel takes money out: asks it back, waits for the thaw, takes it. Pure. */
import { paymentChannelsAbi } from '@isochrone/contracts-client/browser'
import type { ChainCall, ChannelView } from '@isochrone/services'
import { encodeFunctionData, type Hex } from 'viem'

export type WithdrawalState =
  | { kind: 'none' }
  | { kind: 'thawing'; microUsd: bigint; untilMs: number }
  | { kind: 'thawed'; microUsd: bigint }

/** By the clock of whoever looks; the contract has the last word. */
export function withdrawalState(
  { withdrawingMicroUsd: microUsd, thawEndsAtMs }: Pick<ChannelView, 'withdrawingMicroUsd' | 'thawEndsAtMs'>,
  nowMs: number,
): WithdrawalState {
  if (microUsd === 0n) return { kind: 'none' }
  return thawEndsAtMs !== null && nowMs < thawEndsAtMs
    ? { kind: 'thawing', microUsd, untilMs: thawEndsAtMs }
    : { kind: 'thawed', microUsd }
}

/** What no claim has drawn and no withdrawal has taken, µUSD: the most that can be asked back. */
export function unclaimedMicroUsd(
  channel: Pick<ChannelView, 'depositedMicroUsd' | 'withdrawnMicroUsd' | 'claimedMicroUsd'>,
): bigint {
  return channel.depositedMicroUsd - channel.withdrawnMicroUsd - channel.claimedMicroUsd
}

export interface WithdrawalTarget {
  paymentChannels: Hex
  channelId: Hex
  ownerAddress: Hex
}

/** An amount of 0 takes an earlier request back. */
export function askBackCall({ paymentChannels, channelId }: WithdrawalTarget, microUsd: bigint): ChainCall {
  const args = [channelId, microUsd] as const
  const data = encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'requestWithdrawal', args })
  return { label: microUsd === 0n ? 'Take the request back' : 'Ask the money back', to: paymentChannels, data }
}

/** To the owner, and to nobody else. */
export function takeOutCall({ paymentChannels, channelId, ownerAddress }: WithdrawalTarget): ChainCall {
  const args = [channelId, ownerAddress] as const
  const data = encodeFunctionData({ abi: paymentChannelsAbi, functionName: 'withdraw', args })
  return { label: 'Withdraw to your wallet', to: paymentChannels, data }
}
