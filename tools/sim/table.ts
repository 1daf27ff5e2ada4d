/** The figures as a table for a terminal, those that meet the SLO first, by cost. */
import { meetsSloFrom } from '@isochrone/simulator'
import type { PolicySummary, SimSummary } from './summarise.ts'

const columns = [
  'policy',
  'SLO %',
  '±',
  'USD/Mtok',
  'over bound',
  'TTFT p99 ms',
  'TPOT p99 ms',
  'refused',
  'failed',
] as const

export function tableOf(summary: SimSummary): string {
  const { trace, model, data, util, replicas, seeds, horizonS, churn, bound } = summary
  const rows = summary.policies.toSorted(compare).map(rowOf)
  const widths = columns.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const line = (row: readonly string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ')
  const least = bound.costPerMtok === null ? 'infeasible' : `${bound.costPerMtok.toFixed(4)} USD/Mtok`
  return [
    `${trace}${model === null ? '' : ` (${model})`}, ${data} market of ${replicas} replicas, utilisation ${util}, ${seeds.length} seed${seeds.length === 1 ? '' : 's'} from ${seeds[0]}, ${horizonS} s, churn ${churn ? 'on' : 'off'}. LP bound: ${least}.`,
    '',
    line(columns),
    ...rows.map(line),
  ].join('\n')
}

function compare(a: PolicySummary, b: PolicySummary): number {
  const [sloA, sloB] = [a.sloAttainment ?? 0, b.sloAttainment ?? 0]
  const meets = Number(sloB >= meetsSloFrom) - Number(sloA >= meetsSloFrom)
  if (meets !== 0) return meets
  return sloA >= meetsSloFrom ? (a.costPerMtok ?? Infinity) - (b.costPerMtok ?? Infinity) : sloB - sloA
}

function rowOf(row: PolicySummary): string[] {
  const { policy, sloAttainment, costPerMtok, costOverBound, ttftP99Ms, tpotP99Ms, refused, failed, spread } = row
  return [
    policy,
    number(sloAttainment, 3, 100),
    number(spread.sloAttainment?.sd ?? null, 3, 100),
    number(costPerMtok, 4),
    costOverBound === null ? '-' : `${costOverBound >= 0 ? '+' : ''}${(costOverBound * 100).toFixed(1)} %`,
    number(ttftP99Ms, 0),
    number(tpotP99Ms, 1),
    number(refused, 1),
    number(failed, 1),
  ]
}

const number = (value: number | null, digits: number, factor = 1): string =>
  value === null ? '-' : (value * factor).toFixed(digits)
