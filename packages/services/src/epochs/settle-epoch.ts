/**
 * Pays out what a claimed epoch brought its providers, once the settlement window is over.
 *
 * Safe at every crash point: what is pending is asked of the chain first, and a payout happens once.
 */
import type { Clock } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'
import { sendRecorded } from '../chain/send-recorded.ts'
import type { EpochRow } from '../ports/epoch-store.ts'
import type { EpochDeps } from './anchor-epoch.ts'

/** True once everything is paid out; false while the window runs. */
export async function settleEpoch(deps: EpochDeps & { clock: Clock }, row: EpochRow): Promise<boolean> {
  if (row.status !== 'claimed') return row.status === 'settled'
  const { lane, epoch } = row
  const providers = new Set((await deps.epochs.vouchers(lane, epoch)).map((voucher) => voucher.providerId as Hex))
  let settledTx: string | undefined
  let done = true
  for (const providerId of providers) {
    const before = await deps.chain.pendingOf(providerId, Number(epoch))
    if (before.settled === before.claimed) continue
    if (!(await isPayable(deps, before.payableAtS))) {
      done = false
      continue
    }
    const about = { purpose: 'settle', subject: `${providerId}:${epoch}` }
    const { txHash } = await sendRecorded(deps.transactions, about, () =>
      deps.chain.settle(providerId, [Number(epoch)]),
    )
    const after = await deps.chain.pendingOf(providerId, Number(epoch))
    if (after.settled !== after.claimed) done = false
    settledTx = txHash ?? settledTx
  }
  if (!done) return false
  return deps.epochs.advance(lane, epoch, 'claimed', 'settled', { ...(settledTx !== undefined && { settledTx }) })
}

/** The last block of a quiet chain may be old: our own clock counts as well, and the contract has the last word. */
async function isPayable(deps: EpochDeps & { clock: Clock }, payableAtS: number): Promise<boolean> {
  const { timeS } = await deps.chain.head()
  return Math.max(timeS, deps.clock.nowMs() / 1_000) >= payableAtS
}
