/** Which gateways say that they live: in Redis each second, read with everything else that is read each second. */
import { gatewayStatus } from '@isochrone/protocol'

export interface LiveGateways {
  /** Learns from the values of the hash of gateways. */
  learn(texts: readonly string[], nowMs: number): void
  /** Seen within some seconds, this one included. */
  serving(nowMs: number): number
  /** Whether it lives, or lived a short while ago: a gateway that restarts keeps its nodes. */
  isKnown(lane: string, nowMs: number): boolean
}

const SERVING_MS = 5_000
const KNOWN_MS = 300_000
/** More are not kept apart: nobody but gateways writes this hash. */
const GATEWAYS_MAX = 1_024

export function createLiveGateways(ownLane: string): LiveGateways {
  const seenAtMs = new Map<string, number>()
  const others = (nowMs: number, withinMs: number): number =>
    [...seenAtMs].filter(([lane, at]) => lane !== ownLane && nowMs - at < withinMs).length
  return {
    learn(texts, nowMs) {
      for (const text of texts.slice(0, GATEWAYS_MAX)) {
        const parsed = gatewayStatus.safeParse(jsonOf(text))
        // A clock that is ahead keeps nobody alive for longer.
        if (parsed.success) seenAtMs.set(parsed.data.lane, Math.min(nowMs, parsed.data.seenAtMs))
      }
      for (const [lane, at] of seenAtMs) if (nowMs - at > KNOWN_MS) seenAtMs.delete(lane)
    },
    serving: (nowMs) => 1 + others(nowMs, SERVING_MS),
    isKnown: (lane, nowMs) => lane === ownLane || nowMs - (seenAtMs.get(lane) ?? Number.NEGATIVE_INFINITY) < KNOWN_MS,
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
