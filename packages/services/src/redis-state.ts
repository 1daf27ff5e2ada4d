/**
 * Redis as the web's side sees it: what gateways report, and the stream on which they hear of changes.
 *
 * Written against the few commands it uses, so any client fits; ioredis does. Reads degrade to "nothing is live".
 */
import { gatewayStatus, nodeLiveness, redisKeys, type GatewayStatus, type NodeLiveness } from '@isochrone/protocol'
import type { LiveState } from './ports/live-state.ts'

export interface RedisReader {
  hgetall(key: string): Promise<Record<string, string>>
  hmget(key: string, ...fields: string[]): Promise<(string | null)[]>
  xlen(key: string): Promise<number>
}

export function redisLiveState(redis: RedisReader): LiveState {
  return {
    async nodes() {
      const entries = await redis.hgetall(redisKeys.nodes).catch(() => ({}))
      const nodes = new Map<string, NodeLiveness>()
      for (const [nodeId, text] of Object.entries(entries)) {
        const parsed = nodeLiveness.safeParse(jsonOf(text))
        if (parsed.success) nodes.set(nodeId, parsed.data)
      }
      return nodes
    },
    async nodesById(nodeIds) {
      const nodes = new Map<string, NodeLiveness>()
      if (nodeIds.length === 0) return nodes
      const texts = await redis.hmget(redisKeys.nodes, ...nodeIds).catch(() => [])
      for (const [index, text] of texts.entries()) {
        const nodeId = nodeIds[index]
        const parsed = text === null ? undefined : nodeLiveness.safeParse(jsonOf(text))
        if (nodeId !== undefined && parsed?.success) nodes.set(nodeId, parsed.data)
      }
      return nodes
    },
    async gateways() {
      const entries = await redis.hgetall(redisKeys.gateways).catch(() => ({}))
      return Object.values(entries).flatMap((text): GatewayStatus[] => {
        const parsed = gatewayStatus.safeParse(jsonOf(text))
        return parsed.success ? [parsed.data] : []
      })
    },
    receiptsBacklog: () => redis.xlen(redisKeys.receipts).catch(() => 0),
  }
}

function jsonOf(text: unknown): unknown {
  try {
    return JSON.parse(String(text))
  } catch {
    return null
  }
}
