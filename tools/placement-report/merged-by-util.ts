/**
 * Results of the same market measured at different times, as one for each utilisation: when only our engine changed, the
 * other policies need not run again.
 */
import type { SimResult } from './sim-result.ts'

/** A policy's row is that of the last result that has it. Throws where two of one utilisation differ in trace or seeds. */
export function mergedByUtil(results: readonly SimResult[]): SimResult[] {
  const merged = new Map<number, SimResult>()
  for (const result of results) {
    const before = merged.get(result.util)
    if (before && marketOf(before) !== marketOf(result)) {
      throw new Error(`utilisation ${result.util}: ${marketOf(before)} and ${marketOf(result)} are not one market`)
    }
    const newer = new Set(result.policies.map(({ policy }) => policy))
    const kept = before?.policies.filter(({ policy }) => !newer.has(policy)) ?? []
    merged.set(result.util, { ...result, policies: [...result.policies, ...kept] })
  }
  return [...merged.values()]
}

const marketOf = ({ trace, seeds }: SimResult): string => `${trace}, seeds ${seeds.join(', ')}`
