/** ServeGen's clients, a fleet of 600, others with our hedges and moves, and the gateway's own constants. */
import { fiveName, SERVEGEN_MODELS } from '../runs/markets.ts'
import type { PolicyResult, RunFiles } from '../runs/run-file.ts'
import { leadOver, OURS, policyOf } from './figures.ts'
import { fivesColumns, rowOf } from './fives.ts'
import { dollars, markdownTable, named, over, percent, right, wholeMs } from './markdown.ts'

const utils = [0.4, 0.6, 0.75] as const

export function servegenTable(files: RunFiles): string {
  const rows = SERVEGEN_MODELS.flatMap((model) =>
    utils.map((util) => rowOf(`${model}, ${util}`, files.read({ name: fiveName(`servegen-${model}`, 31) }, util))),
  )
  return markdownTable(fivesColumns('model, utilisation'), rows)
}

export function largeFleetTable(files: RunFiles): string {
  const rows = utils.flatMap((util) => {
    const run = files.read({ name: 'azure-600-31' }, util)
    return [OURS, 'prequal', 'power-of-two-choices'].map((name, i) => [
      i === 0 ? String(util) : '',
      ...figuresOf(policyOf(run, name)),
      name === OURS ? '' : percent(leadOver(run, name), 1),
    ])
  })
  return markdownTable([right('utilisation'), ...figureColumns, right('ours cheaper by')], rows)
}

export function hedgesAndMovesTable(files: RunFiles): string {
  const run = files.read({ name: fiveName('azure', 31) }, 0.4)
  const rows = ['prequal', 'power-of-two-choices'].flatMap((rival) =>
    [rival, `${rival}-with-hedges-and-moves`].map((name) => {
      const each = policyOf(run, name)
      const share = (count: number | undefined) => percent((count ?? 0) / (each.arrived ?? NaN), 2)
      return [...figuresOf(each), share(each.hedges), share(each.moves), percent(leadOver(run, name), 1)]
    }),
  )
  return markdownTable([...figureColumns, right('hedged'), right('moved'), right('ours cheaper by')], rows)
}

const constants = {
  isochrone: "the engine's constants, as in the tables",
  'isochrone-gateway-tuning': "the gateway's constants",
  'isochrone-undeclared': "the engine's constants, and no node declares its curve",
  'isochrone-gateway': "the gateway's constants, and no node declares its curve",
} as const

export function gatewayConstantsTable(files: RunFiles): string {
  const run = files.read({ name: 'azure-1-to-2' }, 0.6)
  const rows = Object.entries(constants).map(([name, title]) => [title, ...figuresOf(policyOf(run, name)).slice(1)])
  return markdownTable(['', ...figureColumns.slice(1)], rows)
}

const figureColumns = [
  'policy',
  right('SLO attainment'),
  right('USD per Mtok'),
  right('over the bound'),
  right('TTFT p99, ms'),
] as const

const figuresOf = ({ policy, sloAttainment, costPerMtok, costOverBound, ttftP99Ms }: PolicyResult): string[] => [
  named(policy),
  percent(sloAttainment, 3),
  dollars(costPerMtok),
  over(costOverBound, 1),
  wholeMs(ttftP99Ms),
]
