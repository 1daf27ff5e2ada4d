/**
 * `npm run bench:verify-epoch`: how long a whole verification takes, and that its memory does not grow with the epoch.
 *
 * Each size is verified in a process of its own, with the flags that `npm run verify-epoch` gives to Node (among them a
 * small young generation, without which garbage grows with the epoch), because what counts is the most memory that a
 * process ever held. The chain is one in memory: the same hashing, without an endpoint's latency.
 *
 * Exits 1 when a target is missed, and names it.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import { secp256k1Backend } from '@isochrone/protocol'
import { watchMachine, whole } from '@isochrone/runtime'
import { calibrate } from '../bench/calibrate.ts'
import { projectRoot } from '../project-root.ts'
import { runCommand } from '../run-command.ts'

interface Measured {
  receipts: number
  seconds: number
  cpuSeconds: number
  peakRssMib: number
  fileMib: number
}

const flags = new Command('npm run bench:verify-epoch --')
  .description(
    'Times the verification of an epoch, and its memory beside that of epochs a tenth and three times as large.',
  )
  .option('--receipts <n>', 'receipts in the epoch', whole(100, 10_000_000), 100_000)
  .option('--json', 'one JSON object as the last line')
  .allowExcessArguments(false)
  .showHelpAfterError()
  .parse()
  .opts<{ receipts: number; json?: true }>()

/** Memory is called flat when ten times the receipts take at most this much more. */
const targets = { secondsAt100k: 60, rssGrowthPercent: 10 }
const dir = mkdtempSync(join(tmpdir(), 'isochrone-bench-'))
const machineNow = watchMachine()
const before = calibrate()
try {
  const small = await measure(Math.max(100, Math.round(flags.receipts / 10)))
  const asked = await measure(flags.receipts)
  const large = await measure(3 * flags.receipts)
  const after = calibrate()
  const summary = {
    ...asked,
    peakRssMibAtTenth: small.peakRssMib,
    rssGrowthPercent: Math.round((asked.peakRssMib / small.peakRssMib - 1) * 1_000) / 10,
    bytesPerReceipt: Math.round(((large.peakRssMib - asked.peakRssMib) * 2 ** 20) / (large.receipts - asked.receipts)),
    sizes: [small, asked, large],
    backend: secp256k1Backend,
    targets,
    calibration: { beforeNsPerOp: before.nsPerOp, afterNsPerOp: after.nsPerOp, checksum: before.checksum },
    machine: machineNow(),
  }
  process.stdout.write(flags.json ? `${JSON.stringify(summary)}\n` : `${summaryText(summary)}\n`)
  for (const miss of missedTargets(summary)) {
    process.stderr.write(`Missed: ${miss}\n`)
    process.exitCode = 1
  }
} finally {
  rmSync(dir, { recursive: true, force: true })
}

async function measure(receipts: number): Promise<Measured> {
  const path = join(dir, `${receipts}.jsonl.gz`)
  const script = join(projectRoot, 'tools/verify-epoch/bench-one.ts')
  for (const step of ['make', 'verify']) {
    const { code, stdout, output } = await runCommand(
      process.execPath,
      [...process.execArgv, script, step, path, String(receipts)],
      {
        cwd: projectRoot,
      },
    )
    if (code !== 0) throw new Error(output)
    if (step === 'verify') return JSON.parse(stdout) as Measured
  }
  throw new Error('unreachable')
}

function missedTargets({ receipts, seconds, rssGrowthPercent }: Measured & Summary): string[] {
  const missed: string[] = []
  const secondsMax = targets.secondsAt100k * Math.max(1, receipts / 100_000)
  if (seconds > secondsMax) missed.push(`${seconds} s, more than ${secondsMax}.`)
  if (rssGrowthPercent > targets.rssGrowthPercent) {
    missed.push(
      `${rssGrowthPercent} % more memory for ten times the receipts, more than ${targets.rssGrowthPercent} %.`,
    )
  }
  return missed
}

interface Summary {
  sizes: Measured[]
  rssGrowthPercent: number
  bytesPerReceipt: number
}

function summaryText({ sizes, rssGrowthPercent, bytesPerReceipt }: Summary): string {
  const n = (value: number): string => value.toLocaleString('en-US')
  const rows = [
    ['receipts', 'file, MiB', 'seconds', 'CPU s', 'peak MiB'],
    ...sizes.map(({ receipts, fileMib, seconds, cpuSeconds, peakRssMib }) =>
      [receipts, fileMib, seconds, cpuSeconds, peakRssMib].map(n),
    ),
  ].map((cells) => cells.map((cell) => cell.padStart(10)).join(''))
  return `${rows.join('\n')}
Target: 100,000 receipts in ≤ ${targets.secondsAt100k} s on two cores.
Memory: ${rssGrowthPercent} % more for ten times the receipts (target ≤ ${targets.rssGrowthPercent} %); from there on ${bytesPerReceipt} bytes a receipt.
Calibration ${before.nsPerOp} ns per operation of fixed work, ${process.version}.`
}
