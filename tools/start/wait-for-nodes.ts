/** Waits until the gateways have seen every node of the demo, by the liveness that they write to Redis. */
import { setTimeout as sleep } from 'node:timers/promises'
import { nodeLiveness, redisKeys } from '@isochrone/protocol'
import { Redis } from 'ioredis'
import { StartError } from './start-error.ts'

/** @throws StartError when they do not all come up in time. */
export async function waitForNodes(
  redisUrl: string,
  count: number,
  signal?: AbortSignal,
  limitMs = 60_000,
): Promise<void> {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: 2 })
  redis.on('error', () => {})
  try {
    const startedAtMs = Date.now()
    const deadline = startedAtMs + limitMs
    let seen = 0
    while (Date.now() < deadline) {
      signal?.throwIfAborted()
      const reports = Object.values(await redis.hgetall(redisKeys.nodes)).map((text) =>
        nodeLiveness.parse(JSON.parse(text)),
      )
      // Entries of an earlier run stay in Redis; only those of this one count.
      seen = reports.filter(({ seenAtMs }) => seenAtMs >= startedAtMs).length
      if (seen >= count) return
      await sleep(100)
    }
    throw new StartError(
      `Only ${seen} of ${count} nodes came up within ${limitMs / 1_000} s; their logs are in .data/logs/agent-*.log.`,
    )
  } finally {
    redis.disconnect()
  }
}
