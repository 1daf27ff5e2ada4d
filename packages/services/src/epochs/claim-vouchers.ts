/**
 * Redeems vouchers of one lane and epoch into the providers' pending, as far as the channels' money goes.
 *
 * Safe at every crash point: what the chain has paid is asked first and a voucher pays once. Callers hand over older
 * epochs first: vouchers are cumulative, so an older rest that a newer voucher claims would land in the wrong epoch. What
 * a channel or the lane's anchored sum has nothing left for is not sent.
 */
import type { Hex, Signed, Voucher } from '@isochrone/protocol'
import { sendRecorded } from '../chain/send-recorded.ts'
import type { ChannelOnChain, ClaimOutcome } from '../ports/chain-port.ts'
import type { StoredVoucher } from '../ports/epoch-store.ts'
import { laneRooms, type LaneRooms } from './lane-rooms.ts'
import type { SettlementDeps } from './settlement-deps.ts'

type Deps = Pick<SettlementDeps, 'epochs' | 'chain' | 'transactions'>

/** Vouchers in one transaction. */
const BATCH_VOUCHERS = 100
/** From so many vouchers of one provider on, a transaction of its own is the cheaper one. */
const EACH_VOUCHERS_MIN = 3

/** Reasons that money, a higher ceiling, an anchor or a registration takes away: such vouchers are tried again. */
export const retryableSkips = [
  'short',
  'unknown_provider',
  'unknown_channel',
  'ceiling_reached',
  'balance_empty',
  'anchored_sum_reached',
] as const

/**
 * The transaction that claimed, if one was needed.
 *
 * @param rooms one for the calls of a round, so that a lane that is short is searched for parts to give back once.
 */
export async function claimVouchers(
  deps: Deps,
  vouchers: readonly StoredVoucher[],
  rooms: LaneRooms = laneRooms(deps),
): Promise<string | undefined> {
  rooms.forget()
  const due = await dueVouchers(deps, vouchers, rooms)
  const alone: StoredVoucher[] = []
  let claimedTx: string | undefined
  for (const ofProvider of Map.groupBy(due, ({ providerId }) => providerId).values()) {
    if (ofProvider.length < EACH_VOUCHERS_MIN) alone.push(...ofProvider)
    else claimedTx = (await claimBatches(deps, 'claimEach', ofProvider)) ?? claimedTx
  }
  return (await claimBatches(deps, 'claimMany', alone)) ?? claimedTx
}

/** Those that a transaction would pay something on; why it would not is noted for the others. */
async function dueVouchers(deps: Deps, vouchers: readonly StoredVoucher[], rooms: LaneRooms): Promise<StoredVoucher[]> {
  const due: StoredVoucher[] = []
  const channels = new Map<string, ChannelOnChain | null>()
  for (const voucher of vouchers) {
    const key = keyOf(voucher)
    const unpaid = voucher.cumulativeMicroUsd - (await deps.chain.claimedOf(key))
    if (unpaid <= 0n) {
      if (voucher.skippedReason !== null) await deps.epochs.recordSkip(nameOf(voucher), null)
      continue
    }
    if (!channels.has(key.channelId)) channels.set(key.channelId, await deps.chain.channel(key.channelId))
    const isKnown = voucher.skippedReason !== 'unknown_provider' || (await deps.chain.isProvider(key.providerId))
    const channel = channels.get(key.channelId) ?? null
    const reason = isKnown ? await emptiness(rooms, voucher, unpaid, channel) : 'unknown_provider'
    if (reason === null) due.push(voucher)
    else if (voucher.skippedReason !== reason) await deps.epochs.recordSkip(nameOf(voucher), reason)
  }
  return due
}

/** Why nothing can be drawn from the channel or of the lane's sum; null when something can. */
async function emptiness(
  rooms: LaneRooms,
  voucher: StoredVoucher,
  unpaid: bigint,
  channel: ChannelOnChain | null,
): Promise<string | null> {
  if (channel === null) return 'unknown_channel'
  const underCeiling = channel.ceiling - channel.claimed
  if (underCeiling <= 0n) return 'ceiling_reached'
  const balance = channel.deposited - channel.withdrawn - channel.claimed
  if (balance <= 0n) return 'balance_empty'
  const inChannel = underCeiling < balance ? underCeiling : balance
  const found = await rooms.take(voucher, unpaid < inChannel ? unpaid : inChannel)
  return found === 0n ? 'anchored_sum_reached' : null
}

async function claimBatches(
  deps: Deps,
  method: 'claimMany' | 'claimEach',
  vouchers: readonly StoredVoucher[],
): Promise<string | undefined> {
  let claimedTx: string | undefined
  for (let from = 0; from < vouchers.length; from += BATCH_VOUCHERS) {
    const batch = vouchers.slice(from, from + BATCH_VOUCHERS)
    const first = batch[0]
    if (first === undefined) break
    const about = { purpose: 'claim', subject: `${first.lane}:${first.epoch}` }
    const { txHash, outcomes } = await sendRecorded(deps.transactions, about, () =>
      batch.length === 1 ? deps.chain.claimOne(signedVoucher(first)) : deps.chain[method](batch.map(signedVoucher)),
    )
    await noteOutcomes(deps, batch, outcomes)
    claimedTx = txHash ?? claimedTx
  }
  return claimedTx
}

async function noteOutcomes(
  deps: Deps,
  batch: readonly StoredVoucher[],
  outcomes: readonly ClaimOutcome[],
): Promise<void> {
  const byName = new Map(outcomes.map((outcome) => [`${outcome.channelId}:${outcome.providerId}`, outcome]))
  for (const voucher of batch) {
    const outcome = byName.get(`${voucher.channelId}:${voucher.providerId}`)
    const why = outcome === undefined ? null : (outcome.reason ?? (outcome.unpaid > 0n ? 'short' : null))
    const reason = why === 'nothing_due' ? null : why
    if (reason !== voucher.skippedReason) await deps.epochs.recordSkip(nameOf(voucher), reason)
  }
}

export function keyOf({ channelId, providerId, lane }: StoredVoucher) {
  return { channelId: channelId as Hex, providerId: providerId as Hex, lane: lane as Hex }
}

function nameOf({ lane, epoch, channelId, providerId }: StoredVoucher) {
  return { lane, epoch, channelId, providerId }
}

function signedVoucher(row: StoredVoucher): Signed<Voucher> {
  return {
    value: {
      channelId: row.channelId as Hex,
      providerId: row.providerId as Hex,
      lane: row.lane as Hex,
      epoch: Number(row.epoch),
      cumulative: row.cumulativeMicroUsd,
      receiptRoot: row.receiptRoot as Hex,
      earned: row.earnedMicroUsd,
    },
    signature: row.signature as Hex,
  }
}
