/** What was asked of the engine on Azure's trace, beside each five of seeds that is reported. */
import { FIVES, fiveName } from '../runs/markets.ts'
import type { RunFiles, RunResult } from '../runs/run-file.ts'
import { leadOver, OURS, oversBySeed, policyOf, slosBySeed } from './figures.ts'
import { markdownTable, mean, percent, right } from './markdown.ts'

const asked = [
  { util: 0.4, slo: 0.999, over: 0.1, lead: 0.35 },
  { util: 0.6, slo: 0.999, over: 0.1, lead: null },
  { util: 0.75, slo: 0.995, over: 0.2, lead: 0.15 },
] as const

const rivals = { 'power-of-two-choices': 'power of two choices', prequal: 'Prequal' } as const

type Row = {
  readonly asked: string
  /** One for each five of seeds, and of all seeds. */
  readonly fives: readonly string[]
  readonly met: string
}

export function targetTable(files: RunFiles): string {
  const runs = new Map(
    asked.map(({ util }) => [util, FIVES.map((first) => files.read({ name: fiveName('azure', first) }, util))]),
  )
  const at = (util: number) => runs.get(util as (typeof asked)[number]['util']) ?? []
  const rows = [
    ...asked.map(({ util, slo }) => sloRow(at(util), util, slo)),
    ...asked.map(({ util, over }) => costRow(at(util), util, over)),
    ...asked.flatMap(({ util, lead }) =>
      lead === null
        ? []
        : Object.keys(rivals).map((rival) => leadRow(at(util), util, rival as keyof typeof rivals, lead)),
    ),
  ]
  return markdownTable(
    ['asked', ...FIVES.map((first) => right(`${first}–${first + 4}`)), 'met'],
    rows.map((row) => [row.asked, ...row.fives, row.met]),
  )
}

function sloRow(runs: readonly RunResult[], util: number, least: number): Row {
  const ours = runs.map((run) => policyOf(run, OURS))
  return {
    asked: `SLO ≥ ${percent(least, 1)} at ${util} (worst seed)`,
    fives: ours.map(
      (each) => `${percent(each.sloAttainment, 3)} (${(100 * Math.min(...slosBySeed(each))).toFixed(3)})`,
    ),
    met: verdict(
      ours.map(({ sloAttainment }) => sloAttainment >= least),
      ours.flatMap(slosBySeed).map((slo) => slo >= least),
      percent(mean(ours.map(({ sloAttainment }) => sloAttainment)), 3),
    ),
  }
}

function costRow(runs: readonly RunResult[], util: number, most: number): Row {
  const ours = runs.map((run) => policyOf(run, OURS))
  const overs = ours.map(({ costOverBound }) => costOverBound ?? Infinity)
  return {
    asked: `cost ≤ +${percent(most, 0)} over the LP at ${util} (worst seed)`,
    fives: ours.map(
      (each, i) => `+${percent(overs[i] ?? Infinity, 2)} (${(100 * Math.max(...oversBySeed(each))).toFixed(2)})`,
    ),
    met: verdict(
      overs.map((over) => over <= most),
      ours.flatMap(oversBySeed).map((over) => over <= most),
      `+${percent(mean(overs), 2)}`,
    ),
  }
}

function leadRow(runs: readonly RunResult[], util: number, rival: keyof typeof rivals, least: number): Row {
  const leads = runs.map((run) => leadOver(run, rival))
  return {
    asked: `≥ ${percent(least, 0)} cheaper than ${rivals[rival]} at ${util}`,
    fives: leads.map((lead) => percent(lead, 2)),
    met: verdict(
      leads.map((lead) => lead >= least),
      [],
      percent(mean(leads), 2),
    ),
  }
}

/** By the means of fives; single seeds are told beside. */
function verdict(fives: readonly boolean[], seeds: readonly boolean[], meanOfAll: string): string {
  const met = fives.filter(Boolean).length
  if (met < fives.length) return `in ${met} of ${fives.length}; ${meanOfAll} in the mean of all`
  const missed = seeds.filter((isMet) => !isMet).length
  return missed === 0 ? 'yes' : `yes in the means; not on ${missed} of ${seeds.length} seeds`
}
