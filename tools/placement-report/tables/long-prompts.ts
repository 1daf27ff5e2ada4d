/** Policies on Mooncake's long prompts, a row each, best first. */
import { fiveName } from '../runs/markets.ts'
import type { PolicyResult, RunFiles } from '../runs/run-file.ts'
import { policyOf, slosBySeed } from './figures.ts'
import { dollars, markdownTable, named, over, percent, right } from './markdown.ts'

const market = { name: fiveName('mooncake', 41) }
const utils = [0.4, 0.6, 0.75] as const
const documented = [
  'isochrone',
  'isochrone-placement-only',
  'dynamo',
  'llm-d',
  'sglang-cache-aware',
  'skyserve',
  'litellm-latency',
  'openrouter',
  'power-of-two-choices',
  'nearest',
  'prequal',
  'cheapest',
] as const
const withBounds = [
  'isochrone',
  'sglang-cache-aware-with-bounds',
  'llm-d-with-bounds',
  'dynamo-with-bounds',
  'prequal-with-bounds',
] as const

export const longPromptTable = (files: RunFiles): string =>
  tableOf(files, documented, (each) => [
    `${percent(each.sloAttainment, 2)} (${(100 * Math.min(...slosBySeed(each))).toFixed(2)})`,
    `${dollars(each.costPerMtok)}, ${over(each.costOverBound, 0)}`,
  ])

/** The same market with our bounds and our news of long prompts around others' choices. */
export const withBoundsTable = (files: RunFiles): string =>
  tableOf(files, withBounds, (each) => [percent(each.sloAttainment, 2), dollars(each.costPerMtok)])

function tableOf(files: RunFiles, policies: readonly string[], cells: (each: PolicyResult) => string[]): string {
  const runs = utils.map((util) => files.read(market, util))
  return markdownTable(
    ['policy', ...utils.flatMap((util) => [right(`SLO, ${util}`), right(`USD, ${util}`)])],
    policies.map((policy) => [named(policy), ...runs.flatMap((run) => cells(policyOf(run, policy)))]),
  )
}
