/** What a run takes from `scenarios/market.json`: the gateway's and the engine's fixed numbers. */
import { loadMarket, type Market } from '../scenario/load-market.ts'

export interface SimSettings {
  prefillChunkTokens: number
  queueMax: number
  prefixBlockTokens: number
  heartbeatMs: number
  /** How often a gateway looks at how fast its streams on a replica advance. */
  streamWatchMs: number
  linkLossNoticedMs: number
  /** Dispatch → first token at the gateway; later the attempt is given up. */
  attemptTimeoutMs: number
  attemptsMax: number
  /** Arrival → end; later the customer has gone. */
  requestTimeoutMs: number
  /** Requests that arrive earlier are simulated and not counted. */
  warmUpMs: number
  horizonMs: number
  /** For the definition of utilisation. */
  tpotSloMs: number
}

/** The settings of a market (default: the one that ships with the project), some of them replaced. */
export function marketSettings(changes: Partial<SimSettings> = {}, market: Market = loadMarket()): SimSettings {
  return {
    prefillChunkTokens: market.engine.prefillChunkTokens,
    queueMax: market.engine.queueMax,
    prefixBlockTokens: market.prefix.blockTokens,
    heartbeatMs: market.heartbeatMs,
    streamWatchMs: market.streamWatchMs,
    linkLossNoticedMs: market.linkLossNoticedMs,
    attemptTimeoutMs: market.attemptTimeoutMs,
    attemptsMax: market.attemptsMax,
    requestTimeoutMs: market.requestTimeoutMs,
    warmUpMs: market.warmUpMs,
    horizonMs: market.horizonMs,
    tpotSloMs: market.slo.tpotMs,
    ...changes,
  }
}
