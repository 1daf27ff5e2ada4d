/** Load of each replica, and how far the busiest is above the mean. */
import type { Attempts } from '../run/attempts.ts'
import { workByReplica } from '../run/measure.ts'
import type { SimFleet } from '../sim-types.ts'

export interface LoadSpread {
  /** Busiest ÷ mean, by engine time, by requests, and by prompt and output tokens; 1 = even, 0 = nothing ran. */
  engineTime: number
  requests: number
  tokens: number
}

/** @param counted which attempts count, by index; attempts that delivered nothing never do */
export function loadSpread(fleet: SimFleet, attempts: Attempts, counted: (attempt: number) => boolean): LoadSpread {
  const requests = new Float64Array(fleet.replicas.length)
  const tokens = new Float64Array(fleet.replicas.length)
  for (let attempt = 0; attempt < attempts.count; attempt++) {
    const delivered = attempts.delivered[attempt] as number
    if (delivered === 0 || !counted(attempt)) continue
    const replica = attempts.replica[attempt] as number
    requests[replica]!++
    tokens[replica]! += (attempts.tokensIn[attempt] as number) + delivered
  }
  return {
    engineTime: maxOverMean(workByReplica(fleet, attempts, counted)),
    requests: maxOverMean(requests),
    tokens: maxOverMean(tokens),
  }
}

function maxOverMean(loads: Float64Array): number {
  const mean = loads.reduce((sum, load) => sum + load, 0) / Math.max(1, loads.length)
  return mean > 0 ? Math.max(...loads) / mean : 0
}
