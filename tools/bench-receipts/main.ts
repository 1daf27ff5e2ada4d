/**
 * `npm run bench:receipts`: how fast receipts are signed and verified, with each implementation that loads. `--check` fails
 * when a figure of the one in use misses its target: on a quiet machine, since the figures are times.
 */
import { Command } from 'commander'
import { prepareSigning, secp256k1Backend, secp256k1BackendNamed, type Secp256k1BackendName } from '@isochrone/protocol'
import { watchMachine } from '@isochrone/runtime'
import { calibrate } from '../bench/calibrate.ts'
import { measureMerkle, measurePairs, medianRatio, type Measured, type PairSpeeds } from './measure.ts'
import { samplePairs } from './sample-pairs.ts'
import { missedTargets, targets } from './targets.ts'

const flags = new Command('npm run bench:receipts --')
  .description('Times signing and verifying receipt pairs on one core, and a Merkle tree over 100,000 receipts.')
  .option('--json', 'one JSON object as the last line')
  .option('--check', 'fail when a figure misses its target')
  .allowExcessArguments(false)
  .showHelpAfterError()
  .parse()
  .opts<{ json?: true; check?: true }>()

const pairsOf: Record<Secp256k1BackendName, number> = { own: 10_000, native: 10_000, wasm: 3_000, javascript: 600 }

const machineNow = watchMachine()
const before = calibrate()
const used = prepareSigning()
const pairs = samplePairs(pairsOf.own, 1)
const measured: Partial<Record<Secp256k1BackendName, Measured>> = {}
// The first two are close to one another, so they take turns.
for (const group of [['own', 'native'], ['wasm'], ['javascript']] as const) {
  const loaded = group.flatMap((name) => {
    const backend = secp256k1BackendNamed(name)
    return backend ? [{ name, backend }] : []
  })
  const backends = loaded.map(({ backend }) => backend)
  const found = measurePairs(backends, pairs.slice(0, pairsOf[group[0]]))
  for (const [i, { name }] of loaded.entries()) measured[name] = found[i] as Measured
}
const speeds = Object.fromEntries(
  Object.entries(measured).map(([name, { speeds: found }]) => [name, found]),
) as Partial<Record<Secp256k1BackendName, PairSpeeds>>
const nativeOverOwn = measured.own && measured.native ? medianRatio(measured.own, measured.native) : null
const merkle100kMs = measureMerkle(pairs, 100_000)
const after = calibrate()
const best = speeds[used] as PairSpeeds
const summary = {
  ...best,
  merkle100kMs,
  backend: used,
  recovers: secp256k1Backend,
  own: speeds.own ?? null,
  native: speeds.native ?? null,
  wasm: speeds.wasm ?? null,
  javascript: speeds.javascript ?? null,
  nativeOverOwn,
  targets,
  calibration: { beforeNsPerOp: before.nsPerOp, afterNsPerOp: after.nsPerOp, checksum: before.checksum },
  machine: machineNow(),
}
if (flags.json) process.stdout.write(`${JSON.stringify(summary)}\n`)
else process.stdout.write(table())
const missed = missedTargets(summary)
if (flags.check && missed.length > 0) {
  process.stderr.write(`Missed:\n${missed.join('\n')}\n`)
  process.exitCode = 1
}

function table(): string {
  const n = (value: number): string => value.toLocaleString('en-US')
  const rows = [
    ['', 'sign, pairs/s', 'verify, pairs/s', 'best round, sign', 'verify', 'per CPU s, sign', 'verify'],
    ...Object.entries(speeds).map(([name, speed]) => [
      name === used ? `${name} (used)` : name,
      n(speed.signPairsPerSecond),
      n(speed.verifyPairsPerSecond),
      n(speed.signPairsPerSecondBestRound),
      n(speed.verifyPairsPerSecondBestRound),
      n(speed.signPairsPerCpuSecond),
      n(speed.verifyPairsPerCpuSecond),
    ]),
    ['target', `≥ ${n(targets.signPairsPerSecond)}`, `≥ ${n(targets.verifyPairsPerSecond)}`],
  ]
  const lines = rows.map(([name = '', ...cells]) => name.padEnd(18) + cells.map((cell) => cell.padStart(17)).join(''))
  return `${lines.join('\n')}
Pairs/s are over all rounds but the first, which warms up; the target is theirs.
${nativeOverOwn === null ? '' : `Signing: native takes ${nativeOverOwn} times as long as own, the median of rounds in turn.\n`}Merkle tree over 100,000 receipts: ${n(merkle100kMs)} ms (target ≤ ${n(targets.merkle100kMs)} ms)
One core, ${process.version}; calibration ${before.nsPerOp} ns per operation of fixed work before, ${after.nsPerOp} after.
`
}
