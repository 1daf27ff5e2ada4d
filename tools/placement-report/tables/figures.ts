/** What the tables read of a run. */
import type { PolicyResult, RunResult } from '../runs/run-file.ts'

export const OURS = 'isochrone'

/** Throws where the policy was not run. */
export function policyOf(run: RunResult, name: string): PolicyResult {
  const found = run.policies.find(({ policy }) => policy === name)
  if (found) return found
  throw new Error(`${run.trace} at ${run.util}, seeds ${run.seeds.join(', ')}: ${name} was not run`)
}

export function slosBySeed({ bySeed, sloAttainment }: PolicyResult): number[] {
  return bySeed?.map((row) => row.sloAttainment) ?? [sloAttainment]
}

export function oversBySeed({ bySeed, costOverBound }: PolicyResult): number[] {
  return bySeed?.map((row) => row.costOverBound ?? Infinity) ?? [costOverBound ?? Infinity]
}

/** How much less ours costs than `rival`, as a share of what that costs. */
export function leadOver(run: RunResult, rival: string): number {
  const theirs = policyOf(run, rival).costPerMtok
  return theirs === null ? NaN : 1 - (policyOf(run, OURS).costPerMtok ?? Infinity) / theirs
}
