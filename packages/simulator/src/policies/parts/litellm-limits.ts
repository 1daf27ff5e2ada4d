/**
 * The filter before every LiteLLM strategy: cooldowns, rpm, tpm and max_parallel_requests of each deployment.
 *
 * Source: docs.litellm.ai/docs/routing (2026-10-03): "Max Parallel Requests", "Cooldowns"; rpm and tpm count in the current
 * minute. The operator sets them from the declared curve: max_parallel_requests (a semaphore in each proxy) = this gateway's
 * part of the streams inside the TPOT SLO, `slo-limits.ts`; rpm and tpm = what the replica can finish in a minute inside it.
 * In the policy's favour: a deployment at its parallel limit is passed over, where LiteLLM would wait for it; and when all
 * are, the one with the fewest streams for its limit takes the request, where LiteLLM would wait or answer 429.
 */
import type { Choice, PolicyInstance, PolicyWorld, SimRequest } from '../../sim-types.ts'
import { createCooldown } from './cooldown.ts'
import { requestsPerSecondInsideSlo } from './declared-capacity.ts'
import type { FleetView } from './fleet-view.ts'
import { preferring, take } from './pick.ts'
import { createSloLimits } from './slo-limits.ts'
import type { TrafficMix } from './traffic-mix.ts'

export interface LitellmLimits {
  /** Deployments that this request may use now. */
  available(candidates: readonly number[], request: SimRequest, nowMs: number): number[]
  /** Where to go when none is. */
  instead(candidates: readonly number[], request: SimRequest, nowMs: number): Choice
  hooks: Required<Pick<PolicyInstance, 'onDispatch' | 'onEnd' | 'onReport'>>
}

export function createLitellmLimits(world: PolicyWorld, view: FleetView, mix: TrafficMix): LitellmLimits {
  const count = world.replicas.length
  const cooldown = createCooldown(count)
  const parallel = createSloLimits(world, view, mix)
  const requests = new Float64Array(count)
  const tokens = new Float64Array(count)
  let minute = -1
  const turn = (nowMs: number): void => {
    const now = Math.floor(nowMs / 60_000)
    if (now === minute) return
    minute = now
    requests.fill(0)
    tokens.fill(0)
  }
  return {
    available(candidates, request, nowMs) {
      turn(nowMs)
      return parallel.below(candidates, request, nowMs).filter((index) => {
        const replica = world.replicas[index]
        if (replica === undefined || cooldown.isCooling(index, nowMs)) return false
        const rpm = requestsPerSecondInsideSlo(replica, mix, request.tpotSloMs) * 60
        const tpm = rpm * (mix.tokensIn() + mix.tokensOut())
        return (requests[index] ?? 0) + 1 <= rpm && (tokens[index] ?? 0) + request.tokensIn <= tpm
      })
    },
    instead(candidates, request, nowMs) {
      const cool = preferring(candidates, (replica) => !cooldown.isCooling(replica, nowMs))
      return take(parallel.leastFull(cool, request))
    },
    hooks: {
      onDispatch(replica, _, nowMs) {
        turn(nowMs)
        requests[replica] = (requests[replica] ?? 0) + 1
      },
      onEnd(replica, request, outcome, nowMs) {
        turn(nowMs)
        tokens[replica] =
          (tokens[replica] ?? 0) + (outcome.kind === 'finished' ? request.tokensIn + outcome.tokensOut : 0)
        cooldown.hooks.onEnd?.(replica, request, outcome, nowMs)
      },
      onReport: (replica, report, nowMs) => parallel.hooks.onReport?.(replica, report, nowMs),
    },
  }
}
