/** What payers, gateways and nodes do on the simulated day: money comes in, requests are answered, epochs close, money is asked back. */
import {
  channelState,
  deposit,
  openChannel,
  requestWithdrawal,
  setCeiling,
  signCeiling,
  withdraw,
} from '@isochrone/contracts-client'
import { decodeStruct, type Hex } from '@isochrone/protocol'
import { total } from './money-check.ts'
import { mayBeRefused, type Luck } from './day-luck.ts'
import { isInflowPaused } from './day-strangers.ts'
import type { DayWorld, Payer } from './day-world.ts'

const USD = 1_000_000

export interface DayTrade {
  /** Money and a ceiling for a payer's channel: by its wallet, or by an order that the worker carries out. */
  topUp(payer: Payer, microUsd: bigint): Promise<void>
  requests(): void
  closeEpochs(lanes?: readonly string[]): void
  /** A payer asks a part of its money back, or takes out what has thawed; whichever, when none is named. */
  withdrawal(payer?: Payer): Promise<void>
  /** A gateway finds that a text of its open epoch has fewer tokens than were billed. */
  recount(): void
  recounts(): number
  /** µUSD that lanes have signed on a channel, lifetime. */
  signed(channelId: Hex): bigint
}

export function createDayTrade(world: DayWorld, luck: Luck): DayTrade {
  const signedOn = new Map<string, bigint>()
  const budgets = new Map<string, bigint>()
  const openEpochs = new Map(
    world.lanes.map((lane) => [lane, { epoch: 1, receipts: [] as (typeof world.closed)[number]['receipts'] }]),
  )
  let requestCount = 0
  let orderCount = 0
  const recounted = new Set<string>()

  async function topUp({ channelId, wallet, orgId }: Payer, microUsd: bigint): Promise<void> {
    const budget = (budgets.get(channelId) ?? 0n) + microUsd
    if (wallet === null) {
      budgets.set(channelId, budget)
      const id = `dep_${String(++orderCount).padStart(32, '0')}`
      await world.store.funding.insertOrder({
        id,
        orgId,
        key: id,
        microUsd,
        requestedBy: 'payer',
      })
      return
    }
    const { address } = wallet.sender.account
    const row = await world.store.funding.channelOfOrg(orgId)
    const isNew = !(await channelState(wallet, channelId)).isOpen
    const isPaid = await mayBeRefused(async () => {
      if (row && isNew) await openChannel(wallet, { owner: address, salt: row.salt as Hex })
      await deposit(wallet, { channelId, amount: microUsd })
    })
    const paused = await isInflowPaused(world)
    if (isPaid === paused)
      throw new Error(`a deposit was ${isPaid ? 'taken' : 'refused'} while ${paused ? '' : 'not '}paused`)
    if (!isPaid) return
    budgets.set(channelId, budget)
    const { deposited, ceiling } = await channelState(wallet, channelId)
    if (deposited <= ceiling) return
    const signature = await signCeiling(wallet, wallet.sender.account, { channelId, amount: deposited })
    await setCeiling(wallet, { channelId, amount: deposited, signature })
  }

  /** A few answers; now and then a lane signs for more than there is, as after a withdrawal that it did not know of. */
  function requests(): void {
    for (let count = 1 + luck.below(5); count > 0; count--) {
      const [payer, provider, lane] = [luck.pick(world.payers), luck.pick(world.providers), luck.pick(world.lanes)]
      const priceMicroUsd = BigInt(luck.below(3 * USD))
      const signed = signedOn.get(payer.channelId) ?? 0n
      if (signed + priceMicroUsd > (budgets.get(payer.channelId) ?? 0n) && !luck.chance(6)) continue
      signedOn.set(payer.channelId, signed + priceMicroUsd)
      const entry = lane.finish({
        requestId: `req_${String(++requestCount).padStart(32, '0')}`,
        orgId: payer.orgId,
        channelId: payer.channelId,
        priceMicroUsd,
        providerId: provider.id,
        nodeKey: luck.pick(provider.nodeKeys),
        termsHash: provider.terms.hash,
        receivedAtMs: world.time.nowMs(),
        ...(luck.chance(8) && { fault: 1, status: 'failed' as const }),
      })
      openEpochs.get(lane)?.receipts.push(entry)
      world.outbox.push(entry)
    }
  }

  function closeEpochs(lanes?: readonly string[]): void {
    for (const lane of world.lanes) {
      if (lanes && !lanes.includes(lane.lane)) continue
      const entry = lane.close(world.time.nowMs())
      const open = openEpochs.get(lane)
      if (entry === null || !open) continue
      const vouchers = entry.vouchers.map(({ voucher, signature }) => ({
        value: decodeStruct('Voucher', voucher),
        signature: signature as Hex,
      }))
      const anchor = { value: decodeStruct('EpochAnchor', entry.anchor), signature: entry.anchorSignature as Hex }
      world.closed.push({ lane, ...open, vouchers, anchor })
      openEpochs.set(lane, { epoch: open.epoch + 1, receipts: [] })
      world.outbox.push(entry)
      // A silent lane publishes no records: the grace period pays its providers.
      if (!luck.chance(6)) world.outbox.push(...lane.performance({ nodeSigns: !luck.chance(4) }))
    }
  }

  async function withdrawal(payer: Payer = luck.pick(world.payers)): Promise<void> {
    const { wallet, channelId } = payer
    const [share, to] = [BigInt(1 + luck.below(100)), wallet?.sender.account.address]
    if (!wallet || to === undefined) return
    const { isOpen, deposited, withdrawn, claimed, withdrawing } = await channelState(wallet, channelId)
    if (!isOpen) return
    if (withdrawing > 0n && (await mayBeRefused(() => withdraw(wallet, { channelId, to })))) {
      budgets.set(channelId, deposited - withdrawn - withdrawing)
      return
    }
    const amount = ((deposited - withdrawn - claimed) * share) / 100n
    if (amount > 0n) await mayBeRefused(() => requestWithdrawal(wallet, { channelId, amount }))
  }

  /** Lower vouchers: the payer keeps the difference, and what is anchored stays above what is claimed. */
  function recount(): void {
    const [lane, place, share] = [luck.pick(world.lanes), luck.below(1_000), BigInt(1 + luck.below(100))]
    const fresh = (openEpochs.get(lane)?.receipts ?? []).filter(
      ({ request }) => BigInt(request.priceMicroUsd) > 0n && !recounted.has(request.requestId),
    )
    const chosen = fresh[place % Math.max(fresh.length, 1)]
    if (!chosen) return
    const { requestId, channelId, priceMicroUsd } = chosen.request
    const refund = (BigInt(priceMicroUsd) * share) / 100n
    const entry = lane.recount(chosen, refund)
    if (entry === null) throw new Error('a receipt of an open epoch can be recounted')
    recounted.add(requestId)
    signedOn.set(channelId, (signedOn.get(channelId) ?? 0n) - refund)
    world.outbox.push(entry)
  }

  return {
    topUp,
    requests,
    closeEpochs,
    withdrawal,
    recount,
    recounts: () => recounted.size,
    signed: (channelId) => signedOn.get(channelId) ?? 0n,
  }
}

export function signedInAll(world: DayWorld, trade: Pick<DayTrade, 'signed'>): bigint {
  return total(world.payers.map(({ channelId }) => trade.signed(channelId)))
}
