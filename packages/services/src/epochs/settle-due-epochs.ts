/**
 * One round of settlement: takes every epoch that is not settled as far as it can go now. Anchored → claimed → records
 * reported and final → counts pooled → paid out, oldest epochs first.
 *
 * An epoch that fails holds up later epochs of its own lane only where order matters (anchoring, claiming), never other
 * lanes. Nothing here is remembered between rounds: a round that dies anywhere is simply followed by the next.
 */
import { anchorEpoch } from './anchor-epoch.ts'
import { claimEpoch, claimRests } from './claim-epoch.ts'
import { payOut } from './pay-out.ts'
import { poolCounts } from './pool-counts.ts'
import { reportRecords } from './report-records.ts'
import { attempt, type SettlementDeps, type Stuck } from './settlement-deps.ts'

export interface SettleRound {
  settled: number
  /** What could not go on, with the reason. */
  stuck: Stuck[]
}

const EPOCHS_A_ROUND = 500
/** More: they wait here for a whole challenge window. */
const CLAIMED_EPOCHS_A_ROUND = 5_000

export async function settleDueEpochs(deps: SettlementDeps): Promise<SettleRound> {
  const round: SettleRound = { settled: 0, stuck: [] }
  const chainAnswers =
    (await anchorAll(deps, round.stuck)) &&
    (await claimAll(deps, round.stuck)) &&
    (await reportRecords(deps, round.stuck)) &&
    (await poolCounts(deps, round.stuck))
  if (!chainAnswers) return round
  round.settled = await payOut(deps, await deps.epochs.inStatus('claimed', CLAIMED_EPOCHS_A_ROUND), round.stuck)
  return round
}

async function anchorAll(deps: SettlementDeps, stuck: Stuck[]): Promise<boolean> {
  const waitingLanes = new Set<string>()
  for (const row of await deps.epochs.inStatus('closed', EPOCHS_A_ROUND)) {
    if (waitingLanes.has(row.lane)) continue
    let isAnchored = false
    const goOn = await attempt(stuck, row, async () => void (isAnchored = await anchorEpoch(deps, row)))
    if (!goOn) return false
    if (!isAnchored) waitingLanes.add(row.lane)
  }
  return true
}

async function claimAll(deps: SettlementDeps, stuck: Stuck[]): Promise<boolean> {
  const waitingLanes = new Set<string>()
  if (!(await attempt(stuck, { lane: 'any', epoch: 0n }, () => claimRests(deps)))) return false
  for (const row of await deps.epochs.inStatus('anchored', EPOCHS_A_ROUND)) {
    // A newer voucher would draw an older one's rest into its own epoch.
    if (waitingLanes.has(row.lane)) continue
    let isClaimed = false
    const goOn = await attempt(stuck, row, async () => void (isClaimed = await claimEpoch(deps, row)))
    if (!goOn) return false
    if (!isClaimed) waitingLanes.add(row.lane)
  }
  return true
}
