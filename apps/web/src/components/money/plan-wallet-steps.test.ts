import { expect, test } from 'vitest'
import { planWalletSteps, type WalletState } from './plan-wallet-steps.ts'

const fresh: WalletState = {
  gasWei: 0n,
  usdcMicroUsd: 0n,
  allowanceMicroUsd: 0n,
  isOpen: false,
  depositedMicroUsd: 0n,
  ceilingMicroUsd: 0n,
}
const goal = { ceilingMicroUsd: 3_000_000n, amountMicroUsd: 3_000_000n }
const nothing = {
  needsGas: false,
  mintMicroUsd: 0n,
  open: false,
  approveMicroUsd: 0n,
  depositMicroUsd: 0n,
  setCeiling: false,
}

test('a fresh wallet needs every step', () => {
  expect(planWalletSteps(fresh, goal)).toEqual({
    needsGas: true,
    mintMicroUsd: 3_000_000n,
    open: true,
    approveMicroUsd: 3_000_000n,
    depositMicroUsd: 3_000_000n,
    setCeiling: true,
  })
})

/** Money: a person who refuses a step and starts again pays once, wherever they stopped. */
test('starting again after any step asks only for the steps that are missing', () => {
  const state = { ...fresh, gasWei: 10n ** 18n }
  const minted = { ...state, usdcMicroUsd: 3_000_000n }
  const opened = { ...minted, isOpen: true }
  const approved = { ...opened, allowanceMicroUsd: 3_000_000n }
  const deposited = { ...opened, usdcMicroUsd: 0n, depositedMicroUsd: 3_000_000n }
  const capped = { ...deposited, ceilingMicroUsd: 3_000_000n }
  const left = [minted, opened, approved, deposited, capped].map((each) => planWalletSteps(each, goal))
  const all = { ...nothing, open: true, approveMicroUsd: 3_000_000n, depositMicroUsd: 3_000_000n, setCeiling: true }
  expect(left).toEqual([
    all,
    { ...all, open: false },
    { ...all, open: false, approveMicroUsd: 0n },
    { ...nothing, setCeiling: true },
    nothing,
  ])
})

test('a top-up deposits what the channel lacks for the new ceiling, and never more than was asked for', () => {
  const before = { ...fresh, gasWei: 10n ** 18n, isOpen: true, depositedMicroUsd: 10n, ceilingMicroUsd: 10n }
  expect(planWalletSteps(before, { ceilingMicroUsd: 15n, amountMicroUsd: 5n }).depositMicroUsd).toBe(5n)
  expect(planWalletSteps({ ...before, depositedMicroUsd: 12n }, { ceilingMicroUsd: 15n, amountMicroUsd: 5n })).toEqual({
    ...nothing,
    mintMicroUsd: 3n,
    approveMicroUsd: 3n,
    depositMicroUsd: 3n,
    setCeiling: true,
  })
  const ahead = { ...before, ceilingMicroUsd: 100n }
  expect(planWalletSteps(ahead, { ceilingMicroUsd: 105n, amountMicroUsd: 5n }).depositMicroUsd).toBe(5n)
})
