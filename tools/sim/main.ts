/**
 * `npm run sim -- --trace FILE --util 0.6`: runs every placement policy through the same simulated market and compares
 * SLO attainment and cost with each other and with the bound that no policy can beat.
 *
 * With `--json` stdout is one JSON object, the same bytes for the same arguments; progress goes to stderr.
 */
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import {
  hasMarketData,
  loadMarket,
  namedPolicies,
  policies as allPolicies,
  readMarketWorkload,
  type SimPolicy,
} from '@isochrone/simulator'
import { describeStartError } from '../start/start-error.ts'
import { runTasks, SimError } from './run-tasks.ts'
import type { SimConfig, SimTask } from './sim-task.ts'
import { belowBound, summarise } from './summarise.ts'
import { tableOf } from './table.ts'

interface Flags {
  trace: string
  model?: string
  tenants: number
  util: number
  seeds: number
  firstSeed: number
  policies?: SimPolicy[]
  horizonS?: number
  churn: boolean
  market?: string
  jobs: number
  data: string
  json?: true
}

const program = new Command('npm run sim --')
  .description('Compares placement policies in a simulated market: real prices, round trips, reliability and arrivals.')
  .requiredOption(
    '--trace <file>',
    'request trace (Azure LLM inference CSV, Mooncake JSON lines) or ServeGen rates with the lengths beside them, gzipped or not',
  )
  .option('--model <name>', "of ServeGen's clients those of this model")
  .option('--tenants <n>', 'how many of them ask, the busiest first', whole(1, 10_000), 64)
  .option('--util <share>', 'offered work ÷ work that the fleet can do inside the SLO', number(0.01, 5), 0.6)
  .option('--seeds <n>', 'how many seeds; each draws fleet, arrivals and faults', whole(1, 1_000), 5)
  .option('--first-seed <n>', 'the first of them', whole(0, 2 ** 31), 1)
  .option('--policies <names>', 'only these, comma-separated', policyList)
  .option('--horizon-s <s>', 'length of the workload (default: that of market.json)', number(1, 86_400))
  .option('--churn <on|off>', 'replicas come and go', onOff, true)
  .option('--market <file>', 'fleet, gateways, prices and faults (default: market.json of packages/simulator)')
  .option('--jobs <n>', 'worker threads', whole(1, 256), availableParallelism())
  .option(
    '--data <dir>',
    'folder with prices/, network/ and reliability/; `demo` for a made-up market',
    '../shared/data',
  )
  .option('--json', 'print one JSON object')
  .showHelpAfterError()
  .parse()

// Nothing to put away: simulated worlds live in memory alone.
process.on('SIGINT', () => {
  process.stderr.write('\nStopped.\n')
  process.exit(130)
})

try {
  await main(program.opts<Flags>())
} catch (error) {
  process.stderr.write(`${error instanceof SimError ? error.message : describeStartError(error)}\n`)
  process.exit(1)
}

async function main(flags: Flags): Promise<void> {
  const { util, churn, jobs } = flags
  const policies = flags.policies ?? allPolicies
  const seeds = Array.from({ length: flags.seeds }, (_, i) => flags.firstSeed + i)
  const marketFile = flags.market === undefined ? null : resolve(flags.market)
  const market = loadMarket(marketFile ?? undefined)
  const horizonMs = flags.horizonS === undefined ? market.horizonMs : flags.horizonS * 1000
  const traceFile = resolve(flags.trace)
  const { tenants, model = null } = flags
  // Read here for its refusals alone: one line, before any thread is started.
  readMarketWorkload(traceFile, model, tenants)
  const config: SimConfig & { horizonMs: number } = {
    traceFile,
    model,
    tenants,
    marketFile,
    dataFolder: dataFolderOf(flags.data),
    util,
    horizonMs,
    churn,
  }
  const tasks = seeds.flatMap((seed): SimTask[] => [
    { seed, policy: null },
    ...policies.map(({ name }) => ({ seed, policy: name })),
  ])
  const startedMs = performance.now()
  const wall = new Map<string, number>()
  let done = 0
  const answers = await runTasks(config, tasks, jobs, ({ task, wallS }) => {
    const name = task.policy ?? 'bound'
    wall.set(name, (wall.get(name) ?? 0) + wallS)
    progress(`${++done}/${tasks.length}  seed ${task.seed}  ${name}  ${seconds(startedMs)} s`)
  })
  progress('')
  const summary = summarise({ ...config, replicas: market.fleet.replicas }, seeds, policies, answers)
  process.stdout.write(flags.json ? `${JSON.stringify(summary)}\n` : `${tableOf(summary)}\n`)
  const below = belowBound(answers)
  if (below !== null) throw new SimError(below)
  const slowest = [...wall].toSorted((a, b) => b[1] - a[1]).slice(0, 5)
  const named = slowest.map(([name, s]) => `${name} ${s.toFixed(1)}`).join(', ')
  process.stderr.write(`${seconds(startedMs)} s with ${jobs} jobs; longest, s: ${named}\n`)
}

/** The default folder may be missing: then the made-up market stands in. A folder that was asked for must be there. */
function dataFolderOf(given: string): string | null {
  if (given === 'demo') return null
  const folder = resolve(given)
  if (program.getOptionValueSource('data') !== 'default' || hasMarketData(folder)) return folder
  process.stderr.write(
    `${given} holds no market data: prices, network and reliability are made up; docs/DATA.md names the originals.\n`,
  )
  return null
}

/** One line that rewrites itself; nothing where stderr is not a terminal. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[K${text}`)
}

function seconds(sinceMs: number): string {
  return ((performance.now() - sinceMs) / 1000).toFixed(1)
}

function policyList(text: string): SimPolicy[] {
  return text.split(',').map((given) => {
    const name = given.trim()
    const policy = namedPolicies.find((known) => known.name === name)
    if (policy) return policy
    throw new InvalidArgumentError(`no policy '${name}'; known: ${namedPolicies.map((known) => known.name).join(', ')}`)
  })
}

function onOff(text: string): boolean {
  if (text !== 'on' && text !== 'off') throw new InvalidArgumentError('on or off')
  return text === 'on'
}

function number(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() === '' || !(value >= min && value <= max)) {
      throw new InvalidArgumentError(`a number from ${min} to ${max}`)
    }
    return value
  }
}

function whole(min: number, max: number): (text: string) => number {
  const parse = number(min, max)
  return (text) => {
    const value = parse(text)
    if (!Number.isInteger(value)) throw new InvalidArgumentError(`a whole number from ${min} to ${max}`)
    return value
  }
}
