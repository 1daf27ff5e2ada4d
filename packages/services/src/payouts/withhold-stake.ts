/**
 * Stake out of first earnings: agreed to by a provider that is paid to a managed account, then taken step by step by the
 * worker. The orders are the record of what was withheld, so no step is taken twice.
 */
import { AppError, formatUsd, newId } from '@isochrone/domain'
import type { PayoutDeps, PayoutProviderRow, PayoutRoundDeps } from '../ports/payout-store.ts'
import { STAKE_MIN_MICRO_USD, STAKE_MAX_MICRO_USD } from '../listings/stake.ts'
import { accountStanding, stakeStep } from './account-standing.ts'
import { managedOnly } from './managed-only.ts'

const PROVIDERS_A_TIME = 100

/** A target that was agreed to is raised, never lowered: what renters were shown stands. */
export async function withholdStake(
  { store }: PayoutDeps,
  { providerId, microUsd }: { providerId: string; microUsd: bigint },
): Promise<void> {
  await store.transaction(async ({ payouts }) => {
    const { stakeTargetMicroUsd } = managedOnly(await payouts.lockProvider(providerId))
    const least = stakeTargetMicroUsd ?? STAKE_MIN_MICRO_USD
    if (microUsd < least || microUsd > STAKE_MAX_MICRO_USD) {
      throw new AppError('invalid_input', {
        publicMessage: `The stake to grow to is at least ${formatUsd(least)} and at most ${formatUsd(STAKE_MAX_MICRO_USD)}.`,
        field: 'stakeUsd',
      })
    }
    await payouts.setStakeTarget(providerId, microUsd)
  })
}

/** Looks at the stake of each provider that it is withheld from, and orders the step that is due. How many were ordered. */
export async function orderStakeSteps({ store, chain }: Omit<PayoutRoundDeps, 'nowMs'>): Promise<number> {
  let ordered = 0
  let afterId = ''
  for (;;) {
    const rows = await store.payouts.withholding(afterId, PROVIDERS_A_TIME)
    for (const row of rows) if (await orderStep({ store, chain }, row)) ordered += 1
    const last = rows.at(-1)
    if (!last || rows.length < PROVIDERS_A_TIME) return ordered
    afterId = last.id
  }
}

async function orderStep(
  { store, chain }: Omit<PayoutRoundDeps, 'nowMs'>,
  { id: providerId, stakeMicroUsd: before }: PayoutProviderRow,
): Promise<boolean> {
  const stakeMicroUsd = await chain.stakeOf(providerId)
  return store.transaction(async ({ payouts }) => {
    const provider = await payouts.lockProvider(providerId)
    if (!provider || provider.payoutCustody !== 'managed') return false
    if (stakeMicroUsd !== before) await payouts.setStake(providerId, stakeMicroUsd)
    const sums = await payouts.sums(providerId)
    // What was read of the chain may or may not hold the step that is under way.
    if (sums.stakingMicroUsd > 0n) return false
    const microUsd = stakeStep(accountStanding(sums, { ...provider, stakeMicroUsd }))
    if (microUsd === 0n) return false
    const orderId = newId('stake')
    await payouts.insertOrder({
      id: orderId,
      providerId,
      key: orderId,
      kind: 'stake',
      microUsd,
      toAddress: chain.walletAddress,
      requestedBy: 'worker',
    })
    return true
  })
}
