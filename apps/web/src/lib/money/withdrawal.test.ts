import { paymentChannelsAbi } from '@isochrone/contracts-client/browser'
import { decodeFunctionData } from 'viem'
import { expect, test } from 'vitest'
import { askBackCall, takeOutCall, unclaimedMicroUsd, withdrawalState } from './withdrawal.ts'

const target = {
  paymentChannels: `0x${'11'.repeat(20)}`,
  channelId: `0x${'22'.repeat(32)}`,
  ownerAddress: `0x${'33'.repeat(20)}`,
} as const

test('what was asked back thaws until its time, and can be taken from then on', () => {
  expect(withdrawalState({ withdrawingMicroUsd: 0n, thawEndsAtMs: null }, 5)).toEqual({ kind: 'none' })
  const asked = { withdrawingMicroUsd: 7n, thawEndsAtMs: 10 }
  expect(withdrawalState(asked, 9)).toEqual({ kind: 'thawing', microUsd: 7n, untilMs: 10 })
  expect(withdrawalState(asked, 10)).toEqual({ kind: 'thawed', microUsd: 7n })
  expect(withdrawalState({ withdrawingMicroUsd: 7n, thawEndsAtMs: null }, 9)).toEqual({ kind: 'thawed', microUsd: 7n })
})

test('no more can be asked back than claims and withdrawals have left', () => {
  const channel = { depositedMicroUsd: 10n, withdrawnMicroUsd: 3n, claimedMicroUsd: 2n }
  expect(unclaimedMicroUsd(channel)).toBe(5n)
})

test('the calls are those of the contract: this channel, this amount, and nobody but the owner is paid', () => {
  const { to, data } = askBackCall(target, 1_500_000n)
  expect(to).toBe(target.paymentChannels)
  expect(decodeFunctionData({ abi: paymentChannelsAbi, data })).toEqual({
    functionName: 'requestWithdrawal',
    args: [target.channelId, 1_500_000n],
  })
  expect(askBackCall(target, 0n).label).toBe('Take the request back')
  expect(decodeFunctionData({ abi: paymentChannelsAbi, data: takeOutCall(target).data })).toEqual({
    functionName: 'withdraw',
    args: [target.channelId, target.ownerAddress],
  })
})
