/** What this gateway tells others of a node: what it measured, and what its placement has learned. */
import type { ReplicaState } from '@isochrone/scheduler'
import type { NodeMeasurements } from '../link/link-server-types.ts'
import type { NodePercentiles } from '../requests/placement/node-measurements.ts'

export function nodeMeasurementsOf(percentiles: NodePercentiles, state: ReplicaState | null): NodeMeasurements {
  if (!state) return { ...percentiles, estimate: null }
  const { estimate, failureRate, breakerOpenUntilMs } = state
  return {
    ...percentiles,
    breakerOpenUntilMs,
    estimate: {
      baseMs: estimate.baseMs,
      prefillMsPerToken: estimate.prefillMsPerToken,
      tpotMs: estimate.tpotBaseMs,
      tpotMsPerStream: estimate.tpotPerStreamMs,
      tpotMsPerStreamToken: estimate.tpotPerStreamTokenMs,
      failureRate,
    },
  }
}
