/**
 * What a managed payout account holds, and for whom. Pure: from lifetime sums alone, so that a doubled or lost round
 * changes nothing.
 *
 * Until the stake is as large as was agreed, half of all that was ever paid to the account goes into it, and no more than
 * it lacks. The rest is its owner's at any time.
 */
import type { PayoutSums } from '../ports/payout-store.ts'

/** Of all that was paid, at most so much is withheld for stake. */
export const WITHHELD_BPS = 5_000n
/** Below this a step is not worth its transactions, µUSD; the last one may be smaller. */
export const STEP_MIN_MICRO_USD = 10_000n

export interface AccountStanding {
  /** In the account and not promised to an order, µUSD. */
  balanceMicroUsd: bigint
  /** Of that, held for the stake. */
  heldMicroUsd: bigint
  /** The rest: can be withdrawn. */
  freeMicroUsd: bigint
  /** What the stake lacks, what is on its way to it not counted. */
  missingMicroUsd: bigint
}

export function accountStanding(
  sums: PayoutSums,
  { stakeTargetMicroUsd, stakeMicroUsd }: { stakeTargetMicroUsd: bigint | null; stakeMicroUsd: bigint },
): AccountStanding {
  const { paidMicroUsd, withdrawnMicroUsd, stakedMicroUsd, stakingMicroUsd, isReleasing } = sums
  // A reorganisation may take a payout back that was passed on already.
  const balanceMicroUsd = atLeastZero(paidMicroUsd - withdrawnMicroUsd - stakedMicroUsd)
  const targetMicroUsd = isReleasing ? 0n : (stakeTargetMicroUsd ?? 0n)
  const missingMicroUsd = atLeastZero(targetMicroUsd - stakeMicroUsd - stakingMicroUsd)
  const shareLeft = atLeastZero((paidMicroUsd * WITHHELD_BPS) / 10_000n - stakedMicroUsd)
  const heldMicroUsd = smallest(missingMicroUsd, shareLeft, balanceMicroUsd)
  return { balanceMicroUsd, heldMicroUsd, freeMicroUsd: balanceMicroUsd - heldMicroUsd, missingMicroUsd }
}

/** What is worth a step now, µUSD: 0 while it is too little. */
export function stakeStep({ heldMicroUsd, missingMicroUsd }: AccountStanding): bigint {
  return heldMicroUsd >= STEP_MIN_MICRO_USD || heldMicroUsd === missingMicroUsd ? heldMicroUsd : 0n
}

const atLeastZero = (value: bigint) => (value > 0n ? value : 0n)

function smallest(...values: readonly [bigint, ...bigint[]]): bigint {
  return values.reduce((least, value) => (value < least ? value : least))
}
