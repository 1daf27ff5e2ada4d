/** A provider learns why its nodes lost, by how much, and nothing that names a rival or a tenant. */
import { expect, test } from 'vitest'
import type { DecisionRow } from '../ports/decision-reads.ts'
import { tally } from './provider-jobs.ts'

const none = { tokens: 0, bytes: 0, latency: 0, generation: 0, sloTtft: 0, sloTpot: 0, failure: 0 }
const row = (nodeId: string, terms: Partial<typeof none>, ttftMs = 100, tpotMs = 10) => {
  const all = { ...none, ...terms }
  return { nodeId, terms: all, score: Object.values(all).reduce((sum, term) => sum + term, 0), ttftMs, tpotMs }
}
const decision = (chosen: ReturnType<typeof row>, own: unknown[], change: Partial<DecisionRow> = {}): DecisionRow => ({
  receivedAt: new Date(0),
  model: 'm',
  choice: chosen.nodeId,
  explored: false,
  chosen,
  own,
  rejected: [],
  ...change,
})
const mine = new Set(['mine', 'mine2'])

test('each loss is put down to the part in which the node was behind most, with its margin', () => {
  const rival = row('rival', { tokens: 100, latency: 20, generation: 10 })
  const rows = [
    decision(rival, [row('mine', { tokens: 160, latency: 20, generation: 10 })]),
    decision(rival, [row('mine', { tokens: 180, latency: 20, generation: 10 })]),
    decision(rival, [row('mine', { tokens: 190, latency: 20, generation: 10 })]),
    decision(rival, [row('mine', { tokens: 90, latency: 80, generation: 10 }, 400)]),
    decision(rival, [row('mine', { tokens: 100, latency: 20, generation: 90 }, 100, 35)]),
    decision(rival, [row('mine', { tokens: 100, latency: 20, generation: 10, failure: 50 })]),
  ]
  expect(tally(rows, mine).get('mine')).toEqual({
    named: 6,
    won: 0,
    lost: [
      { reason: 'price', count: 3, toOwn: 0, byUsd: 0.00008, byMs: null },
      { reason: 'failure', count: 1, toOwn: 0, byUsd: 0.00005, byMs: null },
      { reason: 'latency', count: 1, toOwn: 0, byUsd: 0.00006, byMs: 300 },
      { reason: 'speed', count: 1, toOwn: 0, byUsd: 0.00008, byMs: 25 },
    ],
    masked: [],
  })
})

test('wins, draws, explorations, siblings and masks are told apart', () => {
  const rival = row('rival', { tokens: 100 })
  const rows = [
    decision(row('mine', { tokens: 1 }), [row('mine', { tokens: 1 }), row('mine2', { tokens: 9 })]),
    decision(rival, [row('mine', { tokens: 100 })]),
    decision(rival, [row('mine', { tokens: 50 })], { explored: true }),
    decision(rival, [], { rejected: [{ nodeId: 'mine', reason: 'outside_residency' }] }),
    decision(rival, [], { rejected: [{ nodeId: 'mine', reason: 'over_price_cap' }] }),
    decision(rival, [], { rejected: [{ nodeId: 'mine', reason: 'outside_residency' }] }),
  ]
  const found = tally(rows, mine)
  expect(found.get('mine')).toMatchObject({
    named: 6,
    won: 1,
    lost: [
      { reason: 'draw', count: 1, byUsd: null },
      { reason: 'exploration', count: 1, byUsd: null },
    ],
    masked: [
      { reason: 'outside_residency', count: 2 },
      { reason: 'over_price_cap', count: 1 },
    ],
  })
  expect(found.get('mine2')).toMatchObject({ won: 0, lost: [{ reason: 'price', count: 1, toOwn: 1 }] })
})

test('rows of others and records of another shape are left out, and nothing names a rival', () => {
  const rival = row('rival', { tokens: 100 })
  const rows = [
    decision(rival, [rival, row('mine', { tokens: 200 })], { rejected: [{ nodeId: 'other', reason: 'full' }] }),
    decision(rival, [{ nodeId: 'mine' }]),
    decision(rival, [row('mine', { tokens: 1 })], { chosen: null, choice: null }),
  ]
  const found = tally(rows, mine)
  expect([...found.keys()]).toEqual(['mine'])
  expect(found.get('mine')).toMatchObject({ named: 2, won: 0, lost: [{ reason: 'price', count: 1 }] })
  expect(JSON.stringify([...found])).not.toMatch(/rival|other/)
})
