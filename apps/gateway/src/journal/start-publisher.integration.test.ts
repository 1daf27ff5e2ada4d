import { startTestStack, type TestStack } from '@isochrone/local-stack'
import { createLogger } from '@isochrone/runtime'
import { Redis } from 'ioredis'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Journal } from './journal.ts'
import { openJournal } from './open-journal.ts'
import { startPublisher } from './start-publisher.ts'

let stack: TestStack
let redis: Redis
beforeAll(async () => {
  stack = await startTestStack({ redis: true })
  redis = new Redis(stack.redisUrl, { maxRetriesPerRequest: null, retryStrategy: () => 50 })
  redis.on('error', () => undefined)
})
afterAll(async () => {
  redis?.disconnect()
  await stack?.stop()
})

const logger = createLogger('test', 'silent')
let counter = 0

async function setUp() {
  const dir = join(stack.dir, `journal-${counter}`)
  const stream = `test:${counter++}`
  const journal = await openJournal({ dir, segmentBytesMax: 500 })
  return { journal, dir, stream, options: { journal, redis, dir, logger, stream } }
}

const append = (journal: Journal, from: number, to: number): Promise<void[]> =>
  Promise.all(
    Array.from(
      { length: to - from },
      (_, i) => journal.append((from + i) % 2 ? 'local' : 'published', from + i).durable,
    ),
  )

async function published(stream: string): Promise<number[]> {
  const rows = await redis.xrange(stream, '-', '+')
  return rows.map(([, fields]) => Number(fields[1]))
}

const evens = (to: number): number[] => Array.from({ length: to / 2 }, (_, i) => i * 2)

test('published entries reach the stream once and in order while all is well, and a restart goes on from there', async () => {
  const { journal, stream, options } = await setUp()
  await append(journal, 0, 40)
  const first = await startPublisher(options)
  await append(journal, 40, 100)
  await vi.waitFor(async () => expect(await published(stream)).toEqual(evens(100)), 20_000)
  await vi.waitFor(() => expect(first.lagRecords).toBe(0), 20_000)
  await first.stop()
  await append(journal, 100, 140)
  const second = await startPublisher(options)
  await vi.waitFor(async () => expect(await published(stream)).toEqual(evens(140)), 20_000)
  await second.stop()
  await journal.close()
})

test('nothing is lost when Redis is killed in between: entries may come twice, never in a wrong first order', async () => {
  const { journal, stream, options } = await setUp()
  const publisher = await startPublisher(options)
  await append(journal, 0, 50)
  await vi.waitFor(async () => expect(await published(stream)).toEqual(evens(50)), 20_000)
  const crash = stack.crash('redis')
  await append(journal, 50, 400)
  await crash
  await vi.waitFor(
    async () => {
      const seen = await published(stream)
      expect([...new Set(seen)]).toEqual(evens(400))
    },
    { timeout: 30_000 },
  )
  await publisher.stop()
  await journal.close()
})
