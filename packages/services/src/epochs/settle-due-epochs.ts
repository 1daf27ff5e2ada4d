/**
 * One round of settlement: takes every epoch that is not settled as far as it can go now.
 *
 * An epoch that fails holds up later epochs of its own lane only where order matters (anchoring), never other lanes.
 */
import { toAppError, type Clock } from '@isochrone/domain'
import type { EpochRow } from '../ports/epoch-store.ts'
import { anchorEpoch, type EpochDeps } from './anchor-epoch.ts'
import { claimEpoch } from './claim-epoch.ts'
import { settleEpoch } from './settle-epoch.ts'

export interface SettleRound {
  settled: number
  /** Epochs that could not go on, with the reason. */
  stuck: { lane: string; epoch: bigint; reason: string }[]
}

const EPOCHS_A_ROUND = 500

export async function settleDueEpochs(deps: EpochDeps & { clock: Clock }): Promise<SettleRound> {
  const round: SettleRound = { settled: 0, stuck: [] }
  const waitingLanes = new Set<string>()
  for (const row of await deps.epochs.unsettled(EPOCHS_A_ROUND)) {
    if (row.status === 'closed' && waitingLanes.has(row.lane)) continue
    try {
      const reached = await takeForward(deps, row)
      if (reached === 'closed') waitingLanes.add(row.lane)
      if (reached === 'settled') round.settled += 1
    } catch (error) {
      waitingLanes.add(row.lane)
      const { code, publicMessage } = toAppError(error)
      round.stuck.push({ lane: row.lane, epoch: row.epoch, reason: publicMessage })
      if (code === 'chain_unavailable') break
    }
  }
  return round
}

async function takeForward(deps: EpochDeps & { clock: Clock }, row: EpochRow): Promise<EpochRow['status']> {
  if (!(await anchorEpoch(deps, row))) return 'closed'
  await claimEpoch(deps, { ...row, status: row.status === 'closed' ? 'anchored' : row.status })
  const claimed = row.status === 'settled' ? row : { ...row, status: 'claimed' as const }
  return (await settleEpoch(deps, claimed)) ? 'settled' : 'claimed'
}
