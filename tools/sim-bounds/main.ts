/**
 * `npm run sim:bounds -- --trace FILE --util 0.6`: how low the cost of any policy can be, how that changes with the
 * length of the LP's windows, how much of it is prefixes that it takes for cached everywhere, what a second bound that
 * knows steps, chunks of prefill and faults adds, and how near a clairvoyant really gets (which bounds the bound's own
 * slack).
 *
 * With `--json` stdout is one JSON object.
 */
import { resolve } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import {
  allFaults,
  demoMarketData,
  engineBoundOf,
  fleetSummary,
  hasMarketData,
  hindsightSearch,
  loadMarket,
  lpBound,
  prepareMarketRun,
  readMarketData,
  readMarketWorkload,
  type MarketData,
} from '@isochrone/simulator'
import { describeStartError } from '../start/start-error.ts'

interface Flags {
  trace: string
  model?: string
  tenants: number
  util: number
  seed: number
  horizonS?: number
  windowsS: number[]
  hindsight: boolean
  data: string
  json?: true
}

const program = new Command('npm run sim:bounds --')
  .description(
    'Bounds the cost of every placement policy from below: by the LP of the targets, and by one that knows steps, chunks of prefill and faults. Shows how tight they are.',
  )
  .requiredOption('--trace <file>', 'request trace or ServeGen rates, as for `npm run sim`')
  .option('--model <name>', "of ServeGen's clients those of this model")
  .option('--tenants <n>', 'how many of them ask, the busiest first', number(1, 10_000), 64)
  .option('--util <share>', 'offered work ÷ work that the fleet can do inside the SLO', number(0.01, 5), 0.6)
  .option('--seed <n>', 'draws fleet, arrivals and faults', number(0, 2 ** 31), 1)
  .option('--horizon-s <s>', 'length of the workload (default: that of market.json)', number(1, 86_400))
  .option('--windows-s <list>', 'lengths of windows to compare with the whole span', numbers, [270, 180, 60])
  .option('--no-hindsight', 'leave out the clairvoyant, which takes most of the time')
  .option(
    '--data <dir>',
    'folder with prices/, network/ and reliability/; `demo` for a made-up market',
    '../shared/data',
  )
  .option('--json', 'print one JSON object')
  .showHelpAfterError()
  .parse()

try {
  await main(program.opts<Flags>())
} catch (error) {
  process.stderr.write(`${describeStartError(error)}\n`)
  process.exit(1)
}

async function main(flags: Flags): Promise<void> {
  const { util, seed } = flags
  const run = prepareMarketRun({
    market: loadMarket(),
    data: marketData(flags.data),
    workload: readMarketWorkload(resolve(flags.trace), flags.model ?? null, flags.tenants),
    util,
    seed,
    horizonMs: flags.horizonS === undefined ? undefined : flags.horizonS * 1_000,
    faults: allFaults,
  })
  const fleet = run.fleet.replicas
  const isCounted = ({ arriveMs }: { arriveMs: number }) => arriveMs >= run.settings.warmUpMs
  const requests = run.requests.filter(isCounted)
  const earlier = run.requests.filter((request) => !isCounted(request))
  const bounds = []
  for (const windowS of [null, ...flags.windowsS]) {
    const startedMs = performance.now()
    const window = windowS === null ? {} : { windowMs: windowS * 1_000 }
    const bound = await lpBound({ requests, earlier, fleet, market: run.market, ...window })
    bounds.push({ windowS, ...bound, solveS: (performance.now() - startedMs) / 1_000 })
  }
  const [whole] = bounds
  const startedMs = performance.now()
  const engine = whole && { ...(await engineBoundOf(run, whole)), solveS: (performance.now() - startedMs) / 1_000 }
  const uncached = requests.some(({ prefixHashes }) => prefixHashes.length > 0)
    ? await lpBound({ requests: requests.map((each) => ({ ...each, prefixHashes: [] })), fleet, market: run.market })
    : null
  const hindsight = flags.hindsight ? await hindsightSearch(run) : null
  const figures = { bounds, engine, uncached, hindsight }
  const summary = { util, seed, requests: requests.length, fleet: fleetSummary(fleet), ...figures }
  if (flags.json) {
    process.stdout.write(`${JSON.stringify(summary)}\n`)
    return
  }
  const least = whole?.costPerMtok ?? 0
  const lines = [`utilisation ${util}, seed ${seed}: ${requests.length} requests after warm-up`]
  for (const { windowS, status, costPerMtok, groups, rows, columns, solveS } of bounds) {
    const window = windowS === null ? 'one window' : `windows of ${windowS} s`
    const size = `${groups} groups, ${rows} × ${columns}, ${solveS.toFixed(1)} s`
    lines.push(`LP, ${window}: ${status}, ${costPerMtok.toFixed(4)} USD per 10⁶ tokens (${size})`)
  }
  if (engine) {
    const { status, costPerMtok, costPerMtokAt99, solveS } = engine
    const over = `${((costPerMtok / least - 1) * 100).toFixed(2)} % over the LP`
    lines.push(
      `with steps, chunks and faults: ${status}, ${costPerMtok.toFixed(4)}, ${over}; ${costPerMtokAt99.toFixed(4)} for who serves 99 % (${solveS.toFixed(1)} s)`,
    )
  }
  if (uncached) {
    lines.push(
      `LP, one window and nothing cached: ${uncached.status}, ${uncached.costPerMtok.toFixed(4)} USD per 10⁶ tokens`,
    )
  }
  for (const { headroom, figures } of hindsight?.tried ?? []) {
    const cost = figures.costPerMtok ?? Number.NaN
    const over = `${((cost / least - 1) * 100).toFixed(1)} % over the LP`
    const slo = `SLO ${(figures.sloAttainment * 100).toFixed(2)} %`
    lines.push(`clairvoyant, ${headroom} of capacity promised: ${cost.toFixed(4)}, ${over}, ${slo}`)
  }
  process.stdout.write(`${lines.join('\n')}\n`)
}

/** The default folder may be missing: then the made-up market stands in. A folder that was asked for must be there. */
function marketData(given: string): MarketData {
  const folder = resolve(given)
  const byDefault = program.getOptionValueSource('data') === 'default'
  if (given !== 'demo' && (!byDefault || hasMarketData(folder))) return readMarketData(folder)
  process.stderr.write('Prices, network and reliability are made up; docs/DATA.md names the originals.\n')
  return demoMarketData()
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

function numbers(text: string): number[] {
  return text.split(',').map(number(1, 86_400))
}
