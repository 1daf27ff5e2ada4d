/** The figures of one utilisation as a Markdown table, best first: those that meet the SLO by cost, then the others by attainment. */
import type { PolicyResult, RunResult } from '../runs/run-file.ts'
import { dollars, markdownTable, named, right, wholeMs } from './markdown.ts'

/** Of others' rules with something of ours around them there are tables of their own. */
const isMixed = ({ policy }: PolicyResult): boolean => /-with-/.test(policy)

const columns = [
  'policy',
  right('SLO attainment'),
  right('USD per Mtok'),
  right('cost over the bound'),
  right('TTFT p99, ms'),
] as const

/** `sloTarget` separates those that are compared by cost from those that fail first. 0 to 1. */
export function policyTable(result: RunResult, sloTarget: number): string {
  const rows = plain(result)
    .toSorted((a, b) => compare(a, b, sloTarget))
    .map(rowOf)
  return markdownTable(columns, rows)
}

export const plain = ({ policies }: RunResult): PolicyResult[] => policies.filter((result) => !isMixed(result))

function compare(a: PolicyResult, b: PolicyResult, sloTarget: number): number {
  const meets = Number(b.sloAttainment >= sloTarget) - Number(a.sloAttainment >= sloTarget)
  if (meets !== 0) return meets
  if (a.sloAttainment >= sloTarget) return (a.costPerMtok ?? Infinity) - (b.costPerMtok ?? Infinity)
  return b.sloAttainment - a.sloAttainment
}

function rowOf({ policy, sloAttainment, costPerMtok, costOverBound, ttftP99Ms, spread }: PolicyResult): string[] {
  return [
    named(policy),
    `${(sloAttainment * 100).toFixed(3)} %${deviation(spread?.sloAttainment?.sd, 100, 3)}`,
    dollars(costPerMtok),
    costOverBound === null
      ? '–'
      : `${(costOverBound * 100).toFixed(1)} %${deviation(spread?.costOverBound?.sd, 100, 1)}`,
    wholeMs(ttftP99Ms),
  ]
}

const deviation = (sd: number | undefined, factor: number, digits: number): string =>
  sd === undefined ? '' : ` ± ${(sd * factor).toFixed(digits)}`

/** What each policy does here, and where its rule is documented. */
export function ruleTable(result: RunResult): string {
  const rows = plain(result)
    .toSorted((a, b) => a.policy.localeCompare(b.policy))
    .map(({ policy, rule, source }) => [policy, cell(rule), cell(source)])
  return markdownTable(['policy', 'rule as configured', 'source'], rows)
}

const cell = (text: string | undefined): string => (text ?? '').replaceAll('|', '\\|').replaceAll('\n', ' ')
