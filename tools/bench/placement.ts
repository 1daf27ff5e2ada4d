/**
 * `npm run bench:placement -- --replicas 100000 --json`: how long one decision takes, by fleet size, on one core.
 *
 * Latency is timed decision by decision and the timer's own median cost is taken off; throughput is timed over batches
 * without a timer between. Load changes all the time (opened, first token, closed, reports, offers), timed apart as
 * `updateNs`. It runs in huge pages, as the gateway of `npm start` does; `GLIBC_TUNABLES=` before the command leaves them
 * out. A calibration loop of fixed work says how fast this machine was in the same run.
 */
import { prng } from '@isochrone/domain'
import { watchMachine, whole } from '@isochrone/runtime'
import { Command, InvalidArgumentError } from 'commander'
import { calibrate } from './calibrate.ts'
import { hugePagesMiB } from './huge-pages.ts'
import { measure, type BenchResult } from './measure.ts'

interface Flags {
  replicas: number
  decisions: number
  seed: number
  recallShare?: number
  json?: true
}

const flags = new Command('npm run bench:placement --')
  .description('Times placement decisions over fleets of 1,000, 10,000 and the asked number of replicas.')
  .option('--replicas <n>', 'fleet size', whole(17, 2_000_000), 100_000)
  .option('--decisions <n>', 'timed decisions per fleet size', whole(1_000, 10_000_000), 200_000)
  .option('--seed <n>', 'seed of fleet and requests', whole(0, 2 ** 32 - 1), 1)
  .option('--recall-share <share>', 'decisions on a large set that look at the last sample again; 0: all draw', share)
  .option('--json', 'one JSON object as the last line')
  .parse()
  .opts<Flags>()

const machineNow = watchMachine()
const calibrationBefore = calibrate()
const sizes = [...new Set([1_000, 10_000, flags.replicas])].toSorted((a, b) => a - b)
const results: BenchResult[] = []
for (const replicas of sizes) {
  const tuning = flags.recallShare === undefined ? {} : { recallShare: flags.recallShare }
  const result = measure(replicas, flags.decisions, prng(flags.seed), tuning)
  results.push(result)
  process.stderr.write(`${describe(result)}\n`)
}
const calibrationAfter = calibrate()
const asked = results.find(({ replicas }) => replicas === flags.replicas) as BenchResult
const calibrationNsPerOp = Math.min(calibrationBefore.nsPerOp, calibrationAfter.nsPerOp)
const summary = {
  replicas: asked.replicas,
  p50Us: asked.p50Us,
  p99Us: asked.p99Us,
  decisionsPerSecond: asked.decisionsPerSecond,
  decisionsPerCpuSecond: asked.decisionsPerCpuSecond,
  calibrationNsPerOp,
  calibration: {
    operations: calibrationBefore.operations,
    beforeNsPerOp: calibrationBefore.nsPerOp,
    afterNsPerOp: calibrationAfter.nsPerOp,
    checksum: calibrationBefore.checksum,
    work: 'one xorshift32 step, one dependent load from 16 KiB and one multiply-add in doubles',
  },
  /** Of this process, at its end. */
  hugePagesMiB: hugePagesMiB(),
  machine: machineNow(),
  results,
}
if (flags.json) process.stdout.write(`${JSON.stringify(summary)}\n`)
else process.stdout.write(`calibration: ${calibrationNsPerOp} ns per operation of fixed work\n`)

function describe(result: BenchResult): string {
  const n = (value: number): string => value.toLocaleString('en-US')
  return (
    `${n(result.replicas)} replicas in ${n(result.cells)} cells: p50 ${result.p50Us} µs, p99 ${result.p99Us} µs, ` +
    `p99.9 ${result.p999Us} µs, ${n(result.decisionsPerSecond)} decisions/s (${n(result.decisionsPerCpuSecond)} per CPU second); a record ${result.recordP50Us} µs, an update ${result.updateNs} ns; ` +
    `${(result.placedShare * 100).toFixed(1)} % placed at ${result.meanPriceMicroUsd} µUSD and ${result.meanTtftMs} ms in the mean`
  )
}

function share(text: string): number {
  const value = Number(text)
  if (text !== '' && value >= 0 && value <= 1) return value
  throw new InvalidArgumentError('a number from 0 to 1 is expected.')
}
