import { expect, test } from 'vitest'
import { drawArrivals, scenarios, ttftSloMsOf } from './slo-plan.ts'
import { rowOf, tableOf, type Sent } from './slo-row.ts'

const late = { gatewaysMs: 0, nodesMs: 0, loadMs: 0 }
const counters = { declines: 0, hedges: 0, moves: 0 }
const served: Sent = {
  tokensIn: 1_000,
  requestId: 'r',
  status: 200,
  whole: true,
  ttftMs: 500,
  durationMs: 800,
  tokensOut: 11,
}

test('a round counts each request once: kept, late, slow, refused or failed', () => {
  const sent: Sent[] = [
    served,
    { ...served, ttftMs: ttftSloMsOf(1_000) + 1, durationMs: 900 },
    { ...served, durationMs: 1_001 },
    { ...served, status: 503, ttftMs: Number.NaN },
    { ...served, status: 502, ttftMs: Number.NaN },
    { ...served, whole: false },
  ]
  const row = rowOf({ variant: 'v', round: 1 }, sent, counters, new Map(), late)
  const counts = { sent: 6, inSlo: 1, lateFirst: 1, lateFurther: 1, refused: 1, refusedWhileOneFits: 0, failed: 2 }
  expect(row).toMatchObject(counts)
  expect(tableOf([row])).toContain('16.7 %')
})

/** Variants are compared by the same prompts at the same times. */
test('a seed draws the same prompts, about as many and as long as asked, and no two begin alike', () => {
  const [bounds] = scenarios
  if (!bounds) throw new Error('there are scenarios')
  const arrivals = drawArrivals(bounds, 60, 7)
  expect(drawArrivals(bounds, 60, 7)).toEqual(arrivals)
  expect(Math.abs(arrivals.length / (60 * bounds.ratePerS) - 1)).toBeLessThan(0.15)
  const mean = arrivals.reduce((sum, { tokensIn }) => sum + tokensIn, 0) / arrivals.length
  expect(Math.abs(mean / bounds.tokensInMean - 1)).toBeLessThan(0.15)
  expect(new Set(arrivals.map(({ prompt }) => prompt.slice(0, 64))).size).toBe(arrivals.length)
  for (const { prompt, tokensIn } of arrivals) expect(prompt.length).toBe(4 * (tokensIn - 1))
})
