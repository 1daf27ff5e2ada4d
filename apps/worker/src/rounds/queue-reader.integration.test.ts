/** What staff see of a queue is what BullMQ holds, and a Redis that is away is an error, not a zero. */
import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { createLogger } from '@isochrone/runtime'
import { openQueueReader, openWakeQueue, startWakeWorker } from '@isochrone/runtime/wake-queue'
import { Queue } from 'bullmq'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'

const logger = createLogger('test', 'fatal')
let stack: TestStack
beforeAll(async () => {
  stack = await startTestStack({ redis: true })
})
afterAll(() => stack?.stop())

test('ids that wait, are looked at and come again are told apart, with schedules and workers', async () => {
  const { redisUrl } = stack
  const reader = openQueueReader({ redisUrl, names: ['leases', 'rounds'], logger })
  const queue = openWakeQueue({ redisUrl, name: 'leases', logger })
  const rounds = new Queue('rounds', { connection: { url: redisUrl } })
  await rounds.upsertJobScheduler('settle', { every: 5_000, startDate: Date.now() + 60_000 }, { name: 'settle' })
  const before = Date.now()
  await queue.addAll(['one', 'two'])
  const [waiting, scheduled] = await reader.read()
  expect(waiting).toMatchObject({ name: 'leases', waiting: 2, active: 0, delayed: 0, workers: 0, paused: false })
  expect(waiting?.oldest?.id).toBe('one')
  expect(waiting?.oldest?.addedAtMs).toBeGreaterThanOrEqual(before)
  expect(scheduled).toMatchObject({
    waiting: 0,
    delayed: 0,
    oldest: null,
    schedules: [{ name: 'settle', everyMs: 5_000 }],
  })
  expect(scheduled?.schedules[0]?.nextAtMs).toBeGreaterThan(before)

  let letGo = (): void => {}
  const held = new Promise<void>((resolve) => (letGo = resolve))
  const look = async (id: string) => {
    if (id === 'one') return { kind: 'again', delayMs: 60_000 } as const
    await held
    return { kind: 'done' } as const
  }
  const worker = startWakeWorker({ redisUrl, name: 'leases', logger, look, concurrency: 2 })
  const leases = async () => (await reader.read())[0]
  await vi.waitFor(
    async () => expect(await leases()).toMatchObject({ waiting: 0, active: 1, delayed: 1, workers: 1 }),
    {
      timeout: 30_000,
    },
  )
  letGo()
  await vi.waitFor(
    async () => expect(await leases()).toMatchObject({ waiting: 0, active: 0, delayed: 1, oldest: null }),
    {
      timeout: 30_000,
    },
  )

  await rounds.pause()
  expect((await reader.read())[1]?.paused).toBe(true)
  await Promise.all([worker.close(), queue.close(), rounds.close(), reader.close()])
})

test('a Redis that is away rejects within seconds', async () => {
  const reader = openQueueReader({ redisUrl: 'redis://127.0.0.1:1', names: ['leases'], logger })
  await expect(reader.read()).rejects.toThrow('Redis did not answer')
  await expect(reader.read()).rejects.toThrow('Redis did not answer')
  await reader.close()
})
