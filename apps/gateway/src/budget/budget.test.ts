import type { Hex } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { memoryBudgetStore } from '../testing/memory-budget-store.ts'
import { createBudget } from './budget.ts'
import type { BudgetStore } from './budget-types.ts'

const channelId: Hex = `0x${'11'.repeat(32)}`

/** One lane's view of a channel with `limit`, as the script in Redis grants it; each answer takes a turn. */
function storeOf(limit: bigint): BudgetStore {
  const store = memoryBudgetStore<Hex>(() => limit)
  return {
    ...store,
    async sync(id, report) {
      await new Promise((resolve) => setImmediate(resolve))
      return store.sync(id, report)
    },
  }
}

const budgetOf = (limit: bigint) =>
  createBudget({
    store: storeOf(limit),
    signedMicroUsd: () => 0n,
    recoverableMicroUsd: () => 0n,
    nowMs: () => performance.now(),
  })

/** Requests that wait for the same answer of Redis must not each take the whole of it. */
test('parallel requests together never reserve more than the limit', async () => {
  for (const parallel of [2, 3, 40]) {
    const budget = budgetOf(150n)
    const outcomes = await Promise.allSettled(Array.from({ length: parallel }, () => budget.reserve(channelId, 100n)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  }
})

test('a burst that the balance covers is served whole, however many come at once', async () => {
  const budget = budgetOf(1_000_000n)
  const outcomes = await Promise.allSettled(Array.from({ length: 2_000 }, () => budget.reserve(channelId, 100n)))
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2_000)
})

/** Others may be quicker to take a grant than the request that asked for it: that is no lack of money. */
test('a request whose whole grant others take asks again', async () => {
  const inner = storeOf(1_000_000n)
  const others: Promise<unknown>[] = []
  let thefts = 3
  const store: BudgetStore = {
    ...inner,
    async sync(channel, report) {
      const reply = await inner.sync(channel, report)
      if (thefts-- > 0) {
        let turns = 4
        const take = () => {
          for (let i = 0; i < 40; i++) others.push(budget.reserve(channelId, 100n))
          if (--turns > 0) queueMicrotask(take)
        }
        queueMicrotask(take)
      }
      return reply
    },
  }
  const budget = createBudget({ store, signedMicroUsd: () => 0n, recoverableMicroUsd: () => 0n, nowMs: () => 0 })
  await expect(budget.reserve(channelId, 100n)).resolves.toMatchObject({ microUsd: 100n })
  expect((await Promise.allSettled(others)).filter(({ status }) => status === 'rejected')).toHaveLength(0)
})

/** Queued work is refused only where it could never be paid; a Redis that is away refuses nothing. */
test('cover is asked of Redis only when the lease here does not show it, and reserves nothing', async () => {
  let asked = 0
  let away = false
  const inner = storeOf(1_000n)
  const store: BudgetStore = {
    ...inner,
    sync: (channel, report) => {
      asked++
      return away ? Promise.reject(new Error('away')) : inner.sync(channel, report)
    },
  }
  const budget = createBudget({ store, signedMicroUsd: () => 0n, recoverableMicroUsd: () => 0n, nowMs: () => 0 })
  await budget.requireCover(channelId, 900n)
  await budget.requireCover(channelId, 900n)
  expect(asked).toBe(1)
  const held = await budget.reserve(channelId, 900n)
  await budget.requireCover(channelId, 900n)
  held.release()
  await expect(budget.requireCover(channelId, 1_001n)).rejects.toMatchObject({ code: 'insufficient_balance' })
  away = true
  await expect(budget.requireCover(channelId, 1_001n)).resolves.toBeUndefined()
})
