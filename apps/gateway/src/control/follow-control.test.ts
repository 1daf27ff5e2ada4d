import { createLogger } from '@isochrone/runtime'
import { expect, test } from 'vitest'
import type { ApiKeyState, ControlSnapshot } from '@isochrone/protocol'
import { createControlStore } from './control-state.ts'
import { CONTROL_STALE_MS_MAX, followControl, type StreamEntry } from './follow-control.ts'

const logger = createLogger('test', 'silent')
const key = (keyId: string, enabled = true, keyHash = `hash-${keyId}`): ApiKeyState => ({
  kind: 'api-key',
  keyId,
  keyHash,
  orgId: 'org_1',
  enabled,
  expiresAtMs: null,
})
const event = (version: number, state: unknown): StreamEntry => [
  `${version}-0`,
  ['event', JSON.stringify({ version, state })],
]

/** A control plane of which the test moves both ends. */
function plane() {
  const stream: StreamEntry[] = []
  const database: ControlSnapshot = { version: 1, states: [key('a')] }
  const state = { loads: 0, fails: false, databaseFails: false, nowMs: 0 }
  const store = createControlStore()
  const follower = followControl({
    store,
    logger,
    nowMs: () => state.nowMs,
    loadSnapshot: async () => {
      state.loads++
      if (state.databaseFails) throw new Error('away')
      return structuredClone(database)
    },
    readAfter: async (version) => {
      if (state.fails) throw new Error('away')
      const entries = stream.filter(([id]) => Number(id.split('-')[0]) > version)
      if (entries.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
      return entries
    },
  })
  return { stream, database, state, store, follower }
}

test('is ready only with a snapshot, then follows events in order', async () => {
  const { stream, store, follower } = plane()
  expect(follower.ready()).toBe(false)
  await expect.poll(() => follower.ready()).toBe(true)
  expect(store.keyByHash('hash-a')?.enabled).toBe(true)
  stream.push(event(2, key('b')), event(3, key('a', false)))
  await expect.poll(() => store.version).toBe(3)
  expect(store.keyByHash('hash-a')?.enabled).toBe(false)
  expect(store.keyByHash('hash-b')?.enabled).toBe(true)
  await follower.stop()
})

test('a gap or an entry that is not ours reloads everything', async () => {
  const { stream, database, state, store, follower } = plane()
  await expect.poll(() => follower.ready()).toBe(true)
  database.version = 5
  database.states = [key('c')]
  stream.push(event(5, key('c')))
  await expect.poll(() => store.version).toBe(5)
  expect(store.keyByHash('hash-a')).toBeUndefined()
  const { loads } = state
  database.version = 6
  stream.push(event(6, { kind: 'nonsense' }))
  await expect.poll(() => store.version).toBe(6)
  expect(state.loads).toBeGreaterThan(loads)
  await follower.stop()
})

test('while the stream is away, a revocation still arrives, from the database', async () => {
  const { database, state, store, follower } = plane()
  await expect.poll(() => follower.ready()).toBe(true)
  state.fails = true
  await new Promise((resolve) => setTimeout(resolve, 20))
  database.version = 2
  database.states = [key('a', false)]
  await expect.poll(() => store.keyByHash('hash-a')?.enabled).toBe(false)
  await follower.stop()
})

test('a key whose secret was replaced is gone under the old one', () => {
  const store = createControlStore()
  store.replace({ version: 1, states: [key('a', true, 'old')] })
  store.apply(2, key('a', true, 'new'))
  expect(store.keyByHash('old')).toBeUndefined()
  expect(store.keyByHash('new')?.keyId).toBe('a')
})

/** A gateway that hears nothing knows no revocation: it must not serve by old keys for ever. */
test('without a word of either store for a minute it is not ready, and is again with the first', async () => {
  const { database, state, store, follower } = plane()
  await expect.poll(() => follower.ready()).toBe(true)
  // Idle, and Redis away alone: each step that comes to something keeps it ready.
  for (const fails of [false, true]) {
    state.fails = fails
    for (let minutes = 0; minutes < 3; minutes++) {
      state.nowMs += CONTROL_STALE_MS_MAX
      const { loads } = state
      if (fails) await expect.poll(() => state.loads, { timeout: 10_000 }).toBeGreaterThan(loads)
      await expect.poll(() => follower.ready(), { timeout: 10_000 }).toBe(true)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  state.databaseFails = true
  const { loads } = state
  await expect.poll(() => state.loads, { timeout: 10_000 }).toBeGreaterThan(loads)
  state.nowMs += CONTROL_STALE_MS_MAX / 2
  expect([follower.ready(), follower.notReady()]).toEqual([true, null])
  state.nowMs += CONTROL_STALE_MS_MAX / 2 + 1
  expect(follower.ready()).toBe(false)
  expect(follower.notReady()).toContain('for 60 s')

  database.version = 2
  database.states = [key('a', false)]
  state.databaseFails = false
  await expect.poll(() => follower.ready(), { timeout: 10_000 }).toBe(true)
  expect(store.keyByHash('hash-a')?.enabled).toBe(false)
  await follower.stop()
})
