/** The geography report for people: the same figures as `--json`, as plain or Markdown tables. */
import type { GeographyReport } from '@isochrone/simulator'

const setNames = {
  any_city: 'any measured city',
  gpus_on_offer: 'cities with any GPU on offer',
  h200_b200_b300_on_offer: 'cities with H200, B200 or B300 on offer',
} as const

export function describeGeography(report: GeographyReport, markdown: boolean): string {
  const heading = (title: string) => (markdown ? `#### ${title}` : title)
  const table = (header: string[], rows: string[][]) => (markdown ? markdownTable : plainTable)(header, rows)
  const { data, target, plans, sensitivity, priceComparison } = report
  const reached = Object.entries(target.reached).map(
    ([set, { share, cities, met, citiesAtBest, citiesWithEverySite, unserved }]) =>
      `- ${setNames[set as keyof typeof setNames]}: ${percent(share)} (${cities} of ${data.cities}), ${met ? 'met' : 'not met'}. The most that ${target.k} sites there can serve: ${citiesAtBest ?? 'not proved'}; a site in each of them: ${citiesWithEverySite ?? 'not proved'}. Not served: ${unserved.join(', ')}.`,
  )
  return [
    heading('Coverage from k sites'),
    `${data.cities} cities, round trips of ${data.measured}; ${data.droppedRows.unknownServer + data.droppedRows.fasterThanLight} rows dropped, ${data.unmeasuredPairs} ordered pairs unmeasured.`,
    table(
      ['sites may be in', 'k', '≤ 10 ms', '≤ 50 ms', '≤ 100 ms', 'mean RTT, ms'],
      plans.map(({ siteSet, k, withinMs, meanRttMs }) => [
        `${setNames[siteSet]} (${data.siteSets[siteSet].cities})`,
        String(k),
        percent(withinMs[10]),
        percent(withinMs[50]),
        percent(withinMs[100]),
        meanRttMs === null ? '' : meanRttMs.toFixed(1),
      ]),
    ),
    ...(reached.length > 0
      ? [
          `Target: ${percent(target.share)} of cities within ${target.withinMs} ms from ${target.k} sites.\n${reached.join('\n')}`,
        ]
      : []),
    plans
      .filter(({ k }) => k === target.k)
      .map(({ siteSet, k, sites }) => `${k} sites, ${setNames[siteSet]}: ${sites.join(', ')}.`)
      .join('\n'),
    heading(`What the choices do (k = ${target.k})`),
    table(
      ['changed', 'sites may be in', 'cities', '≤ 10 ms', '≤ 50 ms', '≤ 100 ms'],
      sensitivity.map(({ what, siteSet, cities, withinMs }) => [
        what,
        setNames[siteSet],
        String(cities),
        percent(withinMs[10]),
        percent(withinMs[50]),
        percent(withinMs[100]),
      ]),
    ),
    heading('Price at equal SLO, USD per 10⁶ accepted tokens'),
    table(
      ['class', 'side', 'rows', 'dated', 'USD/GPU-h median', 'p10', 'median', 'p90', 'median RTT, ms', 'ratio'],
      priceComparison.flatMap(({ class: gpuClass, ours, hyperscaler, ratio }) =>
        (
          [
            ['marketplaces and neoclouds', ours],
            ['AWS on-demand', hyperscaler],
          ] as const
        ).flatMap(([side, summary]) =>
          summary
            ? [
                [
                  gpuClass,
                  side,
                  String(summary.rows),
                  summary.dateFrom === summary.date ? summary.date : `${summary.dateFrom} to ${summary.date}`,
                  summary.usdPerGpuHour.median.toFixed(2),
                  summary.p10.toFixed(3),
                  summary.median.toFixed(3),
                  summary.p90.toFixed(3),
                  summary.medianRttMs === null ? 'unknown' : summary.medianRttMs.toFixed(0),
                  side === 'AWS on-demand' || ratio === null ? '' : ratio.toFixed(3),
                ],
              ]
            : [],
        ),
      ),
    ),
    heading('Cheapest place of each side within the same round trip, by city'),
    table(
      ['class', 'within', 'both', 'only ours', 'only AWS', 'neither', 'ours dearer in', 'median ratio'],
      priceComparison.flatMap(({ class: gpuClass, atEqualRtt }) =>
        atEqualRtt.map((row) => [
          gpuClass,
          row.withinMs === null ? 'the SLO' : `${row.withinMs} ms`,
          String(row.bothServed),
          String(row.onlyOurs),
          String(row.onlyHyperscaler),
          String(row.neither),
          String(row.oursDearer),
          row.medianRatio === null ? '' : row.medianRatio.toFixed(3),
        ]),
      ),
    ),
    heading('What speaks against us'),
    priceComparison
      .flatMap(({ class: gpuClass, unfavourable }) =>
        unfavourable.map(({ detail, where }) => `- ${gpuClass}: ${detail}${someOf(where)}`),
      )
      .join('\n'),
    heading('Definitions'),
    Object.entries(report.definitions)
      .map(([word, meaning]) => `- ${word}: ${meaning}.`)
      .join('\n'),
  ].join('\n\n')
}

const shownMax = 6
const someOf = (where: readonly string[]) =>
  where.length === 0 ? '' : ` Worst: ${where.slice(0, shownMax).join(', ')}${where.length > shownMax ? ', …' : ''}.`

const percent = (share: number) => `${(share * 100).toFixed(1)} %`

function markdownTable(header: string[], rows: string[][]): string {
  return [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function plainTable(header: string[], rows: string[][]): string {
  const widths = header.map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]!.length)))
  return [header, ...rows]
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
