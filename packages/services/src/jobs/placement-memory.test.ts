import { expect, test } from 'vitest'
import { endedWithJob, placementMemoryOf, withEnd, withTry } from './placement-memory.ts'

const begun = withTry(placementMemoryOf(null), { engine: 'x' }, { attempt: 0, nodeId: '0x01', atMs: 1_000 })

test('a job that is over shows no try that still runs, however its answer came', () => {
  const over = { finishedAt: new Date(1_500), error: null }
  expect(endedWithJob(begun, { ...over, status: 'succeeded' }).tries).toEqual([
    { attempt: 0, nodeId: '0x01', atMs: 1_000, endedAtMs: 1_500, outcome: 'answered', message: null },
  ])
  expect(endedWithJob(begun, { ...over, status: 'failed', error: 'no' }).tries[0]).toMatchObject({ outcome: 'failed' })
  expect(endedWithJob(begun, { ...over, status: 'cancelled' }).tries[0]).toMatchObject({ outcome: 'lost' })
})

test('a try that runs stays so, and one that ended keeps its end', () => {
  expect(endedWithJob(begun, { status: 'running', finishedAt: null, error: null })).toBe(begun)
  const refused = withEnd(begun, { outcome: 'refused', message: 'full', atMs: 1_200 })
  expect(endedWithJob(refused, { status: 'failed', finishedAt: new Date(9_000), error: 'late' })).toBe(refused)
})
