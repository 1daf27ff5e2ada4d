/**
 * `npm run chaos:gateway -- [--only NAME] [--fast] [--write]`: breaks real processes on purpose and says, for each break,
 * what the customer saw, what was billed, and that nothing was lost. Ends with code 1 when anything does not hold.
 *
 * `--write` puts what held into the table of docs/RELIABILITY.md, and takes out what did not.
 */
import { Command } from 'commander'
import { runScenarios } from './run-scenarios.ts'

interface Flags {
  only?: string
  fast?: true
  write?: true
}

const flags = new Command('npm run chaos:gateway --')
  .description('Breaks gateways, nodes, links and stores, and checks the books after each break.')
  .option('--only <name>', 'one scenario, or all whose name begins so')
  .option('--fast', 'leave out what takes longer than some seconds')
  .option('--write', 'write the table into docs/RELIABILITY.md')
  .parse()
  .opts<Flags>()

const held = await runScenarios({ ...flags, say: (line) => process.stdout.write(`${line}\n`) })
process.exitCode = held ? 0 : 1
