/** Money: half at most is withheld, no more than the stake lacks, and nothing of the account is promised twice. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { accountStanding, STEP_MIN_MICRO_USD, stakeStep } from './account-standing.ts'

const money = fc.bigInt({ min: 0n, max: 1_000_000_000_000n })
const none = { paidMicroUsd: 0n, withdrawnMicroUsd: 0n, stakedMicroUsd: 0n, stakingMicroUsd: 0n, isReleasing: false }
const growing = { stakeTargetMicroUsd: 100_000_000n, stakeMicroUsd: 0n }

test('half of each payout is held until the stake is full; the rest is free at once', () => {
  const sums = { ...none, paidMicroUsd: 3_000_001n }
  const standing = accountStanding(sums, growing)
  expect(standing).toEqual({
    balanceMicroUsd: 3_000_001n,
    heldMicroUsd: 1_500_000n,
    freeMicroUsd: 1_500_001n,
    missingMicroUsd: 100_000_000n,
  })
  expect(accountStanding(sums, { ...growing, stakeMicroUsd: 99_999_999n }).heldMicroUsd).toBe(1n)
  expect(accountStanding(sums, { ...growing, stakeMicroUsd: 100_000_000n }).heldMicroUsd).toBe(0n)
  expect(accountStanding({ ...sums, isReleasing: true }, growing).freeMicroUsd).toBe(3_000_001n)
  expect(accountStanding(sums, { stakeTargetMicroUsd: null, stakeMicroUsd: 0n }).freeMicroUsd).toBe(3_000_001n)
})

test('what is on its way to the stake counts as there', () => {
  const sums = { ...none, paidMicroUsd: 400_000_000n, stakedMicroUsd: 90_000_000n, stakingMicroUsd: 90_000_000n }
  expect(accountStanding(sums, growing)).toMatchObject({ missingMicroUsd: 10_000_000n, heldMicroUsd: 10_000_000n })
})

test('a step waits until it is worth its transactions, but the last one', () => {
  const paid = (paidMicroUsd: bigint, stakeMicroUsd = 0n) =>
    stakeStep(accountStanding({ ...none, paidMicroUsd }, { ...growing, stakeMicroUsd }))
  expect(paid(2n * STEP_MIN_MICRO_USD - 1n)).toBe(0n)
  expect(paid(2n * STEP_MIN_MICRO_USD)).toBe(STEP_MIN_MICRO_USD)
  expect(paid(1_000_000n, 99_999_999n)).toBe(1n)
})

/** Money: whatever is paid, withdrawn, slashed or taken back by a reorganisation, in whatever order. */
test('of any life, held and free are the balance, and the withheld never exceed half of what was paid', () => {
  fc.assert(
    fc.property(
      money,
      money,
      money,
      fc.array(fc.tuple(money, money, money), { maxLength: 20 }),
      (target, slash, back, steps) => {
        let sums = { ...none }
        let stakeMicroUsd = 0n
        for (const [paid, wish, lost] of steps) {
          sums = { ...sums, paidMicroUsd: sums.paidMicroUsd + paid }
          const before = accountStanding(sums, { stakeTargetMicroUsd: target, stakeMicroUsd })
          const step = stakeStep(before)
          sums = { ...sums, stakedMicroUsd: sums.stakedMicroUsd + step }
          stakeMicroUsd += step
          const { freeMicroUsd } = accountStanding(sums, { stakeTargetMicroUsd: target, stakeMicroUsd })
          sums = { ...sums, withdrawnMicroUsd: sums.withdrawnMicroUsd + (wish < freeMicroUsd ? wish : freeMicroUsd) }
          expect(sums.withdrawnMicroUsd + sums.stakedMicroUsd).toBeLessThanOrEqual(sums.paidMicroUsd)
          expect(2n * sums.stakedMicroUsd).toBeLessThanOrEqual(sums.paidMicroUsd)
          expect(stakeMicroUsd).toBeLessThanOrEqual(target)
          const taken = lost % (slash + 1n)
          stakeMicroUsd = taken < stakeMicroUsd ? stakeMicroUsd - taken : 0n
        }
        const paidMicroUsd = sums.paidMicroUsd - (back < sums.paidMicroUsd ? back : 0n)
        const after = accountStanding({ ...sums, paidMicroUsd }, { stakeTargetMicroUsd: target, stakeMicroUsd })
        expect(after.heldMicroUsd + after.freeMicroUsd).toBe(after.balanceMicroUsd)
        expect(after.freeMicroUsd).toBeGreaterThanOrEqual(0n)
        expect(after.heldMicroUsd).toBeGreaterThanOrEqual(0n)
      },
    ),
  )
})
