/**
 * `npm run test:mutation`: breaks money, receipts, trees and promises on purpose, one place at a time, and counts what
 * the tests notice. Ends with 1 when they notice less than 90 %. It takes long, so it is outside `npm test`.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { childEnv, whole } from '@isochrone/runtime'
import { projectRoot } from '../project-root.ts'
import { knownFile, prepareKnownResults } from './known-results.ts'
import { scoresOf, type MutationReport } from './scores.ts'

const flags = new Command('npm run test:mutation --')
  .description('Mutation score of the money, receipts, Merkle and SLA code; at least 90 % is asked for.')
  .option('--mutate <files>', 'only these files, separated by commas')
  .option('--concurrency <n>', 'mutants at a time', whole(1, 64), 2)
  .addOption(new Option('--resume', 'go on from a whole run that was ended').conflicts('mutate'))
  .option('--json', 'one JSON object as the last line')
  .allowExcessArguments(false)
  .showHelpAfterError()
  .parse()
  .opts<{ mutate?: string; concurrency: number; resume?: true; json?: true }>()

const reportFile = join(projectRoot, '.data/mutation/report.json')
mkdirSync(join(projectRoot, '.data/mutation'), { recursive: true })
rmSync(reportFile, { force: true })
// A run that was ended leaves its copy of the project behind.
rmSync(join(projectRoot, '.data/mutation/sandbox'), { recursive: true, force: true })
const args = ['run', 'tools/mutation/stryker.config.json', '--concurrency', String(flags.concurrency)]
if (flags.mutate === undefined) args.push(...wholeRun())
else args.push('--mutate', flags.mutate)

const stryker = spawn(join(projectRoot, 'node_modules/.bin/stryker'), args, {
  cwd: projectRoot,
  env: childEnv({}),
  stdio: ['ignore', flags.json ? 2 : 1, 2],
})
// Stryker keeps what it knows when a signal ends it. Ctrl-C reaches it by itself.
process.on('SIGINT', () => {})
for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stryker.kill(signal))
const [code] = (await once(stryker, 'close')) as [number | null]
if (flags.json && existsSync(reportFile)) {
  const report = JSON.parse(readFileSync(reportFile, 'utf8')) as MutationReport
  process.stdout.write(`${JSON.stringify(scoresOf(report))}\n`)
}
process.exitCode = code ?? 1

/** Only a whole run keeps what it finds: one of a few files would leave the rest as it was, however old. */
function wholeRun(): string[] {
  const goesOn = prepareKnownResults(flags.resume === true)
  if (flags.resume && !goesOn) process.stderr.write('No run of these sources to go on from: all mutants are tried.\n')
  return ['--incremental', '--incrementalFile', knownFile]
}
