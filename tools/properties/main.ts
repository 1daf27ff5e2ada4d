/**
 * `npm run test:properties`: the promises of placement over millions of decisions in random markets, with fast-check.
 *
 * The same promises as `packages/scheduler/src/properties.test.ts`. Prints what was checked; exits 1 at the first promise
 * that is broken, with the smallest market that breaks it and the seed and path that repeat it.
 */
import { whole } from '@isochrone/runtime'
import { promises, type PromiseName } from '@isochrone/scheduler/testing'
import { Command, Option } from 'commander'
import { promiseNames, runPromise, type PromiseRun } from './run-promise.ts'

const flags = new Command('npm run test:properties --')
  .description('Decides in random markets and checks every decision against the promises of placement.')
  .option('--decisions <n>', 'decisions to make, all promises together', whole(1), 2_000_000)
  .option('--seed <n>', 'first seed', whole(1), 1)
  .addOption(new Option('--promise <name>', 'only this one').choices(promiseNames))
  .option('--path <path>', 'of a broken promise: its market alone; needs --promise and its --seed')
  .allowExcessArguments(false)
  .showHelpAfterError()
  .parse()
  .opts<{ decisions: number; seed: number; promise?: PromiseName; path?: string }>()

if (flags.path !== undefined && flags.promise === undefined) {
  process.stderr.write('--path is of one promise: name it with --promise.\n')
  process.exit(1)
}

const started = performance.now()
const n = (value: number): string => value.toLocaleString('en')
let decisions = 0
for (const name of flags.promise ? [flags.promise] : promiseNames) {
  const promised = promises[name]()
  const share = flags.promise ? 1 : promised.share
  const run = runPromise(name, promised, {
    decisions: Math.ceil(flags.decisions * share),
    seed: flags.seed,
    ...(flags.path === undefined ? {} : { path: flags.path }),
  })
  if (run.broken !== null) {
    process.stderr.write(`${run.broken}\n`)
    process.exit(1)
  }
  decisions += run.decisions
  process.stdout.write(`${name}: ${promised.promise}. ${wordsOf(run)}\n`)
}
process.stdout.write(
  `${n(decisions)} decisions, no promise broken. ${((performance.now() - started) / 1_000).toFixed(0)} s, seed ${flags.seed}.\n`,
)

function wordsOf({ decisions, markets, counts }: PromiseRun): string {
  const { placed, none, explored, alternates, hedges, moves, prefixHits, replayed, amongMany } = counts
  const all = `${n(decisions)} decisions in ${n(markets)} markets`
  if (placed === undefined) return `${all}.`
  const parts = Object.entries({ explored, alternates, hedges, moves, 'on a prefix': prefixHits, none, replayed })
  const told = parts.map(([what, count]) => `${what} ${n(count ?? 0)}`).join(', ')
  return `${all}: placed ${n(placed)} (${told}); among more than 512 replicas ${n(amongMany ?? 0)}.`
}
