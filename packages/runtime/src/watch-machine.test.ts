import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'
import { readProcessorTime, stolenBetween, watchMachine } from './watch-machine.ts'

/** proc_stat(5); the guest's time, ninth, is counted in the user's already. */
const stat = 'cpu  100 10 20 700 40 5 25 100 60 0\ncpu0 50 5 10 350 20 2 13 50 30 0\nintr 12345\n'

test('the share that another machine had is of all processors, and counts a guest once', () => {
  const before = readProcessorTime(stat)
  expect(before).toEqual({ stolen: 100, all: 1_000 })
  expect(stolenBetween(before, { stolen: 150, all: 1_200 })).toBe(0.25)
})

test('nothing is said of time that was not counted, or did not pass', () => {
  const time = { stolen: 1, all: 10 }
  expect([stolenBetween(null, time), stolenBetween(time, null), stolenBetween(time, time)]).toEqual([null, null, null])
})

test('tells of this machine', () => {
  const machine = watchMachine()()
  expect(machine).toMatchObject({
    cores: availableParallelism(),
    node: process.version,
    cpu: expect.stringMatching(/./),
  })
  expect(machine.loadBefore).toBeGreaterThanOrEqual(0)
  expect(machine.loadAfter).toBeGreaterThanOrEqual(0)
})
