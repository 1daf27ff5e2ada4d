/**
 * Asks every gateway to close its epoch now, and returns once the worker has stored what they closed.
 *
 * Only gateways can close: the lane's key signs. A gateway that signed nothing since its last epoch closes nothing.
 */
import type { Clock } from '@isochrone/domain'
import { redisKeys, type GatewayStatus } from '@isochrone/protocol'
import type { RedisCommands } from '../ports/redis-commands.ts'
import type { SettlementReads } from '../ports/settlement-reads.ts'

export interface CloseEpochDeps {
  redis: RedisCommands
  gateways(): Promise<GatewayStatus[]>
  settlement: Pick<SettlementReads, 'uncoveredByLane' | 'closedSince'>
  clock: Clock
  sleep(ms: number): Promise<unknown>
}

export interface ClosedNow {
  epochs: { lane: string; epoch: number }[]
  /** False when time ran out before every live gateway had answered and its receipts were stored. */
  complete: boolean
}

const POLL_MS = 100
/** A gateway that closed nothing by then had nothing to close. */
const QUIET_MS = 2_000
const GATEWAY_SILENCE_MS_MAX = 10_000

export async function closeEpochNow(deps: CloseEpochDeps, { timeoutMs = 20_000 } = {}): Promise<ClosedNow> {
  const startMs = deps.clock.nowMs()
  await deps.redis.call('PUBLISH', redisKeys.closeEpoch, JSON.stringify({ atMs: startMs }))
  for (;;) {
    await deps.sleep(POLL_MS)
    const nowMs = deps.clock.nowMs()
    const live = (await deps.gateways()).filter((gateway) => nowMs - gateway.seenAtMs <= GATEWAY_SILENCE_MS_MAX)
    const closed = await deps.settlement.closedSince(startMs)
    const open = new Set((await deps.settlement.uncoveredByLane()).map(({ lane }) => lane))
    const closedLanes = new Set(closed.map(({ lane }) => lane))
    const quiet = nowMs - startMs >= QUIET_MS
    const complete =
      live.every(({ lane }) => closedLanes.has(lane) || (quiet && !open.has(lane))) && (quiet || live.length > 0)
    if (complete || nowMs - startMs >= timeoutMs) {
      return { epochs: closed.map(({ lane, epoch }) => ({ lane, epoch: Number(epoch) })), complete }
    }
  }
}
