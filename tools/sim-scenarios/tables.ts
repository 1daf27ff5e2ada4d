/** The figures as tables that read well in a terminal and in Markdown alike: mean over seeds, worst seed in the targets. */
import { tiers } from '@isochrone/scheduler'
import type { ScenarioReport, Target } from './run-scenarios.ts'

export function tablesOf(report: ScenarioReport): string {
  const { data, seeds, prefix, fairness, kill, tiers: tiersReport } = report
  const parts = [`Data: ${data}; seeds ${seeds.join(', ')}; rows are means over seeds, targets the worst seed.`]
  if (prefix) parts.push('## Prefix caches', prefixTable(prefix.rows), targetTable(prefix.targets))
  if (fairness) parts.push('## Fairness in a backlog', fairnessTable(fairness.rows), targetTable(fairness.targets))
  if (kill) parts.push('## A share of the fleet dies at once', killTable(kill.rows), targetTable(kill.targets))
  if (tiersReport) parts.push('## Tiers', tierTable(tiersReport.rows), targetTable(tiersReport.targets))
  return parts.join('\n\n')
}

function prefixTable(rows: NonNullable<ScenarioReport['prefix']>['rows']): string {
  const groups = [...Map.groupBy(rows, ({ policy, variant }) => `${policy}|${variant}`).values()]
  return table(
    [
      'policy',
      'trace',
      'hits ÷ infinite cache',
      'hit share',
      'max/mean time',
      'requests',
      'tokens',
      'worst 10 min',
      'TTFT p50 ms',
      'p99 ms',
      'SLO %',
    ],
    groups.map((group) => [
      group[0]?.policy ?? '',
      group[0]?.variant ?? '',
      percent(mean(group, (row) => row.shareOfInfinite)),
      percent(mean(group, (row) => row.hitShare)),
      number(mean(group, (row) => row.load.engineTime)),
      number(mean(group, (row) => row.load.requests)),
      number(mean(group, (row) => row.load.tokens)),
      number(mean(group, (row) => row.windowLoadMax)),
      number(
        mean(group, (row) => row.figures.ttftP50Ms),
        0,
      ),
      number(
        mean(group, (row) => row.figures.ttftP99Ms),
        0,
      ),
      percent(mean(group, (row) => row.figures.sloAttainment)),
    ]),
  )
}

function fairnessTable(rows: NonNullable<ScenarioReport['fairness']>['rows']): string {
  const groups = [...Map.groupBy(rows, ({ order, gateways }) => `${order}|${gateways}`).values()]
  return table(
    [
      'queue',
      'gateways',
      'requests',
      'offered ÷ possible',
      'tenants',
      'backlogged',
      'Jain, whole time',
      'most ÷ least',
      'Jain, mean window',
      'worst window',
      'modest TTFT p50 ms',
      'p99 ms',
    ],
    groups.map((group) => [
      group[0]?.order ?? '',
      String(group[0]?.gateways ?? 0),
      number(
        mean(group, (row) => row.requests),
        0,
      ),
      number(mean(group, (row) => row.figures.utilisation)),
      number(
        mean(group, (row) => row.tenants),
        0,
      ),
      number(
        mean(group, (row) => row.backloggedThroughout),
        1,
      ),
      number(
        mean(group, (row) => row.jainThroughout),
        4,
      ),
      number(mean(group, (row) => row.mostOverLeast)),
      number(
        mean(group, (row) => row.jainWindowMean),
        4,
      ),
      number(
        mean(group, (row) => row.jainWindowMin),
        4,
      ),
      number(
        mean(group, (row) => row.modestTtftP50Ms ?? Number.NaN),
        0,
      ),
      number(
        mean(group, (row) => row.modestTtftP99Ms ?? Number.NaN),
        0,
      ),
    ]),
  )
}

function killTable(rows: NonNullable<ScenarioReport['kill']>['rows']): string {
  return table(
    [
      'seed',
      'killed',
      'requests',
      'without first token',
      'streams continued, minute before',
      'after',
      'P99 TTFT before ms',
      'after ms',
      'ratio',
      'SLO % before',
      'after',
    ],
    rows.map((row) => [
      String(row.seed),
      String(row.killed),
      String(row.requests),
      String(row.withoutFirstToken),
      String(row.before.continuations),
      String(row.after.continuations),
      number(row.before.ttftP99Ms, 0),
      number(row.after.ttftP99Ms, 0),
      number(row.ttftP99Ratio),
      percent(row.before.sloAttainment),
      percent(row.after.sloAttainment),
    ]),
  )
}

function tierTable(rows: NonNullable<ScenarioReport['tiers']>['rows']): string {
  const groups = [
    ...Map.groupBy(
      rows.flatMap((result) => result.rows),
      ({ phase, group }) => `${phase}|${group}`,
    ).values(),
  ]
  return table(
    [
      'phase',
      'tenants',
      ...tiers.map((tier) => `${tier} %`),
      ...tiers.map((tier) => `${tier} TTFT p50 ms`),
      'all p50 ms',
      'p99 ms',
    ],
    groups.map((group) => [
      group[0]?.phase ?? '',
      group[0]?.group ?? '',
      ...tiers.map((tier) => percent(mean(group, (row) => row.share[tier]))),
      ...tiers.map((tier) =>
        number(
          mean(group, (row) => row.ttftP50Ms[tier] ?? Number.NaN),
          0,
        ),
      ),
      number(
        mean(group, (row) => row.allTtftP50Ms),
        0,
      ),
      number(
        mean(group, (row) => row.allTtftP99Ms),
        0,
      ),
    ]),
  )
}

function targetTable(targets: readonly Target[]): string {
  return table(
    ['target', 'bound', 'measured', 'met'],
    targets.map(({ what, bound, measured, met }) => [
      what,
      bound,
      number(measured ?? Number.NaN, 4),
      met ? 'yes' : 'no',
    ]),
  )
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = titles.map((title, i) => Math.max(title.length, 3, ...rows.map((row) => row[i]?.length ?? 0)))
  const isText = titles.map((_, i) => rows.every((row) => !/\d$/.test(row[i] ?? '')))
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => (isText[i] ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join(' | ')} |`
  const rule = `| ${widths.map((width, i) => (isText[i] ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`
  return [line(titles), rule, ...rows.map(line)].join('\n')
}

function mean<T>(rows: readonly T[], value: (row: T) => number): number {
  return rows.reduce((sum, row) => sum + value(row), 0) / Math.max(1, rows.length)
}

const number = (value: number, digits = 2): string => (Number.isFinite(value) ? value.toFixed(digits) : '-')
const percent = (value: number): string => number(100 * value, 1)
