/** A stake out of an own wallet is put up once, in whole, and only where it can be: nothing is asked for that is not missing. */
import { stakeVaultAbi, testUsdcAbi } from '@isochrone/contracts-client/browser'
import type { WalletStakePlan } from '@isochrone/services'
import { decodeFunctionData, type Hex } from 'viem'
import { expect, test } from 'vitest'
import { nextStakeCalls, stakeOrderId, type StakeState } from './wallet-stake.ts'

const address = (digit: string) => `0x${digit.repeat(40)}` as const
const providerId: Hex = `0x${'ab'.repeat(32)}`
const plan: WalletStakePlan = {
  chainId: 8_453,
  rpcUrl: 'http://127.0.0.1:1',
  usdc: address('1'),
  vault: address('2'),
  providerId,
  providerName: 'Ada Compute',
  payerAddress: address('3'),
  goalMicroUsd: 500_000_000n,
}
const orderId = stakeOrderId(providerId, 0)
const rich: StakeState = {
  ethWei: 10n ** 18n,
  gasCostWei: 10n ** 15n,
  usdcMicroUsd: 1_000_000_000n,
  allowanceMicroUsd: 0n,
  activeMicroUsd: 0n,
  orderId,
  isSending: false,
}
const callsOf = (state: Partial<StakeState>, on: Partial<WalletStakePlan> = {}) => {
  const next = nextStakeCalls({ ...plan, ...on }, { ...rich, ...state })
  if (next.kind !== 'send') throw new Error(next.kind === 'refused' ? next.sentence : 'nothing is missing')
  return next.calls
}
const sentenceOf = (state: Partial<StakeState>, on: Partial<WalletStakePlan> = {}) => {
  const next = nextStakeCalls({ ...plan, ...on }, { ...rich, ...state })
  return next.kind === 'refused' ? next.sentence : next.kind
}

test('a wallet allows what is missing and no more, and puts it up for the provider that our server named', () => {
  const [approve, stake, ...others] = callsOf({ activeMicroUsd: 120_000_000n })
  expect(others).toEqual([])
  expect(approve?.to).toBe(plan.usdc)
  expect(decodeFunctionData({ abi: testUsdcAbi, data: approve?.data as Hex })).toEqual({
    functionName: 'approve',
    args: [expect.stringMatching(/^0x2{40}$/), 380_000_000n],
  })
  expect(stake?.to).toBe(plan.vault)
  expect(decodeFunctionData({ abi: stakeVaultAbi, data: stake?.data as Hex })).toEqual({
    functionName: 'provisionOnce',
    args: [providerId, 380_000_000n, orderId],
  })
})

test('what an earlier try has done is not asked for again', () => {
  expect(callsOf({ allowanceMicroUsd: 500_000_000n })).toHaveLength(1)
  expect(sentenceOf({ activeMicroUsd: 500_000_000n })).toBe('done')
  expect(sentenceOf({ activeMicroUsd: 700_000_000n, usdcMicroUsd: 0n, ethWei: 0n })).toBe('done')
  expect(sentenceOf({ isSending: true })).toContain('still waits for its block')
})

test('two tabs that saw the same chain sign the same order, and no other provider or later stake shares it', () => {
  const orders = [callsOf({}), callsOf({ usdcMicroUsd: 600_000_000n })].map((calls) => calls.at(-1)?.data)
  expect(orders[0]).toBe(orders[1])
  const ids = [stakeOrderId(providerId, 0), stakeOrderId(providerId, 1), stakeOrderId(`0x${'ac'.repeat(32)}`, 0)]
  expect(new Set(ids).size).toBe(3)
})

test('too little USDC or ETH is a sentence with both amounts, and nothing is sent', () => {
  expect(sentenceOf({ usdcMicroUsd: 499_999_999n })).toBe(
    '$500.00 are missing in the stake, and this wallet holds $499.999999 of USDC. Nothing was sent.',
  )
  expect(sentenceOf({ ethWei: 10n ** 15n - 1n })).toContain('the transactions may cost 0.001 ETH')
})

test('a development chain gives the test USDC that is missing, and the coins', () => {
  const calls = callsOf({ usdcMicroUsd: 1n, ethWei: 0n }, { chainId: 31_337 })
  expect(calls).toHaveLength(3)
  expect(decodeFunctionData({ abi: testUsdcAbi, data: calls[0]?.data as Hex })).toEqual({
    functionName: 'mint',
    args: [expect.stringMatching(/^0x3{40}$/), 499_999_999n],
  })
})
