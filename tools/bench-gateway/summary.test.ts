import { expect, test } from 'vitest'
import { rivalNames, type RivalName } from './rivals.ts'
import { medianOf, rowsOf, verdictsOf } from './summary.ts'
import type { Sample } from './sample.ts'

const sampleOf = (name: RivalName, changes: Partial<Sample> = {}): Sample => ({
  name,
  requestsPerSecond: 1_000,
  streamsPerSecond: 100,
  tokensPerSecond: 6_400,
  cpuUsPerRequest: 100,
  cpuUsPerStream: 400,
  agentCpuUsPerRequest: 0,
  agentCpuUsPerStream: 0,
  addedP50Ms: 0.3,
  addedP99Ms: 3,
  addedTtftP50Ms: 0.3,
  addedTtftP99Ms: 1,
  ...changes,
})

test('a row is the median of its rounds, with the least and the most beside it', () => {
  const cpu = [300, 100, 200]
  const rows = rowsOf(cpu.flatMap((cpuUsPerRequest) => rivalNames.map((name) => sampleOf(name, { cpuUsPerRequest }))))
  expect(rows.map(({ name, rounds }) => [name, rounds])).toEqual(rivalNames.map((name) => [name, 3]))
  expect(rows[0]?.cpuUsPerRequest).toBe(200)
  expect(rows[0]?.spread.cpuUsPerRequest).toEqual([100, 300])
  expect(medianOf([4, 1, 3, 2])).toBe(2.5)
})

/** A quiet machine judges by milliseconds; on a noisy one the bare proxy says what milliseconds are worth. */
test('targets hold at their limit and not beyond it', () => {
  const judged = (ours: Partial<Sample>) => {
    const samples = [sampleOf('direct'), sampleOf('bare'), sampleOf('portkey', { cpuUsPerRequest: 1_600 })]
    const rows = rowsOf([...samples, sampleOf('isochrone', ours)])
    return Object.fromEntries(verdictsOf(rows).map(({ what, holds }) => [what, holds]))
  }
  expect(judged({ cpuUsPerRequest: 200 })).toMatchObject({
    'CPU a request ÷ bare': true,
    'CPU a request ÷ Portkey': true,
  })
  expect(judged({ cpuUsPerRequest: 201 })['CPU a request ÷ bare']).toBe(false)
  expect(judged({ addedP50Ms: 0.6, addedP99Ms: 6 })).toMatchObject({
    'added p50, whole answer, ms (0.6 or twice bare)': true,
    'added p99, whole answer, ms (2 or twice bare)': true,
  })
  expect(judged({ addedP99Ms: 6.1 })['added p99, whole answer, ms (2 or twice bare)']).toBe(false)
  expect(judged({ tokensPerSecond: 4_479 })['streamed tokens/s ÷ bare, at least']).toBe(false)
})
