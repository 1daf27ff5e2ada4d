/** Payouts: one transaction for a provider's epochs, nothing that pays nothing, and settled only when all of it is paid out. */
import { expect, test } from 'vitest'
import { payOut } from './pay-out.ts'
import type { Stuck } from './settlement-deps.ts'
import { epochRow, LANE, settlementFixture, voucherOf } from './settlement-fixture.ts'

function market() {
  const found = settlementFixture()
  /** Claimed in full, and payable to this amount. */
  const claimed = (providerId: string, epoch: number, payable: bigint, whole = payable) => {
    const channelId = `${providerId}${epoch}`
    found.vouchers.push(voucherOf({ channelId, providerId, epoch: BigInt(epoch), cumulativeMicroUsd: whole }))
    found.claimed.set(`${channelId}:${providerId}:${LANE}`, whole)
    Object.assign(found.pending({ providerId, lane: LANE, epoch }), { claimed: whole, payable })
  }
  const row = (epoch: number, payableAtS: bigint | null = null) =>
    epochRow({ epoch: BigInt(epoch), status: 'claimed', payableAtS })
  return { ...found, claimed, row, stuck: [] as Stuck[] }
}

test("a provider's epochs are paid out by one transaction, oldest first, and are settled by it", async () => {
  const found = market()
  found.claimed('p', 2, 5n)
  found.claimed('p', 1, 3n)
  found.claimed('q', 2, 7n)
  expect(await payOut(found.deps, [found.row(2), found.row(1)], found.stuck)).toBe(2)
  expect(found.takeSent()).toEqual(['settle p 1,2', 'settle q 2'])
  expect(found.log.map(({ purpose, subject }) => `${purpose} ${subject}`)).toEqual([
    `settle p:${LANE}:1,2`,
    `settle q:${LANE}:2`,
  ])
  expect(found.advanced).toEqual([
    [LANE, 2n, 'claimed', 'settled', { settledTx: '0xsettle-q-2' }],
    [LANE, 1n, 'claimed', 'settled', { settledTx: '0xsettle-p-1,2' }],
  ])
  expect(found.stuck).toEqual([])
})

test('fifty epochs go into one transaction', async () => {
  const found = market()
  for (let epoch = 1; epoch <= 51; epoch++) found.claimed('p', epoch, 1n)
  const rows = Array.from({ length: 51 }, (_, at) => found.row(at + 1))
  expect(await payOut(found.deps, rows, found.stuck)).toBe(51)
  expect(found.takeSent().map((line) => line.split(',').length)).toEqual([50, 1])
})

test('before a record is final or the grace is over nothing is asked for; from that second on it is', async () => {
  const found = market()
  found.claimed('p', 1, 3n)
  expect(await payOut(found.deps, [found.row(1, 1_001n)], found.stuck)).toBe(0)
  expect([found.takeSent(), found.advanced]).toEqual([[], []])
  found.final.add('p:1')
  expect(await payOut(found.deps, [found.row(1, 1_001n)], found.stuck)).toBe(1)
  expect(found.takeSent()).toEqual(['settle p 1'])

  const over = market()
  over.claimed('p', 1, 3n)
  over.state.nowS = 1_001
  expect(await payOut(over.deps, [over.row(1, 1_001n)], over.stuck)).toBe(1)
})

test('an epoch without vouchers is settled at once, and what was paid out by somebody else without a transaction of ours', async () => {
  const found = market()
  found.claimed('p', 2, 0n, 4n)
  found.pending({ providerId: 'p', lane: LANE, epoch: 2 }).settled = 4n
  expect(await payOut(found.deps, [found.row(1), found.row(2)], found.stuck)).toBe(2)
  expect(found.takeSent()).toEqual([])
  expect(found.advanced).toEqual([1n, 2n].map((epoch) => [LANE, epoch, 'claimed', 'settled', {}]))
  expect(await payOut(found.deps, [], found.stuck)).toBe(0)
})

test('what is not paid out in full, or was claimed by nobody, is not settled; what a channel is short of holds nothing up', async () => {
  const found = market()
  found.claimed('p', 1, 3n, 5n)
  found.claimed('p', 2, 5n)
  const [, second] = found.vouchers
  if (second) second.cumulativeMicroUsd = 6n
  expect(await payOut(found.deps, [found.row(1), found.row(2)], found.stuck)).toBe(0)
  expect(found.takeSent()).toEqual(['settle p 1,2'])
  if (second) second.skippedReason = 'short'
  expect(await payOut(found.deps, [found.row(2)], found.stuck)).toBe(1)
  expect(second?.skippedReason).toBe('short')
  // Once it is paid, nothing is said of it any more.
  found.claimed('q', 3, 5n)
  const third = found.vouchers[2]
  if (third) third.skippedReason = 'short'
  expect(await payOut(found.deps, [found.row(3)], found.stuck)).toBe(1)
  expect(third?.skippedReason).toBeNull()
})

test('a chain that is away ends the round, with a line about what could not be done', async () => {
  const found = market()
  found.claimed('p', 1, 3n)
  found.claimed('q', 1, 3n)
  found.state.away.add('settle')
  expect(await payOut(found.deps, [found.row(1)], found.stuck)).toBe(0)
  expect(found.stuck).toEqual([{ lane: LANE, epoch: 1n, reason: 'It is away.' }])
  expect(found.advanced).toEqual([])
})
