/** Why money is pending is told from facts alone, and each reason from the fact that causes it. */
import { expect, test } from 'vitest'
import { claimStanding, type ClaimFacts } from './claim-standing.ts'

const facts: ClaimFacts = {
  epochStatus: 'claimed',
  record: { status: 'final', earnedMicroUsd: 900n, finalAtMs: 50_000 },
  claimedMicroUsd: 900n,
  paidOut: false,
  payableAtMs: 90_000,
  nowMs: 60_000,
}
const standing = (changes: Partial<ClaimFacts>, record: Partial<ClaimFacts['record']> = {}) =>
  claimStanding({ ...facts, ...changes, record: { ...facts.record, ...record } })

test('each step on the way to a payout is named by what it waits for', () => {
  const cases: [string, ReturnType<typeof standing>][] = [
    ['closed', standing({ epochStatus: 'closed', claimedMicroUsd: null, payableAtMs: null }, { status: 'signed' })],
    ['anchored', standing({ epochStatus: 'anchored', claimedMicroUsd: null }, { status: 'signed' })],
    ['unclaimed', standing({ claimedMicroUsd: 0n }, { status: 'signed' })],
    ['claimed', standing({}, { status: 'signed' })],
    ['in_window', standing({ nowMs: 10_000 }, { status: 'reported' })],
    ['challenged', standing({}, { status: 'challenged' })],
    ['released', standing({})],
    ['paid', standing({ epochStatus: 'settled', paidOut: true })],
    ['nothing_due', standing({}, { earnedMicroUsd: 0n })],
  ]
  for (const [state, actual] of cases) expect(actual.state).toBe(state)
})

/** Silence must not be a veto: the page says so at the moment at which the contract does. */
test('what no record released by the end of the grace period is payable by grace', () => {
  expect(standing({ nowMs: 90_000 }, { status: 'signed' }).state).toBe('grace')
  expect(standing({ nowMs: 90_000 }, { status: 'challenged' }).state).toBe('grace')
  expect(standing({ nowMs: 89_999 }, { status: 'signed' }).state).toBe('claimed')
})

/** Not even the end of the grace period releases it; a payout says that the freeze is over. */
test('an invalid record freezes until it is paid after all', () => {
  expect(standing({ paidOut: true }, { status: 'invalid' }).state).toBe('paid')
  for (const changes of [{}, { nowMs: 1e12 }, { claimedMicroUsd: 0n }]) {
    expect(standing(changes, { status: 'invalid' }).state).toBe('frozen')
  }
})

test('the next step is told by the earlier of window and grace period', () => {
  expect(standing({ nowMs: 10_000 }, { status: 'reported' }).nextAtMs).toBe(50_000)
  expect(standing({ nowMs: 10_000, payableAtMs: 40_000 }, { status: 'reported' }).nextAtMs).toBe(40_000)
  expect(standing({}, { status: 'signed' }).nextAtMs).toBe(90_000)
  expect(standing({}, { status: 'invalid' }).nextAtMs).toBe(50_000)
})

/** Payouts may cover what was claimed when nothing was: that pays nobody. */
test('nothing is paid where nothing was drawn', () => {
  expect(standing({ paidOut: true, claimedMicroUsd: null }).state).toBe('anchored')
  expect(standing({ paidOut: true, claimedMicroUsd: 0n }).state).toBe('unclaimed')
  expect(standing({ paidOut: true, claimedMicroUsd: 1n }).state).toBe('paid')
})

test('an end that is not known yet has not passed, and is not the earlier one', () => {
  expect(standing({ payableAtMs: null }, { status: 'signed' })).toEqual({ state: 'claimed', nextAtMs: null })
  const reported = { status: 'reported', finalAtMs: 50_000 } as const
  expect(standing({ nowMs: 10_000, payableAtMs: null }, reported)).toEqual({ state: 'in_window', nextAtMs: 50_000 })
  const unknown = { status: 'reported', finalAtMs: null } as const
  expect(standing({ nowMs: 10_000 }, unknown)).toEqual({ state: 'in_window', nextAtMs: 90_000 })
  expect(standing({ nowMs: 10_000, payableAtMs: null }, unknown)).toEqual({ state: 'in_window', nextAtMs: null })
})
