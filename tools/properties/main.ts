/**
 * `npm run test:properties`: the promises of placement over millions of decisions in random markets.
 *
 * The same checks as `packages/scheduler/src/properties.test.ts`. Prints what was checked; exits 1 with the seed at the
 * first promise that is broken, and that seed alone repeats it.
 */
import { checkArrivalOrder, checkMarket, equalShares, type MarketCounts } from '@isochrone/scheduler/testing'
import { Command, InvalidArgumentError } from 'commander'

const flags = new Command('npm run test:properties --')
  .description('Decides in random markets and checks every decision against the promises of placement.')
  .option('--decisions <n>', 'decisions to make', whole, 2_000_000)
  .option('--seed <n>', 'first seed', whole, 1)
  .allowExcessArguments(false)
  .showHelpAfterError()
  .parse()
  .opts<{ decisions: number; seed: number }>()

/** A fifth of the decisions compares two orders of arrival, the rest lives through markets. */
const ARRIVAL_SHARE = 0.2
const MARKET_DECISIONS = 2_000
const ARRIVAL_DECISIONS = 500
const sizes = [1, 2, 5, 12, 17, 40, 100, 300]

const started = performance.now()
const total: MarketCounts = {
  decisions: 0,
  placed: 0,
  none: 0,
  explored: 0,
  alternates: 0,
  hedges: 0,
  prefixHits: 0,
  replayed: 0,
}
let ordered = 0
let seed = flags.seed
try {
  while (total.decisions < flags.decisions * (1 - ARRIVAL_SHARE)) {
    const replicas = sizes[seed % sizes.length] ?? 1
    const counts = checkMarket({ seed: seed >>> 0, replicas, decisions: MARKET_DECISIONS, replayEvery: 20 })
    for (const key of Object.keys(total) as (keyof MarketCounts)[]) total[key] += counts[key]
    seed++
  }
  while (ordered < flags.decisions * ARRIVAL_SHARE) {
    ordered += checkArrivalOrder(seed >>> 0, sizes[seed % sizes.length] ?? 1, ARRIVAL_DECISIONS)
    seed++
  }
  for (const replicas of [3, 16, 17, 100, 400]) {
    const ratio = equalShares(flags.seed >>> 0, replicas, 50_000)
    if (ratio > 1 + 6 * Math.sqrt(2 / (replicas - 1))) {
      throw new Error(`seed ${flags.seed}: ${replicas} equal offers share unequally, χ²/df ${ratio.toFixed(2)}`)
    }
  }
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}

const n = (value: number): string => value.toLocaleString('en')
process.stdout.write(
  `${n(total.decisions)} decisions in ${n(seed - flags.seed)} random markets: ${n(total.placed)} placed (${n(total.explored)} to explore, ` +
    `${n(total.prefixHits)} on a prefix), ${n(total.alternates)} alternates, ${n(total.hedges)} hedges, ${n(total.none)} not placed. ` +
    `No promise broken; ${n(total.replayed)} replayed exactly.\n` +
    `${n(ordered)} decisions agreed between two orders of arrival. Equal offers share equally.\n` +
    `${((performance.now() - started) / 1_000).toFixed(0)} s, seed ${flags.seed}.\n`,
)

function whole(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new InvalidArgumentError('must be a whole number from 1.')
  return value
}
