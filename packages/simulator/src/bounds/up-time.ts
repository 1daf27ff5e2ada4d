/** How much of a stretch of time a replica is up, a slow window counted as what it is worth. */
import { invariant } from '@isochrone/domain'
import type { FaultPlan } from '../run/plan-faults.ts'

export type KnownFaults = Pick<FaultPlan, 'outages' | 'slowWindows'>

/**
 * Ms of usual speed between two instants. Outages may overlap anything; the slow windows of one replica do not overlap
 * one another, as planned: a node that leaves one is as fast as ever.
 */
export function upTimeMs(faults: KnownFaults, replica: number, fromMs: number, toMs: number): number {
  const inside = (window: { replica: number; fromMs: number; toMs: number }) =>
    window.replica === replica && window.fromMs < toMs && window.toMs > fromMs
  const outages = faults.outages.filter(inside)
  const slow = faults.slowWindows.filter(inside).toSorted((a, b) => a.fromMs - b.fromMs)
  for (const [i, { fromMs: startMs, factor }] of slow.entries()) {
    invariant(factor >= 1, 'a slow window is slow')
    invariant(i === 0 || startMs >= (slow[i - 1]?.toMs ?? 0), 'slow windows of one replica do not overlap')
  }
  const cuts = [fromMs, toMs, ...[...outages, ...slow].flatMap((window) => [window.fromMs, window.toMs])]
    .filter((ms) => ms >= fromMs && ms <= toMs)
    .toSorted((a, b) => a - b)
  let upMs = 0
  for (const [i, startMs] of cuts.slice(0, -1).entries()) {
    const endMs = cuts[i + 1] as number
    const covers = (window: { fromMs: number; toMs: number }) => window.fromMs <= startMs && window.toMs >= endMs
    if (outages.some(covers)) continue
    upMs += (endMs - startMs) / (slow.find(covers)?.factor ?? 1)
  }
  return upMs
}
