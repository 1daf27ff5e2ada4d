/**
 * Which wallet steps are still missing, from what the chain says now. Pure, and the reason why an interrupted deposit
 * goes on where it stopped: what has been done already is not asked for again.
 */

/** Amounts in µUSD but `gasWei`; `depositedMicroUsd` and `ceilingMicroUsd` are lifetime totals of the channel. */
export interface WalletState {
  gasWei: bigint
  usdcMicroUsd: bigint
  allowanceMicroUsd: bigint
  isOpen: boolean
  depositedMicroUsd: bigint
  ceilingMicroUsd: bigint
}

/** Zero and false: nothing to do. */
export interface WalletSteps {
  needsGas: boolean
  mintMicroUsd: bigint
  open: boolean
  approveMicroUsd: bigint
  depositMicroUsd: bigint
  setCeiling: boolean
}

/** Ample for the five transactions at any price that a development chain asks. */
const GAS_WEI_MIN = 50_000_000_000_000_000n

/**
 * @param goal the ceiling that the owner signed, lifetime, and what they asked to deposit at most; a deposit is only
 *   what the channel lacks for that ceiling.
 */
export function planWalletSteps(
  state: WalletState,
  goal: { ceilingMicroUsd: bigint; amountMicroUsd: bigint },
): WalletSteps {
  const lacking = atLeastZero(goal.ceilingMicroUsd - state.depositedMicroUsd)
  const depositMicroUsd = lacking < goal.amountMicroUsd ? lacking : goal.amountMicroUsd
  return {
    needsGas: state.gasWei < GAS_WEI_MIN,
    mintMicroUsd: atLeastZero(depositMicroUsd - state.usdcMicroUsd),
    open: !state.isOpen,
    approveMicroUsd: state.allowanceMicroUsd < depositMicroUsd ? depositMicroUsd : 0n,
    depositMicroUsd,
    setCeiling: state.ceilingMicroUsd < goal.ceilingMicroUsd,
  }
}

function atLeastZero(amount: bigint): bigint {
  return amount > 0n ? amount : 0n
}
