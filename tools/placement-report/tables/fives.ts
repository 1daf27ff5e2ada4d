/** Ours on every five of seeds of one trace, beside those that were run there. */
import { FIVES, fiveName } from '../runs/markets.ts'
import type { RunFiles, RunResult } from '../runs/run-file.ts'
import { leadOver, OURS, policyOf, slosBySeed } from './figures.ts'
import { dollars, markdownTable, over, percent, right } from './markdown.ts'

const rivals = ['power-of-two-choices', 'prequal'] as const

export function fivesTable(files: RunFiles, kind: 'azure' | 'mooncake', utils: readonly number[]): string {
  const rows = FIVES.flatMap((first) =>
    utils.map((util) => rowOf(`${first}–${first + 4}, ${util}`, files.read({ name: fiveName(kind, first) }, util))),
  )
  return markdownTable(fivesColumns('seeds, utilisation'), rows)
}

export const fivesColumns = (first: string) => [
  first,
  right('SLO (worst seed)'),
  right('power of two'),
  right('Prequal'),
  right('USD per Mtok, over the bound (worst seed)'),
  right('cheaper than power of two, Prequal'),
]

export function rowOf(title: string, run: RunResult): string[] {
  const ours = policyOf(run, OURS)
  const were = rivals.filter((rival) => run.policies.some(({ policy }) => policy === rival))
  const worstOver = Math.max(...(ours.bySeed ?? []).map(({ costOverBound }) => costOverBound ?? Infinity))
  return [
    title,
    `${percent(ours.sloAttainment, 3)} (${(100 * Math.min(...slosBySeed(ours))).toFixed(3)})`,
    ...rivals.map((rival) => (were.includes(rival) ? percent(policyOf(run, rival).sloAttainment, 3) : '')),
    `${dollars(ours.costPerMtok)}, ${over(ours.costOverBound, 1)} (${(100 * worstOver).toFixed(1)})`,
    were.length === 0 ? '' : `${were.map((rival) => (100 * leadOver(run, rival)).toFixed(1)).join(', ')} %`,
  ]
}
