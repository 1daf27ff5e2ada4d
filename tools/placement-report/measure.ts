/**
 * `npm run measure:placement`: runs the simulator on the markets that docs/PLACEMENT.md has figures of and keeps what it
 * printed in docs/placement/runs. `npm run report:placement` then writes it into the documents.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Command, InvalidArgumentError } from 'commander'
import { projectRoot } from '../project-root.ts'
import { marketNamed, markets, type Market } from './runs/markets.ts'
import { mergedRun, parseRun, RunFiles, type RunResult } from './runs/run-file.ts'
import { RUNS_FOLDER } from './runs/runs-folder.ts'

type Flags = { only?: Market[]; policies?: string[]; util?: number; jobs?: string }

const run = promisify(execFile)
/** A result has a row for each policy and seed. */
const STDOUT_BYTES_MAX = 64 * 1024 * 1024

const program = new Command('npm run measure:placement --')
  .description(
    'Runs the simulator on the markets of docs/PLACEMENT.md and keeps what it printed in docs/placement/runs.',
  )
  .option('--only <markets>', `these, comma-separated, of ${markets.map(({ name }) => name).join(', ')}`, marketList)
  .option('--policies <names>', 'only these of the policies that were run on each, comma-separated', list)
  .option('--util <share>', 'only this utilisation', Number)
  .option('--jobs <n>', 'worker threads of the simulator')
  .showHelpAfterError()
  .parse()

try {
  await measure(program.opts<Flags>())
} catch (error) {
  process.stderr.write(`measure:placement: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}

async function measure({ only, policies, util, jobs }: Flags): Promise<void> {
  const files = new RunFiles(RUNS_FOLDER)
  const chosen = (only ?? markets).flatMap((market) =>
    market.utils.filter((each) => util === undefined || each === util).map((each) => ({ market, util: each })),
  )
  for (const { market, util: each } of chosen) {
    const names = market.policies.filter((name) => !policies || policies.includes(name))
    if (names.length === 0) continue
    const started = performance.now()
    const result = dated(await simulated(market, each, names, jobs))
    files.write(market, mergedRun(files.find(market, each), result))
    const seconds = ((performance.now() - started) / 1_000).toFixed(0)
    process.stdout.write(`${market.name} at ${each}: ${names.join(', ')} (${seconds} s)\n`)
  }
}

async function simulated(market: Market, util: number, policies: readonly string[], jobs?: string): Promise<RunResult> {
  const flags = {
    trace: join('../shared/data/traces', market.trace),
    util,
    seeds: market.seeds,
    'first-seed': market.firstSeed,
    policies: policies.join(','),
    model: market.model,
    market: market.market,
    'horizon-s': market.horizonS,
    jobs,
  }
  const args = Object.entries(flags).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, `${value}`]))
  const tool = join(projectRoot, 'tools/sim/main.ts')
  const { stdout } = await run(process.execPath, ['--disable-warning=ExperimentalWarning', tool, ...args, '--json'], {
    cwd: projectRoot,
    maxBuffer: STDOUT_BYTES_MAX,
  })
  return parseRun(stdout, `npm run sim on ${market.name} at ${util}`)
}

function dated(result: RunResult): RunResult {
  const measured = new Date().toISOString().slice(0, 10)
  return { ...result, policies: result.policies.map((policy) => ({ ...policy, measured })) }
}

function list(text: string): string[] {
  return text.split(',').map((name) => name.trim())
}

function marketList(text: string): Market[] {
  try {
    return list(text).map(marketNamed)
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error))
  }
}
