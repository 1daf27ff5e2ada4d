/**
 * The watchtower: when a payer asks money back, everything that lanes have signed on that channel is claimed while the
 * thaw runs. Its lanes are asked to close their running epochs early, so that nothing signed stays behind; how often, says
 * `close-for-thaws.ts`.
 *
 * Nothing is owed to speed alone: a claim before the end of the thaw comes before the withdrawal, and what is claimed is
 * not withdrawn. Safe to repeat; the settlement rounds would do the same, only without the hurry.
 */
import { anchorEpoch } from '../epochs/anchor-epoch.ts'
import { claimByEpoch } from '../epochs/claim-epoch.ts'
import { attempt, type SettlementDeps, type Stuck } from '../epochs/settlement-deps.ts'
import type { StoredVoucher } from '../ports/epoch-store.ts'
import { closeForThaws, type CloseDeps, type CloseMemory } from './close-for-thaws.ts'

export interface WatchDeps extends Pick<SettlementDeps, 'transactions'>, Pick<CloseDeps, 'gateways' | 'epochMs'> {
  epochs: SettlementDeps['epochs']
  chain: SettlementDeps['chain']
  channels: {
    /** Channels whose owner has asked money back. */
    thawingChannels(): Promise<{ id: string; thawEndsAtS: bigint | null }[]>
  }
}

export interface WatchRound {
  /** Channels with a thaw running. */
  watched: string[]
  stuck: Stuck[]
}

/** @param memory which epochs were closed early; the caller keeps it between rounds. */
export async function watchWithdrawals(deps: WatchDeps, memory: CloseMemory): Promise<WatchRound> {
  const channels = await deps.channels.thawingChannels()
  const round: WatchRound = { watched: channels.map(({ id }) => id), stuck: [] }
  const thaws = channels.map(({ id, thawEndsAtS }) => ({ channelId: id, endsAtS: thawEndsAtS }))
  const about = { lane: 'gateways', epoch: 0n }
  if (!(await attempt(round.stuck, about, () => closeForThaws(deps, thaws, memory, round.stuck)))) return round
  for (const { id } of channels) {
    if (!(await claimAllOf(deps, id, round.stuck))) break
  }
  return round
}

/** False once the chain is away. */
async function claimAllOf(deps: WatchDeps, channelId: string, stuck: Stuck[]): Promise<boolean> {
  const due: StoredVoucher[] = []
  const waitingLanes = new Set<string>()
  for (const voucher of await deps.epochs.unpaidVouchers(channelId)) {
    const { epochRow, lane, epoch } = voucher
    if (waitingLanes.has(lane)) continue
    let isAnchored = epochRow.status !== 'closed'
    const goOn =
      isAnchored ||
      (await attempt(stuck, { lane, epoch }, async () => void (isAnchored = await anchorEpoch(deps, epochRow))))
    if (!goOn) return false
    if (isAnchored) due.push(voucher)
    else waitingLanes.add(lane)
  }
  return attempt(stuck, { lane: channelId, epoch: 0n }, () => claimByEpoch(deps, due))
}
