/**
 * `npm run bench:gas`: what our transactions cost on a local chain, beside the targets.
 *
 * Keys, addresses and values are fixed, so the figures are the same in every run: `--check` compares them with
 * contracts/gas-snapshot.json without any tolerance and fails when one grew; `--update` writes that file. Both fail
 * where a figure is above its target, and `--check` where one in the snapshot is.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { projectRoot } from '../project-root.ts'
import { figures, missedTargets, type GasFigures } from './figures.ts'
import { measureGas } from './measure-gas.ts'

const flags = new Command('npm run bench:gas --')
  .description('Measures the gas of claims, anchors and proofs as whole transactions on a local chain.')
  .option('--json', 'one JSON object as the last line')
  .option('--check', 'fail when a figure is above the committed snapshot, or above its target')
  .option('--update', 'write the snapshot, unless a figure is above its target')
  .allowExcessArguments(false)
  .showHelpAfterError()
  .parse()
  .opts<{ json?: true; check?: true; update?: true }>()

const snapshotFile = join(projectRoot, 'contracts/gas-snapshot.json')
const measured = await measureGas()
if (flags.json) process.stdout.write(`${JSON.stringify(measured)}\n`)
else process.stdout.write(table(measured))
if (flags.update || flags.check) requireTargets('measured', measured)
if (flags.update) writeFileSync(snapshotFile, `${JSON.stringify(measured, null, 2)}\n`)
if (flags.check) check(measured)

function table(gas: GasFigures): string {
  const rows = figures.map(({ name, title, targetMax }) => {
    const target = targetMax === undefined ? '' : `≤ ${shown(targetMax)}`
    const isMissed = targetMax !== undefined && gas[name] > targetMax
    return `${title.padEnd(72)}${shown(gas[name]).padStart(10)}  ${target.padEnd(10)}${isMissed ? 'missed' : ''}`
  })
  return `${'gas of a whole transaction'.padEnd(72)}${'measured'.padStart(10)}  target\n${rows
    .map((row) => row.trimEnd())
    .join('\n')}\n`
}

function check(gas: GasFigures): void {
  if (!existsSync(snapshotFile))
    fail('There is no contracts/gas-snapshot.json. Write it: npm run bench:gas -- --update')
  const snapshot = JSON.parse(readFileSync(snapshotFile, 'utf8')) as Partial<GasFigures>
  requireTargets('in the snapshot', snapshot)
  const grown = figures.filter(({ name }) => !(gas[name] <= (snapshot[name] ?? -1)))
  if (grown.length === 0) return
  const lines = grown.map(({ name }) => `${name}: ${shown(gas[name])}, in the snapshot ${shown(snapshot[name] ?? NaN)}`)
  fail(
    `Gas grew. Where that is wanted, say why in the commit and run: npm run bench:gas -- --update\n${lines.join('\n')}`,
  )
}

function requireTargets(where: string, gas: Partial<GasFigures>): void {
  const missed = missedTargets(gas)
  if (missed.length > 0) fail(`Above the target, ${where}:\n${missed.join('\n')}`)
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

function shown(gas: number): string {
  return gas.toLocaleString('en-US', { maximumFractionDigits: gas < 100 ? 2 : 0 })
}
