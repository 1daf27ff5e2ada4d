import { AppError } from '@isochrone/domain'
import { bytes32Of, type Voucher } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import type { DisputeStanding, PenaltyName, TrustChain, TrustEvent } from '../ports/trust-port.ts'
import { createTrustDuties } from './trust-duties.ts'

const penaltyOf = (name: string): PenaltyName => ({
  providerId: bytes32Of('provider'),
  nodeId: bytes32Of('node'),
  channelId: bytes32Of(name),
  termsHash: bytes32Of('terms'),
})

const voucherOf = (epoch: number, cumulative: bigint): Voucher => ({
  channelId: bytes32Of('channel'),
  providerId: bytes32Of('provider'),
  lane: bytes32Of('lane'),
  receiptRoot: bytes32Of('root'),
  earned: 5n,
  epoch,
  cumulative,
})

/** Events by block, what is due by channel, disputes by id; `sent` says what was asked of it. */
function fakeChain() {
  const events = new Map<bigint, TrustEvent[]>()
  const due = new Map<string, bigint>()
  const disputes = new Map<bigint, DisputeStanding>()
  const sent: string[] = []
  const state = {
    blockNumber: 10n,
    nowS: 86_400 * 100,
    payableToday: 0n,
    claimed: 0n,
    balance: 0n,
    refuses: new Set<string>(),
  }
  /** Blocks left until a record's panel stands. */
  const toDraw = new Map<string, number>()
  const chain: TrustChain = {
    head: async () => state,
    firstBlock: 1n,
    reorgBlocksMax: 3,
    trustEvents: async (from, to) =>
      [...events].filter(([number]) => number >= from && number <= to).flatMap(([, found]) => found),
    penaltyDueOf: async ({ channelId }) => due.get(channelId) ?? 0n,
    async collectPenalty({ channelId }) {
      sent.push(`collect ${channelId}`)
      const left = (due.get(channelId) ?? 0n) - state.payableToday
      due.set(channelId, left > 0n ? left : 0n)
      return { txHash: '0x01' }
    },
    voucherDueOf: async ({ cumulative }) => (cumulative > state.claimed ? cumulative - state.claimed : 0n),
    async claimAnnounced({ epoch, cumulative }) {
      sent.push(`claim ${epoch}`)
      if (state.balance === 0n) return { txHash: null }
      const due = cumulative - state.claimed
      const paid = due < state.balance ? due : state.balance
      state.claimed += paid
      state.balance -= paid
      return { txHash: '0x03' }
    },
    dispute: async (id) => disputes.get(id) ?? null,
    async drawPanel(id) {
      if (state.refuses.has(String(id))) throw new AppError('state_conflict', { publicMessage: 'Too early.' })
      sent.push(`draw ${id}`)
      const { deadlineS, state: before } = disputes.get(id) as DisputeStanding
      disputes.set(id, { state: before === 'filed' ? 'answered' : 'drawn', deadlineS: deadlineS + 1_000 })
      return { txHash: '0x02' }
    },
    async drawRecordPanel({ epoch }) {
      const left = toDraw.get(String(epoch)) ?? 0
      if (left === 0) return { txHash: null }
      sent.push(`draw record ${epoch}`)
      toDraw.set(String(epoch), left - 1)
      return { txHash: '0x04' }
    },
  }
  const take = () => sent.splice(0)
  const duties = createTrustDuties({ chain, transactions: { recordTransaction: async () => {} } })
  return { duties, events, due, disputes, toDraw, state, take }
}

/** A payer's money: a promise that was broken is paid for, if on a later day. */
test('what the daily cap put off is collected once a day until nothing is left', async () => {
  const { duties, events, due, state, take } = fakeChain()
  const penalty = penaltyOf('channel')
  const collect = `collect ${penalty.channelId}`
  events.set(5n, [{ kind: 'penalty_paid', penalty, leftMicroUsd: 15n }])
  due.set(penalty.channelId, 15n)
  state.payableToday = 10n
  expect(await duties.collectPenalties()).toEqual({ done: 1, failed: [] })
  await duties.collectPenalties()
  expect(take()).toEqual([collect])
  state.nowS += 86_400
  await duties.collectPenalties()
  expect(due.get(penalty.channelId)).toBe(0n)
  state.nowS += 86_400
  await duties.collectPenalties()
  expect(take()).toEqual([collect])
})

test('what somebody else has collected is left alone', async () => {
  const { duties, events, take } = fakeChain()
  const left = (leftMicroUsd: bigint): TrustEvent => ({ kind: 'penalty_paid', penalty: penaltyOf('a'), leftMicroUsd })
  events.set(5n, [left(15n)])
  events.set(6n, [left(0n), { kind: 'penalty_paid', penalty: penaltyOf('b'), leftMicroUsd: 1n }])
  expect(await duties.collectPenalties()).toEqual({ done: 0, failed: [] })
  expect(take()).toEqual([])
})

/** Fairness of panels: no party can wait until the hash that draws is gone, and draw another. */
test('an armed draw is drawn at once; a dispute that nobody answered is armed and drawn', async () => {
  const { duties, events, disputes, state, take } = fakeChain()
  events.set(4n, [
    { kind: 'filed', disputeId: 1n },
    { kind: 'filed', disputeId: 2n },
    { kind: 'filed', disputeId: 3n },
  ])
  events.set(6n, [
    { kind: 'armed', disputeId: 1n },
    { kind: 'closed', disputeId: 3n },
  ])
  disputes.set(1n, { state: 'answered', deadlineS: state.nowS + 100 })
  disputes.set(2n, { state: 'filed', deadlineS: state.nowS + 100 })
  disputes.set(3n, { state: 'answered', deadlineS: state.nowS + 100 })
  await duties.drawPanels()
  await duties.drawPanels()
  expect(take()).toEqual(['draw 1'])
  state.nowS += 101
  await duties.drawPanels()
  expect(disputes.get(2n)?.state).toBe('answered')
  await duties.drawPanels()
  await duties.drawPanels()
  expect(take()).toEqual(['draw 2', 'draw 2'])
  // On appeal the panel is another one, whose draw is armed anew.
  state.blockNumber = 20n
  events.set(15n, [{ kind: 'armed', disputeId: 2n }])
  disputes.set(2n, { state: 'appealed', deadlineS: state.nowS + 100 })
  await duties.drawPanels()
  expect(take()).toEqual(['draw 2'])
})

test('draws that fail never hold up the others', async () => {
  const { duties, events, disputes, state, take } = fakeChain()
  const ids = Array.from({ length: 25 }, (_, i) => BigInt(i))
  events.set(
    2n,
    ids.map((disputeId) => ({ kind: 'armed', disputeId })),
  )
  for (const id of ids) disputes.set(id, { state: 'answered', deadlineS: state.nowS + 100 })
  for (const id of ids.slice(0, 20)) state.refuses.add(String(id))
  expect((await duties.drawPanels()).failed).toHaveLength(20)
  await duties.drawPanels()
  expect(take()).toEqual(['draw 20', 'draw 21', 'draw 22', 'draw 23', 'draw 24'])
})

/** A lane that omits receipts cannot keep a provider from its money, and the provider need not come back for it. */
test('an announced voucher is claimed after its grace period, older epochs first, and once', async () => {
  const { duties, events, state, take } = fakeChain()
  const claimableAtS = state.nowS + 900
  events.set(5n, [{ kind: 'announced', voucher: voucherOf(8, 50_000n), claimableAtS }])
  events.set(9n, [{ kind: 'announced', voucher: voucherOf(7, 20_000n), claimableAtS }])
  state.balance = 1_000_000n
  expect(await duties.claimAnnounced()).toEqual({ done: 0, failed: [] })
  state.nowS = claimableAtS
  expect(await duties.claimAnnounced()).toEqual({ done: 2, failed: [] })
  expect(take()).toEqual(['claim 7', 'claim 8'])
  state.nowS += 3_600
  expect(await duties.claimAnnounced()).toEqual({ done: 0, failed: [] })
  expect([state.claimed, take()]).toEqual([50_000n, []])
})

test('what a channel cannot pay is tried again later, not in every round', async () => {
  const { duties, events, state, take } = fakeChain()
  events.set(5n, [{ kind: 'announced', voucher: voucherOf(7, 50_000n), claimableAtS: state.nowS }])
  for (let round = 0; round < 3; round++) await duties.claimAnnounced()
  expect(take()).toEqual(['claim 7'])
  state.balance = 30_000n
  state.nowS += 3_600
  expect(await duties.claimAnnounced()).toEqual({ done: 1, failed: [] })
  state.balance = 30_000n
  state.nowS += 3_599
  expect(await duties.claimAnnounced()).toEqual({ done: 0, failed: [] })
  state.nowS += 1
  expect(await duties.claimAnnounced()).toEqual({ done: 1, failed: [] })
  expect(state.claimed).toBe(50_000n)
})

/** A thief's trick: a lane and its provider announce dust, and the worker pays gas for each. */
test('dust is left to whoever announced it', async () => {
  const { duties, events, state, take } = fakeChain()
  state.balance = 1_000_000n
  events.set(5n, [{ kind: 'announced', voucher: voucherOf(7, 9_999n), claimableAtS: state.nowS }])
  await duties.claimAnnounced()
  expect(take()).toEqual([])
})

/** Two of three judge a challenged record only when somebody draws them: nobody's challenge waits in vain. */
test('the panel of a challenged record is armed, then drawn, and asked for no more', async () => {
  const { duties, events, toDraw, state, take } = fakeChain()
  const record = { nodeId: bytes32Of('node'), lane: bytes32Of('lane'), epoch: 7 }
  events.set(5n, [{ kind: 'challenged', record, rulingEndsAtS: state.nowS + 100 }])
  toDraw.set('7', 2)
  expect(await duties.drawPanels()).toEqual({ done: 1, failed: [] })
  expect(await duties.drawPanels()).toEqual({ done: 1, failed: [] })
  expect(take()).toEqual(['draw record 7', 'draw record 7'])
  // The chain says that it stands: it is off the list.
  expect(await duties.drawPanels()).toEqual({ done: 0, failed: [] })
  toDraw.set('7', 1)
  expect(await duties.drawPanels()).toEqual({ done: 0, failed: [] })
  expect(take()).toEqual([])
})

test('no panel is drawn for a challenge that is judged, or whose time is over', async () => {
  const { duties, events, toDraw, state, take } = fakeChain()
  const recordOf = (epoch: number) => ({ nodeId: bytes32Of('node'), lane: bytes32Of('lane'), epoch })
  events.set(5n, [
    { kind: 'challenged', record: recordOf(7), rulingEndsAtS: state.nowS + 100 },
    { kind: 'challenged', record: recordOf(8), rulingEndsAtS: state.nowS - 1 },
  ])
  events.set(6n, [{ kind: 'judging', record: recordOf(7) }])
  toDraw.set('7', 2)
  toDraw.set('8', 2)
  expect(await duties.drawPanels()).toEqual({ done: 0, failed: [] })
  expect(take()).toEqual([])
})
