/** Who finds the waiting room full must not pass those who wait in it. */
import { manualClock } from '@isochrone/domain'
import { parseRoutingPolicy, mergeRouting, type PlacementRequest } from '@isochrone/scheduler'
import { expect, test } from 'vitest'
import { createWaitingRoom, isPlaced } from './waiting-room.ts'
import type { Placer, Placed, Refused } from './placer.ts'

const policyOf = (routing: object) => mergeRouting({ request: parseRoutingPolicy(routing).policy })

/** A market that is full until it is opened, of which every look is counted, and a request to it. */
function fullMarket() {
  const clock = manualClock()
  const gone = new AbortController()
  let freed: (model: string) => void = () => {}
  const market = { isOpen: false, looks: 0, wake: () => freed('m') }
  const placer = {
    place() {
      market.looks++
      const full = { reason: 'full', retryAfterMs: 100, record: { rejected: [] } }
      return (market.isOpen ? { ticket: {} } : full) as unknown as Placed | Refused
    },
  } as unknown as Placer
  const room = createWaitingRoom({ placer, onRoom: (listener) => void (freed = listener), clock })
  const request = { tokensIn: 1, tokensOutExpected: 1, policy: policyOf({}) } as unknown as PlacementRequest
  const input = { model: 'm', tenant: 't', request, patienceMs: 60_000, signal: gone.signal }
  return { clock, market, room, input, leave: () => gone.abort() }
}

test('a full room refuses without looking for a place', async () => {
  const { market, room, input, leave } = fullMarket()
  const waiting = Array.from({ length: 512 }, () => room.place(input).catch(() => 'left'))
  await Promise.resolve()
  const before = market.looks
  market.isOpen = true
  const outcome = await room.place(input)
  expect(isPlaced(outcome)).toBe(false)
  expect(outcome).toMatchObject({ roomFull: true, reason: 'full', record: null })
  expect(market.looks).toBe(before)
  leave()
  await Promise.all(waiting)
})

/** Places that came at once while nobody waited for minutes in between are no reason to send anybody away for a minute. */
test('how long to stay away follows from how fast places come to those that wait, not from quiet times', async () => {
  const { clock, market, room, input, leave } = fullMarket()
  for (let round = 0; round < 3; round++) {
    market.isOpen = false
    const waiting = room.place(input)
    clock.advanceMs(200)
    market.isOpen = true
    market.wake()
    expect(isPlaced(await waiting)).toBe(true)
    clock.advanceMs(60_000)
  }
  market.isOpen = false
  // Whoever comes back would stand behind this one.
  const stays = room.place(input).catch(() => 'left')
  const refused = await room.place({ ...input, patienceMs: 1 })
  expect(refused).toMatchObject({ reason: 'full', retryAfterMs: 200 })
  leave()
  await stays
})

/** A stream whose node dies while its gateway drains is not dropped for want of a place at that moment. */
test('a room that is closed to new requests keeps those that run, and takes more of them, until it is closed to all', async () => {
  const { market, room, input } = fullMarket()
  const fresh = room.place(input)
  const before = room.place({ ...input, isRunning: true })
  room.close(new Error('stops'), 'new')
  await expect(fresh).rejects.toThrow('stops')
  const later = room.place({ ...input, isRunning: true })
  expect(room.size).toBe(2)
  market.isOpen = true
  market.wake()
  expect([isPlaced(await before), isPlaced(await later)]).toEqual([true, true])
  market.isOpen = false
  expect(isPlaced(await room.place(input))).toBe(false)
  const last = room.place({ ...input, isRunning: true })
  room.close(new Error('ends'), 'all')
  await expect(last).rejects.toThrow('ends')
  expect(isPlaced(await room.place({ ...input, isRunning: true }))).toBe(false)
})

/** Each with its own size and its own time: what holds up one says nothing of those behind it. */
function timedRoom() {
  const clock = manualClock()
  const fits = new Set<string>()
  let freed: (model: string) => void = () => {}
  const placer = {
    place: (_model: string, { requestId }: PlacementRequest) =>
      (fits.has(requestId)
        ? { ticket: {} }
        : { reason: 'no_slack', retryAfterMs: 100, record: { rejected: [] } }) as unknown as Placed | Refused,
  } as unknown as Placer
  const room = createWaitingRoom({ placer, onRoom: (listener) => void (freed = listener), clock, self: 'a' })
  const gone = new AbortController()
  const placed: string[] = []
  const wait = (requestId: string, patienceMs: number): void => {
    const policy = policyOf({ ttft_slo_ms: patienceMs })
    const request = { requestId, tokensIn: 10_000, tokensOutExpected: 1, policy } as unknown as PlacementRequest
    const input = { model: 'm', tenant: 't', request, patienceMs, signal: gone.signal }
    room.place(input).then(
      (outcome) => isPlaced(outcome) && placed.push(requestId),
      () => undefined,
    )
  }
  const wake = async (): Promise<void> => {
    freed('m')
    await new Promise((resolve) => setImmediate(resolve))
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { clock, fits, room, wait, wake, placed, stop: () => gone.abort() }
}

test('a request that no node can serve in time now holds up none behind it that one can', async () => {
  const { fits, wait, wake, placed, stop } = timedRoom()
  wait('long', 4_000)
  wait('short', 500)
  wait('also short', 500)
  await wake()
  expect(placed).toEqual([])
  fits.add('short').add('also short')
  await wake()
  expect(placed).toEqual(['short', 'also short'])
  fits.add('long')
  await wake()
  expect(placed).toEqual(['short', 'also short', 'long'])
  stop()
})

test('who has half a second leaves no second of it to those who wait at another gateway', async () => {
  const { clock, fits, room, wait, wake, placed, stop } = timedRoom()
  room.hear({ model: 'm', news: { from: 'b', sequence: 1, level: 0, floor: 0, served: [] } }, clock.nowMs())
  room.charge('m', 't', { tokensIn: 100_000, tokensOut: 0 }, 0)
  wait('short', 500)
  fits.add('short')
  await wake()
  expect(placed).toEqual([])
  clock.advanceMs(60)
  await wake()
  expect(placed).toEqual(['short'])
  stop()
})
