/**
 * Utilisation: offered work ÷ work that the fleet can do inside the SLO, as `market.json` defines it.
 *
 * A replica can do a share of the whole offered mix: its engine time left for work at the TPOT SLO, at its true speed,
 * ÷ what the mix would take on its class. The shares of all replicas together are what the fleet can do; utilisation is
 * one over it. It is linear in the load for a given mix. All replicas count as up.
 */
import { contextSum, declaredEngine, gpuClasses, workShare, type RequestTokens } from '../fleet/engine-time.ts'
import type { SimReplica } from '../sim-types.ts'

/** What the work of any set of requests depends on. */
export interface WorkSums {
  tokensIn: number
  tokensOut: number
  /** Σ over output tokens of their context, tokens². */
  context: number
}

export const noWork = (): WorkSums => ({ tokensIn: 0, tokensOut: 0, context: 0 })

export function addWork(sums: WorkSums, request: RequestTokens): void {
  sums.tokensIn += request.tokensIn
  sums.tokensOut += request.tokensOut
  sums.context += contextSum(request)
}

/** Utilisation of `fleet` by work that arrives within `horizonMs`. */
export function utilisationOfWork(
  sums: WorkSums,
  fleet: readonly SimReplica[],
  horizonMs: number,
  tpotSloMs: number,
): number {
  if (sums.tokensIn + sums.tokensOut === 0) return 0
  const msOnClass = new Map(
    gpuClasses.map((gpuClass) => {
      const engine = declaredEngine(gpuClass)
      const ms =
        sums.tokensIn * engine.prefillMsPerToken +
        sums.tokensOut * engine.tpotPerStreamMs +
        sums.context * engine.tpotPerStreamTokenMs
      return [gpuClass, ms]
    }),
  )
  let mixes = 0
  for (const { gpuClass, declared, speed } of fleet) {
    mixes += (workShare(declared, tpotSloMs, speed) * horizonMs) / (speed * (msOnClass.get(gpuClass) as number))
  }
  return 1 / mixes
}

/** Utilisation of `fleet` by requests that arrive within `horizonMs`; exact, every request counted. */
export function utilisationOf(
  requests: readonly RequestTokens[],
  fleet: readonly SimReplica[],
  horizonMs: number,
  tpotSloMs: number,
): number {
  const sums = noWork()
  for (const request of requests) addWork(sums, request)
  return utilisationOfWork(sums, fleet, horizonMs, tpotSloMs)
}
