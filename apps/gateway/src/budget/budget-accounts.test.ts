/**
 * What a lane asks Redis for, when, and with which figures: to the µUSD, on a clock and a store that do what the test says.
 */
import type { Hex } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { createBudget } from './budget.ts'
import type { BudgetStore } from './budget-types.ts'

const id: Hex = `0x${'11'.repeat(32)}`
const other: Hex = `0x${'22'.repeat(32)}`
const PAUSE_MS = 250
const IDLE_MS = 15_000

interface Report {
  spent: bigint
  held: bigint
  wanted: bigint
}

function setup({ withRevisions = true, ...given }: Partial<State> & { withRevisions?: boolean } = {}) {
  const state: State = {
    limit: 1_000_000n,
    signed: 0n,
    recoverable: 0n,
    nowMs: 1_000,
    revision: 0,
    isAway: false,
    redisSpent: 0n,
    ...given,
  }
  const calls: Report[] = []
  const paid: object[] = []
  /** Answers wait for it. */
  let gate: Promise<unknown> = Promise.resolve()
  const store: BudgetStore = {
    async sync(_id, report) {
      calls.push(report)
      await gate
      if (state.isAway) throw new Error('away')
      const spent = report.spent > state.redisSpent ? report.spent : state.redisSpent
      const left = (state.limit ?? 0n) - spent - report.held
      const granted = left <= 0n ? 0n : left < report.wanted ? left : report.wanted
      const standing = { limitMicroUsd: state.limit, spentMicroUsd: spent, heldMicroUsd: report.held + granted }
      return { granted, spent, standing }
    },
    payFromLease: async (_id, row) => void paid.push(row),
  }
  const budget = createBudget({
    store,
    signedMicroUsd: () => state.signed,
    recoverableMicroUsd: () => state.recoverable,
    nowMs: () => state.nowMs,
    ...(withRevisions && { revisionOf: () => state.revision }),
  })
  return {
    state,
    budget,
    calls,
    paid,
    takeCalls: () => calls.splice(0),
    /** Answers wait from now on; the function lets them go. */
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      gate = promise
      return resolve
    },
  }
}

interface State {
  /** µUSD; null: nobody has said it. */
  limit: bigint | null
  signed: bigint
  recoverable: bigint
  nowMs: number
  revision: number
  isAway: boolean
  /** What Redis counts as spent, at least. */
  redisSpent: bigint
}

const turns = () => new Promise((resolve) => setImmediate(resolve))

test('a lease is for 32 requests of the size that asked, and another is asked for when less than 8 of them are left', async () => {
  const { budget, takeCalls } = setup()
  await budget.reserve(id, 100n)
  expect(takeCalls()).toEqual([{ spent: 0n, held: 0n, wanted: 3_200n }])
  expect(budget.idleMicroUsd()).toBe(3_100n)
  for (let count = 2; count <= 24; count++) await budget.reserve(id, 100n)
  expect([budget.idleMicroUsd(), takeCalls()]).toEqual([800n, []])
  await budget.reserve(id, 100n)
  expect(takeCalls()).toEqual([{ spent: 0n, held: 3_200n, wanted: 3_200n }])
  await turns()
  expect(budget.idleMicroUsd()).toBe(3_900n)
})

test('while a lease is asked for ahead, nobody asks for another', async () => {
  const { budget, calls, hold } = setup()
  await budget.reserve(id, 100n)
  const go = hold()
  for (let count = 0; count < 30; count++) await budget.reserve(id, 100n)
  expect(calls).toHaveLength(2)
  go()
})

test('a reservation is freed once, after what it became was signed', async () => {
  const { budget, state } = setup()
  const reserved = await budget.reserve(id, 100n)
  expect(reserved.microUsd).toBe(100n)
  state.signed = 40n
  // Between the two it counts twice.
  expect(budget.idleMicroUsd()).toBe(3_060n)
  reserved.release()
  reserved.release()
  expect(budget.idleMicroUsd()).toBe(3_160n)
})

test('a reservation of less than nothing is a fault of ours; one of nothing is held', async () => {
  const { budget } = setup()
  await expect(budget.reserve(id, -1n)).rejects.toThrow('a reservation is not negative')
  await expect(budget.reserve(id, 0n)).resolves.toMatchObject({ microUsd: 0n })
})

test('what the limit leaves is granted and no more, to the µUSD; then is asked again after a pause', async () => {
  const { budget, state, takeCalls } = setup({ limit: 150n })
  await budget.reserve(id, 100n)
  expect([takeCalls().length, budget.idleMicroUsd()]).toEqual([1, 50n])
  state.nowMs += PAUSE_MS - 1
  await budget.reserve(id, 10n)
  expect(takeCalls()).toEqual([])
  state.nowMs += 1
  await budget.reserve(id, 10n)
  expect(takeCalls()).toEqual([{ spent: 0n, held: 150n, wanted: 320n }])
  await expect(budget.reserve(id, 31n)).rejects.toMatchObject({ code: 'insufficient_balance' })
  await expect(budget.reserve(id, 30n)).resolves.toMatchObject({ microUsd: 30n })
  expect(budget.idleMicroUsd()).toBe(0n)
})

test('a refusal says of which channel and how much, and whoever keeps the limit may say it otherwise', async () => {
  const { budget } = setup({ limit: 99n })
  await expect(budget.reserve(id, 100n)).rejects.toMatchObject({
    code: 'insufficient_balance',
    publicMessage:
      'This request could cost more than the balance and spending limit leave. Add funds or raise the limit.',
    details: { channelId: id, wantedMicroUsd: '100' },
  })
  const told: unknown[] = []
  const own = createBudget({
    store: {
      sync: async () => ({
        granted: 0n,
        spent: 7n,
        standing: { limitMicroUsd: null, spentMicroUsd: 7n, heldMicroUsd: 1n },
      }),
      payFromLease: async () => {},
    },
    signedMicroUsd: () => 0n,
    recoverableMicroUsd: () => 0n,
    nowMs: () => 0,
    refusal: (...args) => {
      told.push(args)
      return Object.assign(new Error('said otherwise')) as never
    },
  })
  await expect(own.reserve(id, 5n)).rejects.toMatchObject({ code: 'capacity_unavailable' })
  expect(told).toEqual([[id, 5n, { limitMicroUsd: null, spentMicroUsd: 7n, heldMicroUsd: 1n }]])
})

test('without Redis what is held is served, and beyond it nobody can say', async () => {
  const { budget, state, takeCalls } = setup()
  state.isAway = true
  await expect(budget.reserve(id, 100n)).rejects.toMatchObject({
    code: 'capacity_unavailable',
    publicMessage: 'The balance cannot be checked at this moment. Try again shortly.',
    retryAfterS: 2,
    cause: { message: 'away' },
  })
  state.isAway = false
  for (let count = 0; count < 24; count++) await budget.reserve(id, 100n)
  state.isAway = true
  takeCalls()
  for (let count = 0; count < 8; count++) {
    await budget.reserve(id, 100n)
    await turns()
  }
  // Asked ahead of need once, and not again before a pause is over.
  expect(takeCalls()).toHaveLength(1)
  expect(budget.idleMicroUsd()).toBe(0n)
  state.nowMs += PAUSE_MS
  await expect(budget.reserve(id, 100n)).rejects.toMatchObject({ code: 'capacity_unavailable' })
})

test('what is freed while Redis does not answer is taken by whoever waits', async () => {
  const { budget, state, hold } = setup({ limit: 100n })
  const first = await budget.reserve(id, 100n)
  const go = hold()
  state.isAway = true
  const second = budget.reserve(id, 100n)
  await turns()
  first.release()
  go()
  await expect(second).resolves.toMatchObject({ microUsd: 100n })
})

test('a lease is for all that wait, when they are more than 32', async () => {
  const { budget, hold, takeCalls } = setup()
  const go = hold()
  const waiting = Array.from({ length: 50 }, () => budget.reserve(id, 10n))
  await turns()
  go()
  await Promise.all(waiting)
  // The first call was made when one waited; the next for those who were left over, each with all who still wait.
  expect(takeCalls().map(({ wanted }) => wanted)).toEqual([320n, 320n])
})

test('4096 wait for one lease at a time, and not one more', async () => {
  const { budget, hold } = setup({ limit: 1_000_000_000n })
  const go = hold()
  const waiting = Array.from({ length: 4_096 }, () => budget.reserve(id, 1n))
  await expect(budget.reserve(id, 1n)).rejects.toMatchObject({ code: 'capacity_unavailable' })
  go()
  await Promise.all(waiting)
  await expect(budget.reserve(id, 1n)).resolves.toMatchObject({ microUsd: 1n })
})

test('what Redis counts beyond our journal is reported ever after, and leases count from it', async () => {
  const { budget, state, takeCalls } = setup({ limit: 1_000n, redisSpent: 300n, signed: 100n })
  await budget.resume([id])
  await budget.resume([id])
  expect(takeCalls()).toEqual([{ spent: 100n, held: 0n, wanted: 0n }])
  await budget.reserve(id, 10n)
  expect(takeCalls()).toEqual([{ spent: 300n, held: 0n, wanted: 320n }])
  state.signed = 110n
  await budget.tick()
  expect(takeCalls()).toEqual([{ spent: 310n, held: 310n, wanted: 0n }])
  // Found once: what Redis says later is of others, or of an answer that came late.
  state.redisSpent = 500n
  state.signed = 111n
  await budget.tick()
  state.signed = 112n
  await budget.tick()
  expect(takeCalls().map(({ spent }) => spent)).toEqual([311n, 312n])
})

test('before anybody has said the limit, each answer may still show what an earlier run spent', async () => {
  const { budget, state, takeCalls } = setup({ limit: null })
  await expect(budget.reserve(id, 1n)).rejects.toMatchObject({ code: 'insufficient_balance' })
  state.redisSpent = 40n
  await expect(budget.reserve(id, 1n)).rejects.toMatchObject({ code: 'insufficient_balance' })
  state.limit = 1_000n
  takeCalls()
  await budget.reserve(id, 1n)
  expect(takeCalls()).toEqual([{ spent: 40n, held: 0n, wanted: 32n }])
})

test('what an earlier run may still bill is held until that is known', async () => {
  const { budget, state, takeCalls } = setup({ recoverable: 500n, signed: 20n })
  await budget.resume([id])
  expect(takeCalls()).toEqual([{ spent: 20n, held: 500n, wanted: 0n }])
  expect(budget.idleMicroUsd()).toBe(0n)
  await budget.reserve(id, 1n)
  expect(takeCalls()).toEqual([{ spent: 20n, held: 500n, wanted: 32n }])
  state.recoverable = 0n
  expect(budget.idleMicroUsd()).toBe(531n)
  // More came of it than was held: it is spent all the same.
  state.signed = 900n
  await budget.tick()
  expect(takeCalls()).toEqual([{ spent: 900n, held: 0n, wanted: 0n }])
})

test('each second what was signed is reported, once', async () => {
  const { budget, state, takeCalls } = setup()
  await budget.tick()
  expect(takeCalls()).toEqual([])
  await budget.reserve(id, 100n)
  takeCalls()
  await budget.tick()
  expect(takeCalls()).toEqual([])
  state.signed = 30n
  await budget.tick()
  await budget.tick()
  expect(takeCalls()).toEqual([{ spent: 30n, held: 3_170n, wanted: 0n }])
})

test('a lease that lies idle for more than 15 s is given back, but for what is reserved', async () => {
  const { budget, state, takeCalls } = setup()
  const reserved = await budget.reserve(id, 100n)
  takeCalls()
  state.nowMs += IDLE_MS
  await budget.tick()
  expect(takeCalls()).toEqual([])
  state.nowMs += 1
  await budget.tick()
  expect(takeCalls()).toEqual([{ spent: 0n, held: 100n, wanted: 0n }])
  expect(budget.idleMicroUsd()).toBe(0n)
  // Nothing is free now: nothing is left to say.
  await budget.tick()
  expect(takeCalls()).toEqual([])
  reserved.release()
  await budget.tick()
  expect(takeCalls()).toEqual([{ spent: 0n, held: 0n, wanted: 0n }])
  // Forgotten: what Redis counts is looked at anew, as at the first call.
  state.redisSpent = 9n
  await budget.reserve(id, 1n)
  state.signed = 1n
  await budget.tick()
  expect(takeCalls().map(({ spent }) => spent)).toEqual([0n, 10n])
})

test('an account with what an earlier run may still bill is not forgotten', async () => {
  const { budget, state, takeCalls } = setup({ recoverable: 5n })
  await budget.reserve(id, 0n)
  await budget.resume([id])
  state.signed = 1n
  state.nowMs += IDLE_MS + 1
  await budget.tick()
  takeCalls()
  state.recoverable = 0n
  expect(budget.idleMicroUsd()).toBe(4n)
})

test('while a call is under way nothing else is reported', async () => {
  const { budget, state, hold, takeCalls } = setup()
  await budget.reserve(id, 100n)
  takeCalls()
  const go = hold()
  state.signed = 1n
  const ticking = budget.tick()
  await turns()
  state.signed = 2n
  await budget.tick()
  expect(takeCalls()).toEqual([{ spent: 1n, held: 3_199n, wanted: 0n }])
  go()
  await ticking
  await budget.tick()
  expect(takeCalls()).toEqual([{ spent: 2n, held: 3_198n, wanted: 0n }])
})

test('when the owner changes the limit, what lies idle is given back and asked for anew', async () => {
  const { budget, state, takeCalls } = setup({ limit: 5_000n })
  await budget.reserve(id, 100n)
  takeCalls()
  state.limit = 200n
  state.revision = 1
  await expect(budget.reserve(id, 101n)).rejects.toMatchObject({ code: 'insufficient_balance' })
  expect(takeCalls()).toEqual([{ spent: 0n, held: 100n, wanted: 3_232n }])
  // The pause after a short answer was of the old limit, and ends with it.
  state.limit = 10_000n
  state.revision = 2
  await budget.reserve(id, 100n)
  expect(takeCalls()).toEqual([{ spent: 0n, held: 100n, wanted: 3_200n }])
  expect(budget.idleMicroUsd()).toBe(3_100n)
})

test('a change of the limit is told at the next second, also where nobody asks for anything', async () => {
  const { budget, state, takeCalls } = setup()
  await budget.reserve(id, 100n)
  takeCalls()
  state.revision = 1
  await budget.tick()
  expect(takeCalls()).toEqual([{ spent: 0n, held: 100n, wanted: 0n }])
  await budget.tick()
  expect(takeCalls()).toEqual([])
})

test('an answer that was under way when the limit changed is looked at again', async () => {
  const { budget, state, hold, takeCalls } = setup()
  for (let count = 0; count < 24; count++) await budget.reserve(id, 100n)
  const go = hold()
  await budget.reserve(id, 100n)
  takeCalls()
  state.revision = 1
  await expect(Promise.race([budget.reserve(id, 1n), turns().then(() => 'waits')])).resolves.toBe('waits')
  go()
  await turns()
  takeCalls()
  await budget.tick()
  expect(budget.idleMicroUsd()).toBe(0n)
  expect(takeCalls()).toEqual([{ spent: 0n, held: 2_501n, wanted: 0n }])
})

test('a keeper without revisions never gives back what is in use', async () => {
  const { budget, takeCalls } = setup({ withRevisions: false })
  await budget.reserve(id, 100n)
  takeCalls()
  await budget.tick()
  await budget.reserve(id, 100n)
  expect([takeCalls(), budget.idleMicroUsd()]).toEqual([[], 3_000n])
})

test('cover counts what is reserved here, and an unknown price wants one µUSD', async () => {
  const { budget, state, takeCalls } = setup({ limit: 100n })
  await budget.reserve(id, 100n)
  takeCalls()
  await budget.requireCover(id, 100n)
  expect(takeCalls()).toEqual([])
  await expect(budget.requireCover(id, 101n)).rejects.toMatchObject({
    code: 'insufficient_balance',
    details: { wantedMicroUsd: '101' },
  })
  expect(takeCalls()).toEqual([{ spent: 0n, held: 100n, wanted: 101n }])
  state.signed = 100n
  await expect(budget.requireCover(other, 0n)).rejects.toMatchObject({ details: { wantedMicroUsd: '1' } })
})

test('cover that joins a call of somebody else asks once more for itself', async () => {
  const { budget, hold, takeCalls } = setup()
  const go = hold()
  const first = budget.reserve(id, 1n)
  const covered = budget.requireCover(id, 500n)
  await turns()
  go()
  await Promise.all([first, covered])
  expect(takeCalls().map(({ wanted }) => wanted)).toEqual([32n, 500n])
})

test('a lease receipt comes out of what the lease holds, and leaves what the lane leased as it was', async () => {
  const { budget, state, paid, takeCalls } = setup({ redisSpent: 7n })
  await budget.reserve(id, 100n)
  takeCalls()
  state.signed = 40n
  const one = { leaseId: 'lease_1', reservedMicroUsd: 100n, billedMicroUsd: 40n }
  await budget.paidFromLease(id, { ...one, priceMicroUsd: 40n })
  expect(paid).toEqual([{ ...one, spent: 47n }])
  expect(budget.idleMicroUsd()).toBe(3_100n)
  const all = { leaseId: 'lease_2', reservedMicroUsd: 40n, billedMicroUsd: 40n }
  await budget.paidFromLease(other, { ...all, priceMicroUsd: 40n })
  expect(paid[1]).toEqual({ ...all, spent: 40n })
})

test('what lies idle is summed over all limits, and one that is overdrawn takes nothing from the others', async () => {
  const { budget, state } = setup()
  await budget.reserve(id, 100n)
  await budget.reserve(other, 1n)
  expect(budget.idleMicroUsd()).toBe(3_131n)
  state.signed = 1_000n
  expect(budget.idleMicroUsd()).toBe(2_100n)
})

/** Overspend: giving back what is idle must not make good what was signed beyond the lease. */
test('a change of the limit leaves what is overdrawn as it was', async () => {
  const { budget, state, takeCalls } = setup()
  await budget.reserve(id, 100n)
  takeCalls()
  state.signed = 5_000n
  state.revision = 1
  await budget.tick()
  expect(takeCalls()).toEqual([{ spent: 5_000n, held: 0n, wanted: 0n }])
})

test('a change of the limit counts for work that only asks for cover', async () => {
  const { budget, state, takeCalls } = setup()
  const reserved = await budget.reserve(id, 100n)
  reserved.release()
  takeCalls()
  state.limit = 50n
  state.revision = 1
  await expect(budget.requireCover(id, 60n)).rejects.toMatchObject({ code: 'insufficient_balance' })
  expect(takeCalls()).toEqual([{ spent: 0n, held: 0n, wanted: 60n }])
})

test('one who joined a call that fell short asks for itself before it is refused', async () => {
  const { budget, state, calls, hold } = setup()
  Object.defineProperty(state, 'limit', { get: () => (calls.length > 1 ? 1_000n : 150n) })
  const go = hold()
  const [first, second] = [budget.reserve(id, 100n), budget.reserve(id, 60n)]
  await turns()
  go()
  await first
  await expect(second).resolves.toMatchObject({ microUsd: 60n })
})

/** A lane on a store of its own, which grants all that is asked for. */
function granting(answer: (report: Report) => { spent: bigint; signed?: bigint }) {
  const reports: Report[] = []
  let signed = 100n
  const budget = createBudget({
    store: {
      async sync(_id, report) {
        reports.push(report)
        const said = answer(report)
        signed = said.signed ?? signed
        const standing = { limitMicroUsd: 10n ** 9n, spentMicroUsd: said.spent, heldMicroUsd: 0n }
        return { granted: report.wanted, spent: said.spent, standing }
      },
      payFromLease: async () => {},
    },
    signedMicroUsd: () => signed,
    recoverableMicroUsd: () => 0n,
    nowMs: () => 0,
  })
  return { budget, reports }
}

test('a Redis that has forgotten what was spent takes nothing from what is reported', async () => {
  const { budget, reports } = granting(() => ({ spent: 0n }))
  await budget.resume([id])
  await budget.reserve(id, 1n)
  expect(reports.map(({ spent }) => spent)).toEqual([100n, 100n])
})

test('whoever gets nothing of sixteen grants is told that nobody can say', async () => {
  const { budget, reports } = granting(({ spent, wanted }) => ({ spent, signed: spent + wanted }))
  await expect(budget.reserve(id, 1n)).rejects.toMatchObject({ code: 'capacity_unavailable' })
  expect(reports).toHaveLength(16)
})
