/** Money: of what a lane's sum covers each µUSD is promised to one claim, and nothing is given back without need. */
import { expect, test } from 'vitest'
import { laneRooms } from './lane-rooms.ts'
import { LANE, settlementFixture, voucherOf } from './settlement-fixture.ts'

function lane(left: bigint, aside: Record<string, bigint> = {}) {
  const found = settlementFixture()
  found.state.laneLeft = left
  for (const [name, amount] of Object.entries(aside)) {
    const [providerId, epoch] = [name.slice(0, 1), Number(name.slice(1))]
    found.pending({ providerId, lane: LANE, epoch }).setAside = amount
  }
  return { ...found, rooms: laneRooms(found.deps) }
}

test('what lies aside goes first, then what the lane has left, and the next claim finds that much less', async () => {
  const { rooms, takeCalls } = lane(5n, { p1: 7n })
  expect(await rooms.take(voucherOf(), 10n)).toBe(10n)
  expect(await rooms.take(voucherOf({ channelId: 'two' }), 10n)).toBe(2n)
  expect(await rooms.take(voucherOf({ channelId: 'three' }), 10n)).toBe(0n)
  expect(takeCalls().filter((call) => call === 'laneLeft')).toHaveLength(1)
})

test('what lies aside suffices: the lane keeps what it has left, and what is left aside stays for the next', async () => {
  const { rooms } = lane(5n, { p1: 7n })
  expect(await rooms.take(voucherOf(), 3n)).toBe(3n)
  expect(await rooms.take(voucherOf({ channelId: 'two' }), 3n)).toBe(3n)
  expect(await rooms.take(voucherOf({ providerId: 'q' }), 9n)).toBe(5n)
  expect(await rooms.take(voucherOf(), 9n)).toBe(1n)
})

test('a claim that finds just what it wants searches for nothing', async () => {
  const { rooms, state, takeCalls, takeSent } = lane(5n, { p1: 2n, q1: 50n })
  state.parts.push({ providerId: 'q', epoch: 1n })
  expect(await rooms.take(voucherOf(), 7n)).toBe(7n)
  expect([takeCalls(), takeSent()]).toEqual([['laneLeft'], []])
})

test('a part of which a claim has taken some is given back as the rest of it, and is there no more', async () => {
  const { rooms, state, takeSent } = lane(0n, { q8: 12n })
  state.parts.push({ providerId: 'q', epoch: 8n })
  expect(await rooms.take(voucherOf({ providerId: 'q', epoch: 8n }), 2n)).toBe(2n)
  expect(await rooms.take(voucherOf(), 15n)).toBe(10n)
  expect(takeSent()).toEqual(['return q 8'])
  expect(await rooms.take(voucherOf({ providerId: 'q', epoch: 8n }), 5n)).toBe(0n)
})

test('once claims are on the chain, sums are read anew; parts are searched for once', async () => {
  const { rooms, state, pending, takeCalls } = lane(4n, { p1: 1n })
  expect(await rooms.take(voucherOf(), 10n)).toBe(5n)
  state.laneLeft = 6n
  pending({ providerId: 'p', lane: LANE, epoch: 1 }).setAside = 3n
  expect(await rooms.take(voucherOf(), 10n)).toBe(0n)
  rooms.forget()
  expect(await rooms.take(voucherOf(), 10n)).toBe(9n)
  expect(takeCalls().filter((call) => call === 'parts')).toHaveLength(1)
})
