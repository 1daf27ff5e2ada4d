/** Claims: nothing is sent that would pay nothing, what a channel or lane is short of is noted, and the cheapest call is taken. */
import { expect, test } from 'vitest'
import type { StoredVoucher } from '../ports/epoch-store.ts'
import { claimEpoch, claimRests } from './claim-epoch.ts'
import { claimVouchers } from './claim-vouchers.ts'
import { laneRooms } from './lane-rooms.ts'
import { epochRow, LANE, settlementFixture, voucherOf } from './settlement-fixture.ts'

function market(rows: Partial<StoredVoucher>[], laneLeft = 1_000n) {
  const found = settlementFixture()
  for (const id of ['one', 'two', 'three', 'four']) found.channel(id)
  for (const id of ['p', 'q']) found.providers.add(id)
  found.state.laneLeft = laneLeft
  found.vouchers.push(...rows.map(voucherOf))
  return found
}
const reasons = ({ vouchers }: ReturnType<typeof market>) => vouchers.map(({ skippedReason }) => skippedReason)

test('one voucher goes alone, two of different providers together, three of one provider in a call of their own', async () => {
  const alone = market([{}])
  expect(await claimVouchers(alone.deps, alone.vouchers)).toBe('0xone-one/p/1')
  expect(alone.takeSent()).toEqual(['one one/p/1'])
  expect(alone.log).toMatchObject([
    { purpose: 'claim', subject: `${LANE}:1`, txHash: '0xone-one/p/1', status: 'final' },
  ])

  const two = market([{}, { channelId: 'two' }])
  expect(await claimVouchers(two.deps, two.vouchers)).toBe('0xmany-one/p/1-two/p/1')
  expect(two.takeSent()).toEqual(['many one/p/1 two/p/1'])

  const many = market([
    {},
    { channelId: 'two' },
    { channelId: 'three' },
    { providerId: 'q' },
    { providerId: 'q', channelId: 'two' },
  ])
  expect(await claimVouchers(many.deps, many.vouchers)).toBe('0xmany-one/q/1-two/q/1')
  expect(many.takeSent()).toEqual(['each one/p/1 two/p/1 three/p/1', 'many one/q/1 two/q/1'])

  const each = market([{}, { channelId: 'two' }, { channelId: 'three' }])
  expect(await claimVouchers(each.deps, each.vouchers)).toBe('0xeach-one/p/1-two/p/1-three/p/1')
  expect(await claimVouchers(each.deps, [])).toBeUndefined()
})

test('a hundred go into one transaction, and the rest into another', async () => {
  const found = market([], 10_000n)
  for (let at = 0; at < 101; at++) {
    found.channel(`c${at}`)
    found.vouchers.push(voucherOf({ channelId: `c${at}` }))
  }
  expect(await claimVouchers(found.deps, found.vouchers)).toBe('0xone-c100/p/1')
  const sent = found.takeSent()
  expect(sent.map((line) => line.split(' ').length - 1)).toEqual([100, 1])
  expect(sent[1]).toBe('one c100/p/1')
})

test('a voucher that is paid is not sent, and what was said of it is taken back', async () => {
  const found = market([{ skippedReason: 'short' }, { channelId: 'two' }])
  for (const { channelId } of found.vouchers) found.claimed.set(`${channelId}:p:${LANE}`, 10n)
  expect(await claimVouchers(found.deps, found.vouchers)).toBeUndefined()
  expect([found.takeSent(), reasons(found)]).toEqual([[], [null, null]])
  expect(found.takeCalls()).toEqual(['skip one p null'])
})

test('a channel that is not there, under its ceiling or empty is noted once, and asked once for all its vouchers', async () => {
  const found = market([
    { channelId: 'none' },
    { channelId: 'two' },
    { channelId: 'three' },
    { channelId: 'four', skippedReason: 'balance_empty' },
    { channelId: 'two', providerId: 'q' },
  ])
  found.channel('two', { ceiling: 7n, claimed: 7n })
  found.channel('three', { deposited: 20n, withdrawn: 12n, claimed: 8n })
  found.channel('four', { deposited: 5n, withdrawn: 5n })
  expect(await claimVouchers(found.deps, found.vouchers)).toBeUndefined()
  expect(reasons(found)).toEqual([
    'unknown_channel',
    'ceiling_reached',
    'balance_empty',
    'balance_empty',
    'ceiling_reached',
  ])
  const calls = found.takeCalls()
  expect(calls.filter((call) => call.startsWith('channel'))).toEqual(
    ['none', 'two', 'three', 'four'].map((id) => `channel ${id}`),
  )
  expect(calls.filter((call) => call.startsWith('skip four'))).toEqual([])
  expect(found.takeSent()).toEqual([])

  // One µUSD is something.
  found.channel('two', { ceiling: 8n, claimed: 7n })
  await claimVouchers(found.deps, found.vouchers.slice(1, 2))
  expect([found.takeSent(), reasons(found)[1]]).toEqual([['one two/p/1'], 'short'])
  found.channel('three', { deposited: 21n, withdrawn: 12n, claimed: 8n })
  await claimVouchers(found.deps, found.vouchers.slice(2, 3))
  expect([found.takeSent(), reasons(found)[2]]).toEqual([['one three/p/1'], 'short'])
})

test('a provider that the chain did not know is asked for again, and the chain says why it refuses one', async () => {
  const found = market([{ providerId: 'new' }])
  await claimVouchers(found.deps, found.vouchers)
  expect([found.takeSent(), reasons(found)]).toEqual([['one one/new/1'], ['unknown_provider']])
  await claimVouchers(found.deps, found.vouchers)
  expect([found.takeSent(), reasons(found)]).toEqual([[], ['unknown_provider']])
  found.providers.add('new')
  await claimVouchers(found.deps, found.vouchers)
  expect([found.takeSent(), reasons(found)]).toEqual([['one one/new/1'], [null]])
})

test('what is paid in part is short, and what somebody else paid meanwhile is no reason', async () => {
  const found = market([{}, { channelId: 'two', skippedReason: 'short' }])
  found.channel('one', { deposited: 4n })
  await claimVouchers(found.deps, found.vouchers)
  expect(reasons(found)).toEqual(['short', null])

  const raced = market([{}])
  const claimOne = raced.deps.chain.claimOne.bind(raced.deps.chain)
  raced.deps.chain.claimOne = async (voucher) => {
    raced.claimed.set(`one:p:${LANE}`, 10n)
    return claimOne(voucher)
  }
  await claimVouchers(raced.deps, raced.vouchers)
  expect([raced.takeSent(), reasons(raced)]).toEqual([['one one/p/1'], [null]])
})

test('vouchers share what the lane has left, and those that find nothing are not sent', async () => {
  const found = market([{}, { channelId: 'two' }, { channelId: 'three', providerId: 'q' }], 15n)
  await claimVouchers(found.deps, found.vouchers)
  expect(found.takeSent()).toEqual(['many one/p/1 two/p/1'])
  expect(reasons(found)).toEqual([null, 'short', 'anchored_sum_reached'])
  expect(found.takeCalls().filter((call) => call === 'laneLeft')).toHaveLength(1)
})

test('what lies aside for the voucher itself is used first, and counts for its own provider and epoch alone', async () => {
  const found = market([{}, { channelId: 'two' }, { channelId: 'three', providerId: 'q' }], 0n)
  found.pending({ providerId: 'p', lane: LANE, epoch: 1 }).setAside = 14n
  await claimVouchers(found.deps, found.vouchers)
  expect(found.takeSent()).toEqual(['many one/p/1 two/p/1'])
  expect(reasons(found)).toEqual([null, 'short', 'anchored_sum_reached'])

  const mixed = market([{}, { channelId: 'two', providerId: 'q' }], 13n)
  mixed.pending({ providerId: 'p', lane: LANE, epoch: 1 }).setAside = 7n
  await claimVouchers(mixed.deps, mixed.vouchers)
  expect([mixed.takeSent(), reasons(mixed)]).toEqual([['many one/p/1 two/q/1'], [null, null]])
  expect(mixed.state.laneLeft).toBe(0n)
})

test('a channel that is short asks the lane for no more than it could draw', async () => {
  const found = market([{}, { channelId: 'two' }], 13n)
  found.channel('one', { deposited: 3n })
  await claimVouchers(found.deps, found.vouchers)
  expect([found.takeSent(), reasons(found)]).toEqual([['many one/p/1 two/p/1'], ['short', null]])
  const capped = market([{}, { channelId: 'two' }], 13n)
  capped.channel('one', { ceiling: 3n })
  await claimVouchers(capped.deps, capped.vouchers)
  expect([capped.takeSent(), reasons(capped)]).toEqual([['many one/p/1 two/p/1'], ['short', null]])
})

test('what a channel could not draw of the lane is there for the next one', async () => {
  for (const short of [{ deposited: 3n }, { ceiling: 3n }]) {
    const found = market([{}, { channelId: 'two' }], 10n)
    found.channel('one', short)
    await claimVouchers(found.deps, found.vouchers)
    expect([found.takeSent(), reasons(found)]).toEqual([['many one/p/1 two/p/1'], ['short', 'short']])
    expect(found.state.laneLeft).toBe(0n)
  }
})

test('what a lane has anchored between two calls of a round is found by the second', async () => {
  const found = market([{}, { channelId: 'two' }], 10n)
  const rooms = laneRooms(found.deps)
  await claimVouchers(found.deps, found.vouchers.slice(0, 1), rooms)
  found.state.laneLeft = 10n
  await claimVouchers(found.deps, found.vouchers.slice(1), rooms)
  expect([found.takeSent(), reasons(found)]).toEqual([
    ['one one/p/1', 'one two/p/1'],
    [null, null],
  ])
})

test('parts that lie aside for others are given back where the lane is short, as many as are needed, never the own one', async () => {
  const found = market([{ epoch: 9n }], 1n)
  const aside = { q8: 3n, q7: 0n, q6: 4n, q5: 50n }
  for (const [name, amount] of Object.entries(aside)) {
    found.pending({ providerId: 'q', lane: LANE, epoch: Number(name.slice(1)) }).setAside = amount
    found.state.parts.push({ providerId: 'q', epoch: BigInt(name.slice(1)) })
  }
  const own = { providerId: 'p', lane: LANE, epoch: 9 }
  found.pending(own).setAside = 2n
  found.state.parts.unshift({ providerId: 'p', epoch: 9n })
  await claimVouchers(found.deps, found.vouchers)
  // 2 aside, 1 left, 3 and 4 given back.
  expect(found.takeSent()).toEqual(['return q 8', 'return q 6', 'one one/p/9'])
  expect(found.log.map(({ purpose, subject }) => `${purpose} ${subject}`)).toEqual([
    `return q:${LANE}:8`,
    `return q:${LANE}:6`,
    `claim ${LANE}:9`,
  ])
  expect(reasons(found)).toEqual([null])
  expect(found.pending({ providerId: 'q', lane: LANE, epoch: 5 }).setAside).toBe(50n)
})

test('a part that was given back counts once, and a lane is searched once a round', async () => {
  const rows = [{ epoch: 9n }, { epoch: 9n, channelId: 'two' }, { epoch: 8n, providerId: 'q', channelId: 'three' }]
  const found = market(rows, 0n)
  found.pending({ providerId: 'q', lane: LANE, epoch: 8 }).setAside = 12n
  found.state.parts.push({ providerId: 'q', epoch: 8n })
  await claimVouchers(found.deps, found.vouchers)
  expect(found.takeSent()).toEqual(['return q 8', 'many one/p/9 two/p/9'])
  expect(reasons(found)).toEqual([null, 'short', 'anchored_sum_reached'])
  expect(found.takeCalls().filter((call) => call === 'parts')).toHaveLength(1)
})

test('an epoch is claimed once each voucher is paid or known not to be payable now, with the end of its longest grace', async () => {
  const found = market([{}, { channelId: 'two', providerId: 'q' }, { channelId: 'none' }])
  found.pending({ providerId: 'p', lane: LANE, epoch: 1 }).graceEndsAtS = 70
  found.pending({ providerId: 'q', lane: LANE, epoch: 1 }).graceEndsAtS = 50
  expect(await claimEpoch(found.deps, epochRow())).toBe(true)
  const data = { claimedTx: '0xmany-one/p/1-two/q/1', payableAtS: 70n }
  expect(found.advanced).toEqual([[LANE, 1n, 'anchored', 'claimed', data]])
  expect(reasons(found)).toEqual([null, null, 'unknown_channel'])

  const nothing = market([])
  expect(await claimEpoch(nothing.deps, epochRow())).toBe(true)
  expect(nothing.advanced).toEqual([[LANE, 1n, 'anchored', 'claimed', {}]])
})

test('an epoch that is not confirmed to be paid waits, and one that is closed or beyond is left alone', async () => {
  const found = market([{}])
  found.deps.chain.confirmed = { ...found.deps.chain.confirmed, claimedOf: async () => 9n }
  expect(await claimEpoch(found.deps, epochRow())).toBe(false)
  expect(found.advanced).toEqual([])
  found.takeSent()
  expect(await claimEpoch(found.deps, epochRow({ status: 'closed' }))).toBe(false)
  expect(await claimEpoch(found.deps, epochRow({ status: 'claimed' }))).toBe(true)
  expect(found.takeSent()).toEqual([])
})

test("an older epoch's rest is claimed before a newer voucher could draw it, and what was paid out is opened again", async () => {
  const found = market([
    { epoch: 1n, skippedReason: 'balance_empty' },
    { epoch: 2n, cumulativeMicroUsd: 25n },
  ])
  expect(await claimEpoch(found.deps, epochRow({ epoch: 2n }))).toBe(true)
  expect(found.takeSent()).toEqual(['one one/p/1', 'one one/p/2'])
  expect(found.reopened).toEqual([`${LANE}:1`])
})

test('rests are tried again epoch by epoch; nothing is opened where nothing was sent', async () => {
  const found = market([
    { epoch: 1n, skippedReason: 'short' },
    { epoch: 1n, channelId: 'two', skippedReason: 'ceiling_reached' },
    { epoch: 2n, channelId: 'three', skippedReason: 'unknown_channel' },
    { epoch: 3n, channelId: 'none', skippedReason: 'unknown_channel' },
    { epoch: 4n, channelId: 'four', skippedReason: 'bad_signature' },
    { epoch: 5n, channelId: 'four', skippedReason: 'anchored_sum_reached' },
    { epoch: 6n, channelId: 'four', providerId: 'q', skippedReason: 'unknown_provider' },
    { epoch: 7n, channelId: 'one', providerId: 'q', skippedReason: 'balance_empty' },
  ])
  await claimRests(found.deps)
  expect(found.takeSent()).toEqual([
    'many one/p/1 two/p/1',
    'one three/p/2',
    'one four/p/5',
    'one four/q/6',
    'one one/q/7',
  ])
  expect(found.reopened).toEqual([1, 2, 5, 6, 7].map((epoch) => `${LANE}:${epoch}`))
  expect(reasons(found)).toEqual([null, null, null, 'unknown_channel', 'bad_signature', null, null, null])
})
