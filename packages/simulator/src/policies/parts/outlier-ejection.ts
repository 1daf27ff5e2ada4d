/**
 * Ejects replicas that keep failing, as Envoy's outlier detection does by default: five failures in a row eject for 30 s
 * times the number of ejections so far (at most 300 s), and never more than a tenth of the fleet at once (at least one).
 *
 * Source: Envoy documentation, "Outlier detection" (consecutive_5xx 5, base_ejection_time 30 s, max_ejection_time 300 s,
 * max_ejection_percent 10), v1.35. A refusal (429) is no 5xx and does not count there, nor here.
 */
import type { PolicyInstance } from '../../sim-types.ts'

const failuresInARow = 5
const baseEjectionMs = 30_000
const ejectionMsMax = 300_000
const ejectedShareMax = 0.1

export interface OutlierEjection {
  isOpen(replica: number, nowMs: number): boolean
  hooks: Pick<PolicyInstance, 'onEnd'>
}

export function createOutlierEjection(count: number): OutlierEjection {
  const row = new Float64Array(count)
  const times = new Float64Array(count)
  const untilMs = new Float64Array(count)
  const isOpen = (replica: number, nowMs: number): boolean => (untilMs[replica] ?? 0) > nowMs
  return {
    isOpen,
    hooks: {
      onEnd(replica, _, outcome, nowMs) {
        if (outcome.kind === 'finished') row[replica] = 0
        if (outcome.kind !== 'failed') return
        row[replica] = (row[replica] ?? 0) + 1
        if ((row[replica] ?? 0) < failuresInARow) return
        const ejected = untilMs.reduce((sum, until) => sum + (until > nowMs ? 1 : 0), 0)
        if (ejected >= Math.max(1, Math.floor(count * ejectedShareMax))) return
        row[replica] = 0
        times[replica] = (times[replica] ?? 0) + 1
        untilMs[replica] = nowMs + Math.min(ejectionMsMax, baseEjectionMs * (times[replica] ?? 1))
      },
    },
  }
}
