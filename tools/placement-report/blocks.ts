/** Every table of the placement documents that is written from what was measured. */
import { fiveName } from './runs/markets.ts'
import type { RunFiles } from './runs/run-file.ts'
import { fivesTable } from './tables/fives.ts'
import { longPromptTable, withBoundsTable } from './tables/long-prompts.ts'
import { gatewayConstantsTable, hedgesAndMovesTable, largeFleetTable, servegenTable } from './tables/other-markets.ts'
import { policyTable, ruleTable } from './tables/policies.ts'
import { situationTable } from './tables/situations.ts'
import { targetTable } from './tables/targets.ts'

/** Policies that reach it are compared by cost, the others by how far they are from it. */
const SLO_TARGET = 0.99
/** Of it every policy is shown, in tables and in the plot. */
export const shown = { name: fiveName('azure', 31), utils: [0.4, 0.6, 0.75] } as const
const { utils } = shown

type Block = (files: RunFiles) => string

/** By document (below docs/) and by the name in its marker `<!-- measured:NAME -->`. */
export const blocks: Readonly<Record<string, Readonly<Record<string, Block>>>> = {
  'PLACEMENT.md': {
    targets: targetTable,
    situations: situationTable,
    ...Object.fromEntries(
      utils.map((util) => [`util-${util}`, (files: RunFiles) => policyTable(files.read(shown, util), SLO_TARGET)]),
    ),
    baselines: (files) => ruleTable(files.read(shown, utils[0])),
  },
  'placement/markets.md': {
    'azure-fives': (files) => fivesTable(files, 'azure', utils),
    'mooncake-fives': (files) => fivesTable(files, 'mooncake', utils),
    'long-prompts': longPromptTable,
    'with-bounds': withBoundsTable,
    servegen: servegenTable,
    'large-fleet': largeFleetTable,
    'hedges-and-moves': hedgesAndMovesTable,
  },
  'placement/gateway.md': { constants: gatewayConstantsTable },
}

/** `text` with each block in its place. Throws where one has no place or a place has no block. */
export function withBlocks(text: string, of: Readonly<Record<string, string>>): string {
  const places = [...text.matchAll(/<!-- measured:(\S+) -->/g)].map(([, name]) => name ?? '')
  const stray = places.find((name) => of[name] === undefined)
  if (stray !== undefined) throw new Error(`nothing is measured for the place ${stray}`)
  return Object.entries(of).reduce((before, [name, block]) => {
    const start = `<!-- measured:${name} -->`
    const from = before.indexOf(start)
    const to = before.indexOf('<!-- end -->', from)
    if (from < 0 || to < 0) throw new Error(`no place for ${name}: it needs ${start} … <!-- end -->`)
    return `${before.slice(0, from + start.length)}\n${block}\n${before.slice(to)}`
  }, text)
}
