/**
 * How much of a replica's engine a request takes, and how much of it is there: the arithmetic behind token prices,
 * utilisation and the bounds, in one place.
 *
 * An engine step lasts a + (b + g·ctx) for each stream in it + its share of prefill. `a` is spent on each step whoever
 * is in it, and a TPOT SLO forces at least 1/SLO steps a second while anything decodes: what is left for work is
 * (1 − a/SLO) of each second.
 */
import { curveOf } from '@isochrone/perf-model'
import type { EngineEstimate } from '@isochrone/scheduler'
import type { SimReplica } from '../sim-types.ts'

export type GpuClass = SimReplica['gpuClass']
export const gpuClasses: readonly GpuClass[] = ['H200', 'B200', 'B300']

export interface RequestTokens {
  tokensIn: number
  tokensOut: number
}

/** What the published curve of an 8-GPU replica says. */
export function declaredEngine(gpuClass: GpuClass): EngineEstimate {
  const curve = curveOf(gpuClass, 8, 'fp8')
  return {
    baseMs: curve.tpotBaseMs + curve.tpotPerSequenceMs,
    prefillMsPerToken: curve.prefillMsPerToken,
    tpotBaseMs: curve.tpotBaseMs,
    tpotPerStreamMs: curve.tpotPerSequenceMs,
    tpotPerStreamTokenMs: curve.tpotPerSequenceTokenMs,
  }
}

/** Sum over the output tokens of the context that each was decoded with, tokens²: in + half of out, on average. */
export const contextSum = ({ tokensIn, tokensOut }: RequestTokens): number => tokensOut * (tokensIn + tokensOut / 2)

/** Engine time of a request's own work, ms at declared speed: prefill and its part of each decode step. */
export function workMs(engine: EngineEstimate, request: RequestTokens): number {
  return (
    request.tokensIn * engine.prefillMsPerToken +
    request.tokensOut * engine.tpotPerStreamMs +
    contextSum(request) * engine.tpotPerStreamTokenMs
  )
}

/** Share of each second left for work at the TPOT SLO, 0 to 1; `speed` is engine time ÷ declared time. */
export function workShare(engine: EngineEstimate, tpotSloMs: number, speed = 1): number {
  return Math.max(0, 1 - (engine.tpotBaseMs * speed) / tpotSloMs)
}
