/**
 * `npm run sim:scenarios -- --scenario prefix`: the situations that a placement engine must stand, one by one, with the
 * target of each beside what was measured.
 *
 * With `--json` stdout is one JSON object, the same bytes for the same arguments; progress goes to stderr.
 */
import { resolve } from 'node:path'
import { whole } from '@isochrone/runtime'
import { Command, InvalidArgumentError } from 'commander'
import { describeStartError } from '../start/start-error.ts'
import { readInputs } from './inputs.ts'
import { runScenarios, scenarioNames, type ScenarioName } from './run-scenarios.ts'
import { tablesOf } from './tables.ts'

interface Flags {
  scenario: readonly ScenarioName[]
  seeds: number
  firstSeed: number
  data: string
  json?: true
}

const program = new Command('npm run sim:scenarios --')
  .description('Runs the simulated situations in which placement is tested: prefix caches, a backlog, deaths, tiers.')
  .option('--scenario <name>', `${scenarioNames.join(', ')} or all`, scenarioList, scenarioNames)
  .option('--seeds <n>', 'how many seeds', whole(1, 100), 3)
  .option('--first-seed <n>', 'the first of them', whole(0, 2 ** 31), 11)
  .option('--data <dir>', 'folder with traces/, prices/, …; `demo` for made-up ones', '../shared/data')
  .option('--json', 'print one JSON object')
  .showHelpAfterError()
  .parse()

// Nothing to put away: simulated worlds live in memory alone.
process.on('SIGINT', () => {
  process.stderr.write('\nStopped.\n')
  process.exit(130)
})

try {
  main(program.opts<Flags>())
} catch (error) {
  process.stderr.write(`${describeStartError(error)}\n`)
  process.exit(1)
}

function main({ scenario, seeds, firstSeed, data, json }: Flags): void {
  const isDefault = program.getOptionValueSource('data') === 'default'
  const inputs = readInputs(data === 'demo' ? null : resolve(data), isDefault)
  if (inputs.note) process.stderr.write(`${inputs.note}\n`)
  const list = Array.from({ length: seeds }, (_, i) => firstSeed + i)
  const report = runScenarios(inputs, scenario, list, (text) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`)
  })
  process.stdout.write(json ? `${JSON.stringify(report)}\n` : `${tablesOf(report)}\n`)
}

function scenarioList(text: string): readonly ScenarioName[] {
  if (text === 'all') return scenarioNames
  const found = scenarioNames.find((name) => name === text)
  if (found) return [found]
  throw new InvalidArgumentError(`no scenario '${text}'; known: ${scenarioNames.join(', ')}, all`)
}
