/** What is contested on the simulated day: receipts by their payers, records by a stranger; and what arbiters and an auditor say. */
import {
  appealDispute,
  challengeRecord,
  closedDisputeStates,
  disputeOf,
  drawPanel,
  executeDispute,
  fileDispute,
  panelOf,
  resolveChallenge,
  respondToDispute,
  ruleOnDispute,
  standingOf,
  type ChainWriter,
} from '@isochrone/contracts-client'
import { bytes32Of, decodeStruct, merkleProof, receiptLeaf, type Hex } from '@isochrone/protocol'
import { epochLeaves } from '@isochrone/services'
import { firstFrom, mayBeRefused, type Luck } from './day-luck.ts'
import type { DayWorld } from './day-world.ts'

export interface DayQuarrels {
  dispute(): Promise<void>
  /** The next step of every open dispute. */
  disputes(): Promise<void>
  /** `ruling`: 0 dismissed, 1 upheld, 2 none; drawn when left out. */
  challenge(ruling?: number): Promise<void>
}

export function createDayQuarrels(world: DayWorld, luck: Luck): DayQuarrels {
  const disputeIds: bigint[] = []

  async function dispute(): Promise<void> {
    const { wallet, channelId } = luck.pick(world.payers.filter((payer) => payer.wallet !== null))
    const [place, share] = [luck.below(1_000), BigInt(1 + luck.below(100))]
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
        receipt: value,
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
      const [answers, appeals, refunds] = [luck.chance(2), luck.chance(4), luck.chance(2)]
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
  async function challenge(ruling = luck.below(3)): Promise<void> {
    const place = luck.below(1_000)
    const rows = await world.db.performanceRecord.findMany({
      where: { status: { in: ['reported', 'challenged'] } },
      orderBy: [{ epoch: 'asc' }, { lane: 'asc' }, { nodeId: 'asc' }],
    })
    const records = rows.map(({ nodeId, lane, epoch }) => ({
      nodeId: nodeId as Hex,
      lane: lane as Hex,
      epoch: Number(epoch),
    }))
    const { timestamp } = await world.reader.publicClient.getBlock()
    // Those that nobody has made final yet stand as reported when their window is over.
    const isOpen = async (record: (typeof records)[number]) => {
      const standing = await standingOf(world.stranger, record)
      return standing?.status === 'challenged' || (standing?.status === 'reported' && timestamp < standing.finalAtS)
    }
    const record = await firstFrom(place, records, isOpen)
    if (!record) return
    const evidenceHash = bytes32Of('evidence')
    await mayBeRefused(() => challengeRecord(world.stranger, { ...record, bond: 1_000_000n, evidenceHash }))
    if (ruling === 2) return
    const upheld = ruling === 1
    await mayBeRefused(() => resolveChallenge(world.auditor, { ...record, upheld, reasonHash: bytes32Of('reason') }))
  }

  return { dispute, disputes, challenge }
}
