/** The figures of one utilisation as a Markdown table, best first: those that meet the SLO by cost, then the others by attainment. */
import type { PolicyResult, SimResult } from './sim-result.ts'

const columns = ['policy', 'SLO attainment', 'USD per Mtok', 'cost over the bound', 'TTFT p99, ms'] as const

/** `sloTarget` separates those that are compared by cost from those that fail first. 0 to 1. */
export function tableOf(result: SimResult, sloTarget: number): string {
  const rows = result.policies.toSorted((a, b) => compare(a, b, sloTarget)).map(rowOf)
  return [`| ${columns.join(' | ')} |`, '| --- | ---: | ---: | ---: | ---: |', ...rows].join('\n')
}

function compare(a: PolicyResult, b: PolicyResult, sloTarget: number): number {
  const meets = Number(b.sloAttainment >= sloTarget) - Number(a.sloAttainment >= sloTarget)
  if (meets !== 0) return meets
  if (a.sloAttainment >= sloTarget) return (a.costPerMtok ?? Infinity) - (b.costPerMtok ?? Infinity)
  return b.sloAttainment - a.sloAttainment
}

function rowOf({ policy, sloAttainment, costPerMtok, costOverBound, ttftP99Ms, spread }: PolicyResult): string {
  const name = policy === 'isochrone' ? '**isochrone**' : policy
  const slo = `${(sloAttainment * 100).toFixed(3)} %${deviation(spread?.sloAttainment?.sd, 100, 3)}`
  const over =
    costOverBound === null
      ? '–'
      : `${(costOverBound * 100).toFixed(1)} %${deviation(spread?.costOverBound?.sd, 100, 1)}`
  const cost = costPerMtok === null ? '–' : costPerMtok.toFixed(4)
  return `| ${name} | ${slo} | ${cost} | ${over} | ${ttftP99Ms === null ? '–' : Math.round(ttftP99Ms).toLocaleString('en')} |`
}

const deviation = (sd: number | undefined, factor: number, digits: number): string =>
  sd === undefined ? '' : ` ± ${(sd * factor).toFixed(digits)}`

/** What each policy does here, and where its rule is documented. */
export function baselineTable(result: SimResult): string {
  const rows = result.policies
    .toSorted((a, b) => a.policy.localeCompare(b.policy))
    .map(({ policy, rule, source }) => `| ${policy} | ${cell(rule)} | ${cell(source)} |`)
  return ['| policy | rule as configured | source |', '| --- | --- | --- |', ...rows].join('\n')
}

const cell = (text: string | undefined): string => (text ?? '').replaceAll('|', '\\|').replaceAll('\n', ' ')
