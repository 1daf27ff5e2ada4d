/**
 * Where a node's pay of one epoch stands, from what the epoch, its claim, its record and the payouts say. Pure.
 *
 * The order of the rules is the order in which things can no longer change: what was paid is paid, whatever came before.
 */
import type { EpochStatus, RecordStatus } from '@isochrone/domain'
import type { ClaimStanding } from './views/records.ts'

export interface ClaimFacts {
  epochStatus: EpochStatus
  record: { status: RecordStatus; earnedMicroUsd: bigint; finalAtMs: number | null }
  /** Drawn for (provider, lane, epoch); null before the claim. */
  claimedMicroUsd: bigint | null
  /** Whether payouts cover what final records of (provider, lane, epoch) released, or all that was claimed. */
  paidOut: boolean
  /** End of the grace period; null until the epoch is anchored. */
  payableAtMs: number | null
  nowMs: number
}

export function claimStanding(facts: ClaimFacts): ClaimStanding {
  const { epochStatus, record, claimedMicroUsd, paidOut, payableAtMs, nowMs } = facts
  const at = (state: ClaimStanding['state'], nextAtMs: number | null = null): ClaimStanding => ({ state, nextAtMs })
  if (record.earnedMicroUsd === 0n) return at('nothing_due')
  if (paidOut && (claimedMicroUsd ?? 0n) > 0n) return at('paid')
  if (record.status === 'invalid') return at('frozen', record.finalAtMs)
  if (epochStatus === 'closed') return at('closed')
  if (claimedMicroUsd === null) return at('anchored')
  if (claimedMicroUsd === 0n) return at('unclaimed')
  if (record.status === 'final') return at('released')
  if (payableAtMs !== null && nowMs >= payableAtMs) return at('grace')
  if (record.status === 'challenged') return at('challenged', payableAtMs)
  if (record.status === 'reported') return at('in_window', earlier(record.finalAtMs, payableAtMs))
  return at('claimed', payableAtMs)
}

function earlier(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b
  return Math.min(a, b)
}
