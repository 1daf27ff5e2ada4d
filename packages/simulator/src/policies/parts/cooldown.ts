/**
 * LiteLLM's cooldown of a deployment: out of every pick for 5 s after a 429, after more than `allowed_fails` = 3 failures
 * in a minute, or when more than half of at least 5 requests of the current minute failed.
 *
 * Source: docs.litellm.ai/docs/routing, "Cooldowns" (allowed_fails 3, cooldown_time 5 s) and "When are deployments cooled
 * down?" (429 at once; > 50 % failures in the current minute, at least 5 requests), page of 2026-10-03.
 */
import type { PolicyInstance } from '../../sim-types.ts'

export const cooldownMs = 5000
export const allowedFails = 3
const failedShareMax = 0.5
const requestsMin = 5

export interface Cooldown {
  isCooling(replica: number, nowMs: number): boolean
  /** Time until the first of these is back, ms; 0 when one is not cooling. */
  firstBackMs(replicas: readonly number[], nowMs: number): number
  hooks: Pick<PolicyInstance, 'onEnd'>
}

export function createCooldown(count: number): Cooldown {
  const untilMs = new Float64Array(count)
  const minute = new Float64Array(count).fill(-1)
  const failed = new Float64Array(count)
  const ended = new Float64Array(count)
  return {
    isCooling: (replica, nowMs) => (untilMs[replica] ?? 0) > nowMs,
    firstBackMs: (replicas, nowMs) =>
      replicas.length === 0 ? 0 : Math.max(0, Math.min(...replicas.map((replica) => untilMs[replica] ?? 0)) - nowMs),
    hooks: {
      onEnd(replica, _, outcome, nowMs) {
        const thisMinute = Math.floor(nowMs / 60_000)
        if (minute[replica] !== thisMinute) {
          minute[replica] = thisMinute
          failed[replica] = 0
          ended[replica] = 0
        }
        ended[replica] = (ended[replica] ?? 0) + 1
        if (outcome.kind === 'failed') failed[replica] = (failed[replica] ?? 0) + 1
        const fails = failed[replica] ?? 0
        const all = ended[replica] ?? 0
        const tooMany = outcome.kind === 'failed' && fails > allowedFails
        const tooLarge = outcome.kind === 'failed' && all >= requestsMin && fails / all > failedShareMax
        if (outcome.kind === 'refused' || tooMany || tooLarge) untilMs[replica] = nowMs + cooldownMs
      },
    },
  }
}
