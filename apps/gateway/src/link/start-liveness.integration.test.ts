/** What the rest of the platform learns of this gateway through the real Redis. */
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { gatewayStatus, nodeLiveness, redisKeys } from '@isochrone/protocol'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { laneId, nodeId, silentLogger } from '../lane/lane-fixtures.ts'
import type { NodeSession, Sessions } from '../ports.ts'
import { startLiveness } from './start-liveness.ts'

let stack: TestStack
let redis: Redis
beforeAll(async () => {
  stack = await startTestStack({ redis: true })
  redis = new Redis(stack.redisUrl, { maxRetriesPerRequest: null })
  await redis.ping()
})
afterAll(async () => {
  redis?.disconnect()
  await stack?.stop()
})

const session = {
  nodeId,
  models: [],
  inventory: { hardware: 'CPU' },
  concurrencyMax: 4,
  simulatedRttMs: null,
  linkedSinceMs: 1,
  rttMs: 2,
  activeStreams: 1,
  reported: null,
} as unknown as NodeSession

test('linked nodes and the gateway appear within a moment, go when they go, and leave nothing at the end', async () => {
  let linked: NodeSession[] = [session]
  const sessions: Sessions = {
    all: () => linked,
    byNode: () => undefined,
    onChange: () => undefined,
    onReport: () => undefined,
  }
  const liveness = startLiveness({
    redis,
    sessions,
    lane: laneId,
    publicUrl: 'http://127.0.0.1:4001',
    region: 'local',
    measurementsOf: () => ({ ttftP50Ms: 5, ttftP95Ms: 9, tokensPerSecond: null, estimate: null }),
    status: () => ({ ready: true, activeRequests: 3 }),
    logger: silentLogger,
    intervalMs: 20,
  })
  await vi.waitFor(async () => {
    const row = nodeLiveness.parse(JSON.parse((await redis.hget(redisKeys.nodes, nodeId)) ?? '{}'))
    expect(row).toMatchObject({ lane: laneId, ttftP95Ms: 9, activeStreams: 1 })
  }, 20_000)
  const status = gatewayStatus.parse(JSON.parse((await redis.hget(redisKeys.gateways, laneId)) ?? '{}'))
  expect(status).toMatchObject({ ready: true, activeRequests: 3 })
  linked = []
  await vi.waitFor(async () => expect(await redis.hget(redisKeys.nodes, nodeId)).toBeNull(), 20_000)
  linked = [session]
  await vi.waitFor(async () => expect(await redis.hget(redisKeys.nodes, nodeId)).not.toBeNull(), 20_000)
  await liveness.stop()
  expect([await redis.hlen(redisKeys.nodes), await redis.hlen(redisKeys.gateways)]).toEqual([0, 0])
})
