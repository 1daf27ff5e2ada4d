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
