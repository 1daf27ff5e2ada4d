/**
 * A provider that leaves has its stake back, whether it was withheld or came out of its own wallet: it thaws, and what is left after the thaw
 * goes to its wallet. While it thaws nothing more is withheld, penalties still reach it, and its machines take no leases, because thawing stake
 * backs no new work. Stake out of an own wallet goes back to the wallet that is paid, and to no other, whoever asks.
 */
import { AppError, formatUsd, newId } from '@isochrone/domain'
import { sendRecorded } from '../chain/send-recorded.ts'
import type { PayoutDeps, PayoutOrderRow, PayoutProviderRow, PayoutRoundDeps } from '../ports/payout-store.ts'
import { refuseLostAddress } from './refuse-lost-address.ts'

/** Between two looks at a thaw. */
const LOOK_MS = 30_000

export interface StakeRelease {
  providerId: string
  userId: string
  /** Asking twice with one key is one order. */
  key: string
  toAddress: string
}

/** @throws AppError `state_conflict` without stake of its own, and while it is on its way already; `invalid_input` for another address. */
export async function releaseStake({ store }: PayoutDeps, input: StakeRelease): Promise<PayoutOrderRow> {
  const { providerId, key } = input
  const toAddress = input.toAddress.toLowerCase()
  return store.transaction(async ({ payouts }) => {
    const provider = await payouts.lockProvider(providerId)
    if (!provider) throw new AppError('not_found', { publicMessage: 'There is no such provider.' })
    const earlier = await payouts.orderByKey(providerId, key)
    if (earlier?.kind === 'release' && earlier.toAddress === toAddress) return earlier
    if (earlier) throw askedAlready(earlier)
    refuseAddress(toAddress, provider)
    const { isReleasing, stakingMicroUsd } = await payouts.sums(providerId)
    if (isReleasing) throw conflict('Your stake is on its way back to you already.')
    if (stakingMicroUsd > 0n) throw conflict('A step of your stake is on its way to the chain. Ask again in a minute.')
    const isOwn = provider.payoutCustody === 'wallet' || provider.stakeTargetMicroUsd !== null
    if (!isOwn || provider.stakeMicroUsd === 0n) throw conflict('There is no stake of yours to give back.')
    return payouts.insertOrder({
      id: newId('wd'),
      providerId,
      key,
      kind: 'release',
      microUsd: provider.stakeMicroUsd,
      toAddress,
      requestedBy: input.userId,
    })
  })
}

function refuseAddress(toAddress: string, provider: PayoutProviderRow): void {
  if (provider.payoutCustody === 'managed') return refuseLostAddress(toAddress, provider)
  if (toAddress === provider.payoutAddress) return
  throw new AppError('invalid_input', {
    publicMessage: `Your stake goes back to the wallet that you are paid to, ${provider.payoutAddress}.`,
    field: 'toAddress',
  })
}

/** Whether it is done; if not, it is looked at again later. */
export async function carryOutRelease(
  { store, chain, nowMs }: PayoutRoundDeps,
  order: PayoutOrderRow,
): Promise<boolean> {
  const { id, providerId, toAddress: to } = order
  const later = async () => {
    await store.payouts.lookAgain(id, new Date(nowMs() + LOOK_MS))
    return false
  }
  if (order.status === 'queued') {
    const { txHash } = await sendRecorded(store.chain, { purpose: 'thaw', subject: id }, () =>
      chain.thawOnce(providerId),
    )
    const taken = { status: 'taken', ...(txHash !== null && { takenTx: txHash }) } as const
    await store.payouts.move({ id, status: 'queued' }, taken)
    return later()
  }
  if (!(await chain.isThawed(providerId))) return later()
  const about = { purpose: 'release', subject: id }
  const { txHash } = await sendRecorded(store.chain, about, () => chain.withdrawStake({ providerId, to }))
  // What disputes hold stays thawed, and follows when they let go of it.
  if (await chain.isThawing(providerId)) return later()
  await store.payouts.move({ id, status: 'taken' }, { status: 'done', ...(txHash !== null && { txHash }) })
  return true
}

/** A key that comes with another address. */
function askedAlready({ microUsd, toAddress }: PayoutOrderRow): AppError {
  return new AppError('state_conflict', {
    publicMessage: `This same form has asked for ${formatUsd(microUsd)} to ${toAddress} already, and that stands: it cannot be called off.`,
    field: 'key',
  })
}

function conflict(publicMessage: string): AppError {
  return new AppError('state_conflict', { publicMessage })
}
