/** Waits until the demo team's balance is on the chain and gateways may spend it, so that the printed curl works at once. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createDb } from '@isochrone/db'
import { redisKeys } from '@isochrone/protocol'
import { Redis } from 'ioredis'
import { StartError } from '../start-error.ts'

/** @throws StartError when the worker does not get there in time, with the order's own error where it has one. */
export async function waitUntilSpendable(
  { databaseUrl, redisUrl }: { databaseUrl: string; redisUrl: string },
  signal?: AbortSignal,
  limitMs = 60_000,
): Promise<void> {
  const db = createDb(databaseUrl, { connectionsMax: 1 })
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: 2 })
  redis.on('error', () => {})
  try {
    const team = await db.organization.findUnique({ where: { slug: 'acme-research' }, select: { id: true } })
    const channels = await db.channel.findMany({
      where: { custody: 'managed', orgId: team?.id ?? '' },
      select: { id: true },
    })
    for (const deadline = Date.now() + limitMs; Date.now() < deadline; await sleep(100)) {
      signal?.throwIfAborted()
      const limits = await Promise.all(channels.map(({ id }) => redis.hget(redisKeys.budget(id), 'limit')))
      if (limits.every((limit) => limit !== null && limit !== '0')) return
    }
    const failed = await db.fundingOrder.findFirst({ where: { status: 'failed' }, orderBy: { createdAt: 'desc' } })
    throw new StartError(
      `The demo balance was not funded within ${limitMs / 1_000} s${failed?.error ? ` (${failed.error})` : ''}; see .data/logs/worker.log.`,
    )
  } finally {
    redis.disconnect()
    await db.$disconnect()
  }
}
