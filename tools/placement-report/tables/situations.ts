/** What `npm run sim:scenarios` was asked and what it gave, worst of its seeds. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { RunFiles } from '../runs/run-file.ts'
import { markdownTable, right } from './markdown.ts'

const targets = z.object({
  targets: z.array(
    z.object({ what: z.string(), measured: z.number().nullable(), bound: z.string(), met: z.boolean() }),
  ),
})
const scenarios = z.object({ prefix: targets, fairness: targets, kill: targets, tiers: targets })

const titles = {
  prefix: 'Mooncake, a conversation stays at its gateway',
  fairness: "ServeGen's clients as tenants, backlogged",
  kill: '5 % of nodes killed at once',
  tiers: 'edge lost and back',
} as const

export function situationTable({ folder }: Pick<RunFiles, 'folder'>): string {
  const report = scenarios.parse(JSON.parse(readFileSync(join(folder, 'scenarios.json'), 'utf8')))
  const rows = (Object.keys(titles) as (keyof typeof titles)[]).flatMap((name) =>
    report[name].targets.map(({ what, measured, bound, met }) => [
      `${titles[name]}: ${what}`,
      bound,
      measured === null ? '–' : String(Math.round(measured * 1000) / 1000),
      met ? 'yes' : 'no',
    ]),
  )
  return markdownTable(['situation', right('asked'), right('worst of three seeds'), 'met'], rows)
}
