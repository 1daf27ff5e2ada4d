/**
 * Expected time to the tenth token on a replica at a given number of requests in flight: round trip, prompts that wait, own
 * prompt, and ten tokens at the TPOT of the declared curve, times what attempts there showed against that curve.
 *
 * It stands for the table that a Prequal server keeps (median latency of recent requests at about that many in flight), which
 * engines do not report; the learned factor makes a slow node look slow, as its own table would. To the tenth token, because
 * answers stream: that serves Prequal best of 0, 10, 50 and all tokens (market, seeds 1 and 2, utilisation 0.4 and 0.75).
 */
import type { PolicyInstance, PolicyWorld } from '../../sim-types.ts'
import { declaredTpotMs, declaredTtftMs } from './declared-capacity.ts'
import type { TrafficMix } from './traffic-mix.ts'

const smoothing = 0.1
const tokensSeen = 10
const factorRange = [0.5, 20] as const

export interface LatencyAtLoad {
  /** ms, for a prompt of `tokensIn`, with `inFlight` requests there and `waitingTokens` of their prompts unprocessed. */
  estimate(replica: number, inFlight: number, waitingTokens: number, tokensIn: number): number
  hooks: Pick<PolicyInstance, 'onEnd'>
}

export function createLatencyAtLoad(world: PolicyWorld, mix: TrafficMix): LatencyAtLoad {
  const factor = new Float64Array(world.replicas.length).fill(1)
  return {
    estimate(index, inFlight, waitingTokens, tokensIn) {
      const replica = world.replicas[index]
      if (replica === undefined) return Infinity
      const engineMs =
        declaredTtftMs(replica, tokensIn, waitingTokens) +
        tokensSeen * declaredTpotMs(replica, inFlight + 1, mix.contextTokens())
      return (world.rttMs[index] ?? 0) + (factor[index] ?? 1) * engineMs
    },
    hooks: {
      onEnd(index, _, outcome) {
        const replica = world.replicas[index]
        if (replica === undefined || outcome.kind !== 'finished' || outcome.tpotMs === null) return
        const declared = declaredTpotMs(replica, outcome.concurrency, outcome.contextTokens)
        const seen = Math.min(factorRange[1], Math.max(factorRange[0], outcome.tpotMs / declared))
        factor[index] = (factor[index] ?? 1) + smoothing * (seen - (factor[index] ?? 1))
      },
    },
  }
}
