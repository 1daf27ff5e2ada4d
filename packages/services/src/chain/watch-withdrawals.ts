/**
 * The watchtower: when a payer asks money back, everything that lanes have signed on that channel is claimed while the
 * thaw runs. Gateways are asked to close their running epochs early, so that nothing signed stays behind.
 *
 * Nothing is owed to speed alone: a claim before the end of the thaw comes before the withdrawal, and what is claimed is
 * not withdrawn. Safe to repeat; the settlement rounds would do the same, only without the hurry.
 */
import { toAppError } from '@isochrone/domain'
import { anchorEpoch } from '../epochs/anchor-epoch.ts'
import { claimByEpoch } from '../epochs/claim-epoch.ts'
import { attempt, type SettlementDeps, type Stuck } from '../epochs/settlement-deps.ts'
import type { StoredVoucher } from '../ports/epoch-store.ts'

export interface WatchDeps extends Pick<SettlementDeps, 'epochs' | 'chain' | 'transactions'> {
  channels: {
    /** Channels whose owner has asked money back. */
    thawingChannels(): Promise<{ id: string; thawEndsAtS: bigint | null }[]>
  }
  gateways: {
    /** Asks every gateway to close its epoch now; one with nothing signed closes nothing. */
    closeEpochs(): Promise<void>
  }
}

export interface WatchRound {
  /** Channels with a thaw running. */
  watched: string[]
  stuck: Stuck[]
}

/** @param asked thaws for which gateways were asked, by channel; the caller keeps it between rounds. */
export async function watchWithdrawals(deps: WatchDeps, asked: Map<string, string>): Promise<WatchRound> {
  const channels = await deps.channels.thawingChannels()
  const round: WatchRound = { watched: channels.map(({ id }) => id), stuck: [] }
  for (const id of asked.keys()) if (!round.watched.includes(id)) asked.delete(id)
  await closeRunningEpochs(deps, channels, asked, round.stuck)
  for (const { id } of channels) {
    if (!(await claimAllOf(deps, id, round.stuck))) break
  }
  return round
}

/** Once for each thaw, and again while receipts of the channel are in no closed epoch. */
async function closeRunningEpochs(
  deps: WatchDeps,
  channels: readonly { id: string; thawEndsAtS: bigint | null }[],
  asked: Map<string, string>,
  stuck: Stuck[],
): Promise<void> {
  const due: (typeof channels)[number][] = []
  for (const channel of channels) {
    const isAsked = asked.get(channel.id) === String(channel.thawEndsAtS)
    if (!isAsked || (await deps.epochs.openReceipts(channel.id)) > 0) due.push(channel)
  }
  if (due.length === 0) return
  try {
    await deps.gateways.closeEpochs()
    for (const { id, thawEndsAtS } of due) asked.set(id, String(thawEndsAtS))
  } catch (error) {
    // A gateway that is away closes its epoch in its own time; what is closed is claimed all the same.
    stuck.push({ lane: 'gateways', epoch: 0n, reason: toAppError(error).publicMessage })
  }
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
