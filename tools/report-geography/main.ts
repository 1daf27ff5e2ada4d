/**
 * `npm run report:geography`: who is within 10, 50 and 100 ms of k sites, and what tokens cost there against a
 * hyperscaler's list, from measured round trips and real price lists.
 *
 * With `--json` stdout is one object. Exits 1 with one line when the data cannot be read; a target that is not reached is
 * a figure of the report and no error.
 */
import { join, resolve } from 'node:path'
import { Command } from 'commander'
import { isAppError } from '@isochrone/domain'
import { whole } from '@isochrone/runtime'
import { geographyReport, loadMarket } from '@isochrone/simulator'
import { endWithoutReader } from '../end-without-reader.ts'
import { projectRoot } from '../project-root.ts'
import { describeGeography } from './describe-geography.ts'

interface Flags {
  data: string
  k: number[]
  targetMs: number
  seed: number
  json?: true
  markdown?: true
}

const sitesMax = 246

endWithoutReader()

const program = new Command('npm run report:geography --')
  .description('Reports coverage from k sites and prices against a hyperscaler’s list, from measured data.')
  .option('--data <dir>', 'folder with network/ and prices/', join(projectRoot, '../shared/data'))
  .option('--k <list>', 'numbers of sites, separated by commas', siteCounts, [5, 10, 20, 40])
  .option('--target-ms <ms>', 'round trip that sites are planned for', whole(1, 1_000), 50)
  .option('--seed <n>', 'seed of the planner', whole(0, 2 ** 31), 1)
  .option('--json', 'print one JSON object')
  .option('--markdown', 'print the tables as Markdown')
  .allowExcessArguments(false)
  .showHelpAfterError()
  .parse()

try {
  const flags = program.opts<Flags>()
  const report = await geographyReport({
    dataDir: resolve(flags.data),
    market: loadMarket(),
    ks: flags.k,
    targetMs: flags.targetMs,
    seed: flags.seed,
  })
  process.stdout.write(`${flags.json ? JSON.stringify(report) : describeGeography(report, flags.markdown === true)}\n`)
} catch (error) {
  const line = isAppError(error) ? error.publicMessage : error instanceof Error ? error.message : String(error)
  process.stderr.write(`report:geography: ${line}\n`)
  process.exitCode = 1
}

function siteCounts(list: string): number[] {
  const counts = list.split(',').map((part) => whole(1, sitesMax)(part.trim()))
  return [...new Set(counts)].toSorted((a, b) => a - b)
}
