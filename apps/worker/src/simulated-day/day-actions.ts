/**
 * What payers, gateways, nodes, arbiters, an auditor, a guardian and a stranger do on the simulated day. Each does what it may; what
 * a contract refuses is part of the day.
 */
import {
  anchorEpoch,
  appealDispute,
  challengeRecord,
  channelState,
  claim,
  claimedOf,
  closedDisputeStates,
  deposit,
  disputeOf,
  drawPanel,
  executeDispute,
  fileDispute,
  openChannel,
  panelOf,
  paymentChannelsAbi,
  pauseInflow,
  pendingOf,
  requestWithdrawal,
  resolveChallenge,
  respondToDispute,
  returnSetAside,
  ruleOnDispute,
  setCeiling,
  signCeiling,
  unpauseInflow,
  withdraw,
  type ChainWriter,
} from '@isochrone/contracts-client'
import { isAppError, type Prng } from '@isochrone/domain'
import { bytes32Of, decodeStruct, merkleProof, receiptLeaf, type Hex } from '@isochrone/protocol'
import { epochLeaves } from '@isochrone/services'
import { total } from './money-check.ts'
import type { DayWorld, Payer } from './day-world.ts'

const USD = 1_000_000
/** Epochs that a stranger anchors before it claims. */
const ANCHORS_A_CLAIM = 4
/** Those that a stranger looks through for something to claim or to give back. */
const EPOCHS_LOOKED_AT = 6

export interface DayActions {
  /** Money and a ceiling for a payer's channel: by its wallet, or by an order that the worker carries out. */
  topUp(payer: Payer, microUsd: bigint): Promise<void>
  requests(): void
  closeEpochs(): void
  withdrawal(): Promise<void>
  dispute(): Promise<void>
  /** The next step of every open dispute. */
  disputes(): Promise<void>
  /** `ruling`: 0 dismissed, 1 upheld, 2 none; drawn when left out. */
  challenge(ruling?: number): Promise<void>
  /** A gateway finds that a text of its open epoch has fewer tokens than were billed. */
  recount(): void
  /** A stranger redeems a voucher that it read in an epoch file, and anchors the epoch first where nobody has. */
  outsideClaim(): Promise<void>
  /** A stranger gives back what lies aside for somebody's epoch. */
  returnSetAside(): Promise<void>
  /** The guardian stops deposits, or lets them in again: the other of the two, or as said. */
  pause(isPaused?: boolean): Promise<void>
  /** How often what happened that events do not tell apart. */
  done(): { recounts: number; outsideClaims: number; pauses: number }
  /** µUSD that lanes have signed on a channel, lifetime. */
  signed(channelId: Hex): bigint
}

export function createDayActions(world: DayWorld, rng: Prng): DayActions {
  const signedOn = new Map<string, bigint>()
  const budgets = new Map<string, bigint>()
  const openEpochs = new Map(
    world.lanes.map((lane) => [lane, { epoch: 1, receipts: [] as (typeof world.closed)[number]['receipts'] }]),
  )
  let requestCount = 0
  let orderCount = 0
  const disputeIds: bigint[] = []
  const recounted = new Set<string>()
  const done = { recounts: 0, outsideClaims: 0, pauses: 0 }
  /** Asked of the chain: a reorganisation may have taken a pause away, or its end. */
  const isPausedNow = () =>
    world.reader.publicClient.readContract({
      address: world.deployment.addresses.channels,
      abi: paymentChannelsAbi,
      functionName: 'paused',
    })
  const pick = <T>(items: readonly T[]): T => {
    const item = items[rng.below(items.length)]
    if (item === undefined) throw new Error('nothing to pick from')
    return item
  }
  const chance = (oneIn: number) => rng.below(oneIn) === 0

  /** Refusals and conflicts are part of the day; the chain itself always answers here. */
  async function mayBeRefused(work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work()
      return true
    } catch (error) {
      if (isAppError(error)) return false
      throw error
    }
  }

  async function topUp({ channelId, wallet, orgId }: Payer, microUsd: bigint): Promise<void> {
    const budget = (budgets.get(channelId) ?? 0n) + microUsd
    if (wallet === null) {
      budgets.set(channelId, budget)
      await world.store.funding.insertOrder({
        id: `dep_${String(++orderCount).padStart(32, '0')}`,
        orgId,
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
    const paused = await isPausedNow()
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
    for (let count = 1 + rng.below(5); count > 0; count--) {
      const [payer, provider, lane] = [pick(world.payers), pick(world.providers), pick(world.lanes)]
      const priceMicroUsd = BigInt(rng.below(3 * USD))
      const signed = signedOn.get(payer.channelId) ?? 0n
      if (signed + priceMicroUsd > (budgets.get(payer.channelId) ?? 0n) && !chance(6)) continue
      signedOn.set(payer.channelId, signed + priceMicroUsd)
      const entry = lane.finish({
        requestId: `req_${String(++requestCount).padStart(32, '0')}`,
        orgId: payer.orgId,
        channelId: payer.channelId,
        priceMicroUsd,
        providerId: provider.id,
        nodeKey: pick(provider.nodeKeys),
        termsHash: provider.terms.hash,
        receivedAtMs: world.time.nowMs(),
        ...(chance(8) && { fault: 1, status: 'failed' as const }),
      })
      openEpochs.get(lane)?.receipts.push(entry)
      world.outbox.push(entry)
    }
  }

  function closeEpochs(): void {
    for (const lane of world.lanes) {
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
      if (!chance(6)) world.outbox.push(...lane.performance({ nodeSigns: !chance(4) }))
    }
  }

  async function withdrawal(): Promise<void> {
    const { wallet, channelId } = pick(world.payers)
    const [share, to] = [BigInt(1 + rng.below(100)), wallet?.sender.account.address]
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

  async function dispute(): Promise<void> {
    const { wallet, channelId } = pick(world.payers.filter((payer) => payer.wallet !== null))
    const [place, share] = [rng.below(1_000), BigInt(1 + rng.below(100))]
    if (!wallet) return
    const anchored = await world.db.epoch.findMany({ where: { status: { not: 'closed' } } })
    const names = new Set(anchored.map(({ lane, epoch }) => `${lane}:${epoch}`))
    const known = world.closed.filter(({ lane, epoch }) => names.has(`${lane.lane}:${epoch}`))
    const own = known.flatMap((closed) =>
      closed.receipts.filter(({ request }) => request.channelId === channelId).map((entry) => ({ closed, entry })),
    )
    const chosen = own[place % Math.max(own.length, 1)]
    if (!chosen) return
    const pairs = chosen.closed.receipts.flatMap(({ receipts }) => receipts)
    const value = decodeStruct('DeliveryReceipt', chosen.entry.receipts[0]?.delivery)
    const amount = (value.price * share) / 100n
    if (amount === 0n) return
    await mayBeRefused(async () => {
      const { disputeId } = await fileDispute(wallet, {
        kind: 'overcharge',
        receipt: { type: 'DeliveryReceipt', value },
        epoch: chosen.closed.epoch,
        proof: merkleProof(epochLeaves(pairs), receiptLeaf('DeliveryReceipt', value)),
        amount,
        evidenceHash: bytes32Of('evidence'),
      })
      if (!disputeIds.includes(disputeId)) disputeIds.push(disputeId)
    })
  }

  async function disputes(): Promise<void> {
    for (const id of disputeIds) {
      const [answers, appeals, refunds] = [chance(2), chance(4), chance(2)]
      const found = await disputeOf(world.stranger, id)
      if (!found || closedDisputeStates.includes(found.state)) continue
      const { state, amount, filer } = found
      if (state === 'filed' && answers) {
        await mayBeRefused(() => respondToDispute(world.laneOperator, { disputeId: id, answerHash: bytes32Of('no') }))
      }
      if (state === 'filed' || state === 'answered' || state === 'appealed') {
        await mayBeRefused(() => drawPanel(world.stranger, id))
      }
      if (state === 'drawn' || state === 'appeal_drawn') {
        const panel = await panelOf(world.stranger, { disputeId: id, appeal: state === 'appeal_drawn' })
        const refund = refunds ? amount : 0n
        for (const arbiter of arbitersOf(panel).slice(0, 2)) {
          await mayBeRefused(() => ruleOnDispute(arbiter, { disputeId: id, refund, reasonHash: bytes32Of('reason') }))
        }
      }
      if (state === 'ruled' && appeals) {
        const wallet = world.payers.find((payer) => payer.wallet?.sender.account.address === filer)?.wallet
        if (wallet) await mayBeRefused(() => appealDispute(wallet, id))
      }
      await mayBeRefused(() => executeDispute(world.stranger, id))
    }
  }

  function arbitersOf(panel: readonly string[]): ChainWriter[] {
    return world.arbiters.filter(({ sender }) => panel.includes(sender.account.address))
  }

  /** A stranger says that a record is wrong; an auditor agrees, disagrees, or says nothing. */
  async function challenge(ruling = rng.below(3)): Promise<void> {
    const place = rng.below(1_000)
    const rows = await world.db.performanceRecord.findMany({
      where: { status: { in: ['reported', 'challenged'] } },
      orderBy: [{ epoch: 'asc' }, { lane: 'asc' }, { nodeId: 'asc' }],
    })
    const row = rows[place % Math.max(rows.length, 1)]
    if (!row) return
    const record = { nodeId: row.nodeId as Hex, lane: row.lane as Hex, epoch: Number(row.epoch) }
    const evidenceHash = bytes32Of('evidence')
    await mayBeRefused(() => challengeRecord(world.stranger, { ...record, bond: 1_000_000n, evidenceHash }))
    if (ruling === 2) return
    const upheld = ruling === 1
    await mayBeRefused(() => resolveChallenge(world.auditor, { ...record, upheld, reasonHash: bytes32Of('reason') }))
  }

  /** Lower vouchers: the payer keeps the difference, and what is anchored stays above what is claimed. */
  function recount(): void {
    const [lane, place, share] = [pick(world.lanes), rng.below(1_000), BigInt(1 + rng.below(100))]
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
    done.recounts += 1
    signedOn.set(channelId, (signedOn.get(channelId) ?? 0n) - refund)
    world.outbox.push(entry)
  }

  async function outsideClaim(): Promise<void> {
    const vouchers = recentlyClosed().flatMap((epoch) => epoch.vouchers.map((voucher) => ({ epoch, voucher })))
    const isDue = async ({ voucher: { value } }: (typeof vouchers)[number]) =>
      (await claimedOf(world.stranger, value)) < value.cumulative
    const chosen = await firstFrom(rng.below(1_000), vouchers, isDue)
    if (!chosen) return
    const { epoch, voucher } = chosen
    // In order: the contract takes no earlier epoch afterwards.
    const ofLane = world.closed.filter(({ lane, epoch: number }) => lane === epoch.lane && number <= epoch.epoch)
    for (const { anchor } of ofLane.slice(-ANCHORS_A_CLAIM))
      await mayBeRefused(() => anchorEpoch(world.stranger, anchor))
    await mayBeRefused(async () => {
      const { paid } = await claim(world.stranger, voucher)
      if (paid > 0n) done.outsideClaims += 1
    })
  }

  async function giveBack(): Promise<void> {
    const places = recentlyClosed().flatMap(({ lane: { lane }, epoch }) =>
      world.providers.map(({ id: providerId }) => ({ providerId, lane, epoch })),
    )
    const liesAside = async (place: (typeof places)[number]) => (await pendingOf(world.stranger, place)).setAside > 0n
    const chosen = await firstFrom(rng.below(1_000), places, liesAside)
    if (chosen) await mayBeRefused(() => returnSetAside(world.stranger, chosen))
  }

  const recentlyClosed = () => world.closed.slice(-EPOCHS_LOOKED_AT)

  async function pause(asked?: boolean): Promise<void> {
    const before = await isPausedNow()
    const isPaused = asked ?? !before
    if (isPaused === before) return
    await (isPaused ? pauseInflow(world.administrator) : unpauseInflow(world.administrator))
    if (isPaused) done.pauses += 1
  }

  return {
    recount,
    outsideClaim,
    returnSetAside: giveBack,
    pause,
    done: () => ({ ...done }),
    topUp,
    requests,
    closeEpochs,
    withdrawal,
    dispute,
    disputes,
    challenge,
    signed: (channelId) => signedOn.get(channelId) ?? 0n,
  }
}

/** The first that holds, beginning anywhere; undefined where none does. */
async function firstFrom<T>(place: number, items: readonly T[], holds: (item: T) => Promise<boolean>) {
  for (let at = 0; at < items.length; at++) {
    const item = items[(place + at) % items.length] as T
    if (await holds(item)) return item
  }
  return undefined
}

export function signedInAll(world: DayWorld, actions: DayActions): bigint {
  return total(world.payers.map(({ channelId }) => actions.signed(channelId)))
}
