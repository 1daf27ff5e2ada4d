/** Tells which nodes the gateways see, by the liveness that they write to Redis. */
import { addressToBytes32, nodeLiveness, redisKeys } from '@isochrone/protocol'
import { Redis } from 'ioredis'

export interface NodeWatch {
  /** True once a gateway has heard the node since then (ms of the clock): entries of an earlier run stay in Redis. */
  seenSince(address: `0x${string}`, sinceMs: number): Promise<boolean>
  close(): void
}

export function watchNodes(redisUrl: string): NodeWatch {
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: 2 })
  redis.on('error', () => {})
  return {
    async seenSince(address, sinceMs) {
      const nodeId = addressToBytes32(address)
      const reports = Object.values(await redis.hgetall(redisKeys.nodes)).map((text) =>
        nodeLiveness.parse(JSON.parse(text)),
      )
      return reports.some((report) => report.nodeId === nodeId && report.seenAtMs >= sinceMs)
    },
    close: () => redis.disconnect(),
  }
}
