/**
 * `npm run bench:isolation -- [--rounds N] [--nodes N] [--json]`: by how much the p99 of other tenants' first tokens moves when one
 * tenant sends a hundred times its share instead of its share. Real processes, some two and a half minutes; the ratio is of rounds of one run. Ends with code 1
 * where it moves by 10 % or more, or a quiet tenant is refused.
 */
import { watchMachine, whole } from '@isochrone/runtime'
import { Command } from 'commander'
import { ISOLATION_PLAN, isolationFaults, MOVED_MAX } from './isolation.ts'
import { measureIsolation } from './measure-isolation.ts'

const { nodes, rounds, json } = new Command('npm run bench:isolation --')
  .description("What a tenant that floods a gateway makes of other tenants' time to the first token.")
  .option('--rounds <n>', 'rounds of each kind, 8 s each', whole(1, 20), ISOLATION_PLAN.rounds)
  .option(
    '--nodes <n>',
    'equal nodes; at one of them whoever meets another prompt waits for it',
    whole(1, 8),
    ISOLATION_PLAN.nodes,
  )
  .option('--json', 'one JSON object as the last line')
  .allowExcessArguments(false)
  .showHelpAfterError()
  .parse()
  .opts<{ nodes: number; rounds: number; json?: true }>()

const machineNow = watchMachine()
const note = (line: string): void => void process.stderr.write(`${line}\n`)
const seen = await measureIsolation({ ...ISOLATION_PLAN, nodes, rounds, note })
const faults = isolationFaults(seen)
const result = { ...seen, movedMax: MOVED_MAX, holds: faults.length === 0, faults, machine: machineNow() }
process.stdout.write(`${json ? JSON.stringify(result) : JSON.stringify(result, null, 2)}\n`)
process.exit(faults.length === 0 ? 0 : 1)
