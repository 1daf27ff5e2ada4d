/** Whoever asks money back makes lanes close early; nobody can make them do it all the time. */
import { expect, test } from 'vitest'
import type { Stuck } from '../epochs/settlement-deps.ts'
import { closeForThaws, newCloseMemory, type Thaw } from './close-for-thaws.ts'

const EPOCH_S = 3_600
const INTERVAL_S = EPOCH_S / 4
const DAY_S = 86_400
const begun = (channelId: string, endsAtS: number): Thaw => ({ channelId, endsAtS: BigInt(endsAtS) })

/** Lanes with open receipts on every channel; a lane in `away` does not answer. */
function world(openLanes: (channelId: string) => string[], away = new Set<string>()) {
  let nowS = 1_000_000
  let memory = newCloseMemory()
  const asked: { lane: string; atS: number }[] = []
  const stuck: Stuck[] = []
  const deps = {
    epochs: { openLanes: async (channelId: string) => openLanes(channelId) },
    chain: { head: async () => ({ blockNumber: 1n, blockHash: '0x', nowS }) },
    gateways: {
      async closeEpochs(lanes: readonly string[]) {
        asked.push(...lanes.map((lane) => ({ lane, atS: nowS })))
        return lanes.filter((lane) => !away.has(lane))
      },
    },
    epochMs: EPOCH_S * 1_000,
  }
  return {
    asked,
    stuck,
    away,
    now: () => nowS,
    restart: () => void (memory = newCloseMemory()),
    /** A round a second, as the worker's. */
    run: async (seconds: number, thaws: () => readonly Thaw[]) => {
      for (let second = 0; second < seconds; second++, nowS++) await closeForThaws(deps, thaws(), memory, stuck)
    },
  }
}

test('a lane closes once when a thaw begins, a few times near its end, once after it, and then never', async () => {
  const { asked, run, now } = world(() => ['a'])
  const endsAtS = now() + 30_000
  const thaws = () => [begun('channel', endsAtS)]
  await run(30_000 - 2 * EPOCH_S, thaws)
  expect(asked).toEqual([{ lane: 'a', atS: endsAtS - 30_000 }])
  await run(2 * EPOCH_S, thaws)
  expect(asked.slice(1).map(({ atS }) => endsAtS - atS)).toEqual([8, 7, 6, 5, 4, 3, 2, 1].map((n) => n * INTERVAL_S))
  await run(DAY_S, thaws)
  expect(asked.slice(9)).toEqual([{ lane: 'a', atS: endsAtS }])
})

test('a lane that has signed nothing on the channel is left alone, and so is one of another channel', async () => {
  const { asked, run, now } = world((channelId) => (channelId === 'one' ? ['a', 'b'] : []))
  const endsAtS = now() + 40_000
  await run(100, () => [begun('one', endsAtS), begun('two', endsAtS)])
  expect(asked.map(({ lane }) => lane)).toEqual(['a', 'b'])
})

test('a receipt that comes to light later has its lane closed then', async () => {
  let open: string[] = []
  const { asked, run, now } = world(() => open)
  const thaws = [begun('channel', now() + 40_000)]
  await run(10, () => thaws)
  expect(asked).toEqual([])
  open = ['a']
  await run(10, () => thaws)
  expect(asked).toHaveLength(1)
})

/** The bound holds for all payers together, whether they come one after the other or one asks again and again. */
test('however many thaws begin, near their end or not, a lane closes four times an epoch at most', async () => {
  const { asked, run, now } = world(() => ['a'])
  const startS = now()
  const crowd = () =>
    Array.from({ length: 20 }, (_, i) => begun(`channel ${i}`, startS + 5_000 + ((i + now()) % 9_000)))
  await run(EPOCH_S, crowd)
  expect(asked).toHaveLength(4)
  const gaps = asked.slice(1).map(({ atS }, i) => atS - (asked[i]?.atS ?? 0))
  expect(Math.min(...gaps)).toBeGreaterThanOrEqual(INTERVAL_S)
})

test('a gateway that is away is named and asked again after a while, and the others are not asked for it', async () => {
  const { asked, stuck, away, run, now } = world(() => ['a', 'b'], new Set(['b']))
  const thaws = [begun('channel', now() + 40_000)]
  await run(INTERVAL_S + 1, () => thaws)
  expect(asked.map(({ lane }) => lane)).toEqual(['a', 'b', 'b'])
  expect(stuck.map(({ lane }) => lane)).toEqual(['b', 'b'])
  away.clear()
  await run(2 * INTERVAL_S, () => thaws)
  expect(asked.map(({ lane }) => lane)).toEqual(['a', 'b', 'b', 'b'])
})

test('another request to withdraw is another thaw, and a process that starts anew asks once more', async () => {
  const { asked, run, restart, now } = world(() => ['a'])
  const endsAtS = now() + 80_000
  await run(INTERVAL_S, () => [begun('channel', endsAtS)])
  await run(INTERVAL_S, () => [begun('channel', endsAtS + 1)])
  expect(asked).toHaveLength(2)
  restart()
  await run(INTERVAL_S, () => [begun('channel', endsAtS + 1)])
  expect(asked).toHaveLength(3)
})
