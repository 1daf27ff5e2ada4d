/**
 * `npm run bench:slo -- [--scenario bounds|moves] [--rounds N] [--seconds N] [--seed N] [--json]`: how many requests that name an
 * SLO have it kept on gateways and nodes as they run, with and without bounds on the prompts that wait, or moves. By default
 * some six minutes.
 */
import { watchMachine, whole } from '@isochrone/runtime'
import { Command, InvalidArgumentError } from 'commander'
import { measureSlo } from './measure-slo.ts'
import { scenarios } from './slo-plan.ts'
import { tableOf, type Row } from './slo-row.ts'

const flags = new Command('npm run bench:slo --')
  .description('Requests that name an SLO, on real processes: kept, late, refused.')
  .option('--scenario <name>', `one of ${scenarios.map(({ name }) => name).join(', ')}; default: all`, known)
  .option('--rounds <n>', 'rounds', whole(1, 20), 3)
  .option('--seconds <n>', 'length of one variant in one round', whole(5, 120), 20)
  .option('--seed <n>', 'of the prompts and when they come', whole(1, 1_000_000), 1)
  .option('--json', 'one JSON object as the last line')
  .allowExcessArguments(false)
  .showHelpAfterError()
  .parse()
  .opts<{ scenario?: string; rounds: number; seconds: number; seed: number; json?: true }>()

const machineNow = watchMachine()
const note = (line: string): void => void process.stderr.write(`${line}\n`)
const found: { scenario: string; rows: Row[] }[] = []
for (const scenario of scenarios) {
  if (flags.scenario !== undefined && scenario.name !== flags.scenario) continue
  const rows = await measureSlo(scenario, { ...flags, note })
  found.push({ scenario: scenario.name, rows })
  note(`${scenario.name}\n${tableOf(rows)}`)
}
if (flags.json) process.stdout.write(`${JSON.stringify({ found, machine: machineNow() })}\n`)
process.exit(0)

function known(name: string): string {
  if (scenarios.some((scenario) => scenario.name === name)) return name
  throw new InvalidArgumentError('no such scenario')
}
