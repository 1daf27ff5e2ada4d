/** Who finds the waiting room full must not pass those who wait in it. */
import { manualClock } from '@isochrone/domain'
import { parseRoutingPolicy, mergeRouting, type PlacementRequest } from '@isochrone/scheduler'
import { expect, test } from 'vitest'
import type { Placer, Placed, Refused } from './place-request.ts'
import { createWaitingRoom, isPlaced } from './waiting-room.ts'

test('a full room refuses without looking for a place', async () => {
  let looks = 0
  let isOpen = false
  const request = {
    tokensIn: 1,
    tokensOutExpected: 1,
    policy: mergeRouting({ request: parseRoutingPolicy({}).policy }),
  } as unknown as PlacementRequest
  const placer = {
    place() {
      looks++
      return (isOpen ? { ticket: {} } : { reason: 'full', retryAfterMs: 500, record: { rejected: [] } }) as unknown as
        | Placed
        | Refused
    },
  } as unknown as Placer
  const room = createWaitingRoom({ placer, onRoom: () => {}, clock: manualClock() })
  const gone = new AbortController()
  const input = { model: 'm', tenant: 't', request, patienceMs: 5_000, signal: gone.signal }
  const waiting = Array.from({ length: 512 }, () => room.place(input).catch(() => 'left'))
  await Promise.resolve()
  const before = looks
  isOpen = true
  const outcome = await room.place(input)
  expect(isPlaced(outcome)).toBe(false)
  expect(outcome).toMatchObject({ roomFull: true, reason: 'full', record: null })
  expect(looks).toBe(before)
  gone.abort()
  await Promise.all(waiting)
})

/** Places that came at once while nobody waited for minutes in between are no reason to send anybody away for a minute. */
test('how long to stay away follows from how fast places come to those that wait, not from quiet times', async () => {
  const clock = manualClock()
  let isOpen = false
  let freed: (model: string) => void = () => {}
  const placer = {
    place: () =>
      (isOpen ? { ticket: {} } : { reason: 'full', retryAfterMs: 100, record: { rejected: [] } }) as unknown as
        | Placed
        | Refused,
  } as unknown as Placer
  const room = createWaitingRoom({ placer, onRoom: (listener) => void (freed = listener), clock })
  const request = {
    tokensIn: 1,
    tokensOutExpected: 1,
    policy: mergeRouting({ request: parseRoutingPolicy({}).policy }),
  } as unknown as PlacementRequest
  const gone = new AbortController()
  const input = { model: 'm', tenant: 't', request, patienceMs: 60_000, signal: gone.signal }
  for (let round = 0; round < 3; round++) {
    isOpen = false
    const waiting = room.place(input)
    clock.advanceMs(200)
    isOpen = true
    freed('m')
    expect(isPlaced(await waiting)).toBe(true)
    clock.advanceMs(60_000)
  }
  isOpen = false
  // Whoever comes back would stand behind this one.
  const stays = room.place(input).catch(() => 'left')
  const refused = await room.place({ ...input, patienceMs: 1 })
  expect(refused).toMatchObject({ reason: 'full', retryAfterMs: 200 })
  gone.abort()
  await stays
})

/** A stream whose node dies while its gateway drains is not dropped for want of a place at that moment. */
test('a room that is closed to new requests keeps those that run, and takes more of them, until it is closed to all', async () => {
  let isOpen = false
  let freed: (model: string) => void = () => {}
  const placer = {
    place: () =>
      (isOpen ? { ticket: {} } : { reason: 'full', retryAfterMs: 100, record: { rejected: [] } }) as unknown as
        | Placed
        | Refused,
  } as unknown as Placer
  const room = createWaitingRoom({ placer, onRoom: (listener) => void (freed = listener), clock: manualClock() })
  const request = {
    tokensIn: 1,
    tokensOutExpected: 1,
    policy: mergeRouting({ request: parseRoutingPolicy({}).policy }),
  } as unknown as PlacementRequest
  const { signal } = new AbortController()
  const input = { model: 'm', tenant: 't', request, patienceMs: 60_000, signal }
  const fresh = room.place(input)
  const before = room.place({ ...input, isRunning: true })
  room.close(new Error('stops'), 'new')
  await expect(fresh).rejects.toThrow('stops')
  const later = room.place({ ...input, isRunning: true })
  expect(room.size).toBe(2)
  isOpen = true
  freed('m')
  expect([isPlaced(await before), isPlaced(await later)]).toEqual([true, true])
  isOpen = false
  expect(isPlaced(await room.place(input))).toBe(false)
  const last = room.place({ ...input, isRunning: true })
  room.close(new Error('ends'), 'all')
  await expect(last).rejects.toThrow('ends')
  expect(isPlaced(await room.place({ ...input, isRunning: true }))).toBe(false)
})
