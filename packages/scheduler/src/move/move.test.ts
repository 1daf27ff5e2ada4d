/** What is seen of streams between two looks, and which of them go on elsewhere. */
import { expect, test } from 'vitest'
import { createHedgeBudget } from '../hedge/hedge-budget.ts'
import { hedgeBeforeSloMs } from '../hedge/hedge-before-slo.ts'
import { createLoadAsks } from '../ping/load-asks.ts'
import { createStreamWatch } from './stream-watch.ts'
import { moveRule, streamsToMove } from './streams-to-move.ts'

const keyOf = ({ id }: { id: string }) => id

test('the pace is that of streams which decoded all the time between two looks', () => {
  const watch = createStreamWatch<string>()
  const at = (a: number, b: number) => [
    { id: 'a', delivered: a, firstMs: 900 },
    { id: 'b', delivered: b, firstMs: 1_100 },
  ]
  expect(watch.look(0, at(1, 0), keyOf, 1_000)).toBeNull()
  // The second stream had its first token after the last look: its prefill was part of the time.
  expect(watch.look(0, at(6, 1), keyOf, 1_250)).toEqual({ tpotMs: 50, tokens: 5, elapsedMs: 250 })
  expect(watch.look(0, at(8, 9), keyOf, 1_500)).toEqual({ tpotMs: 50, tokens: 10, elapsedMs: 250 })
  watch.forget('a')
  expect(watch.look(0, at(20, 14), keyOf, 1_750)).toEqual({ tpotMs: 50, tokens: 5, elapsedMs: 250 })
  // Nothing came from either: the time that went by is all that is known.
  expect(watch.look(0, at(20, 14), keyOf, 2_000)).toEqual({ tpotMs: 500, tokens: 0, elapsedMs: 250 })
})

const slow = (delivered: number) => ({ delivered, firstMs: 0 })
const input = {
  recentTpotMs: 100,
  nowMs: 10_000,
  factor: moveRule.factor,
  roundShare: moveRule.roundShare,
  tpotSloMsOf: () => 50,
  tokensLeftOf: () => 1_000,
  elsewhere: () => ({ ttftMs: 200, tpotMs: 20 }),
}

function purse(coins: number) {
  const budget = createHedgeBudget({ share: 1, burst: 100 })
  for (let i = 0; i < coins; i++) budget.earn()
  return budget
}

test('an eighth of the streams leaves at a look, the latest first, as far as the budget goes', () => {
  const streams = Array.from({ length: 17 }, (_, index) => slow(50 + index))
  expect(streamsToMove({ ...input, streams, budget: purse(50) })).toEqual([slow(50), slow(51), slow(52)])
  expect(streamsToMove({ ...input, streams, budget: purse(1) })).toEqual([slow(50)])
  expect(streamsToMove({ ...input, streams, budget: purse(0) })).toEqual([])
})

test('nothing leaves a replica that keeps its time, for a place that is no better, or for none at all', () => {
  const streams = [slow(100)]
  const budget = purse(50)
  expect(streamsToMove({ ...input, streams, budget, recentTpotMs: 60 })).toEqual([])
  expect(streamsToMove({ ...input, streams, budget, elsewhere: () => ({ ttftMs: 200, tpotMs: 95 }) })).toEqual([])
  expect(streamsToMove({ ...input, streams, budget, elsewhere: () => null })).toEqual([])
  let decisions = 0
  const many = Array.from({ length: 64 }, () => slow(100))
  const elsewhere = () => {
    decisions++
    return { ttftMs: 200, tpotMs: 95 }
  }
  streamsToMove({ ...input, streams: many, budget, elsewhere, decisionsMax: 8 })
  expect(decisions).toBe(8)
  expect(budget.available).toBe(50)
})

test('a replica is asked once in a while, and a hedge is sent while it can still be in time', () => {
  const asks = createLoadAsks(50)
  expect([asks.due(3, 0), asks.due(3, 49), asks.due(4, 49), asks.due(3, 50)]).toEqual([true, false, true, true])
  expect(hedgeBeforeSloMs(1_000, 300)).toBe(550)
  expect(hedgeBeforeSloMs(1_000, 980)).toBe(50)
})
