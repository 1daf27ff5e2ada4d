/**
 * `npm run test:mutation`: breaks money, receipts, trees and promises on purpose, one place at a time, and counts what
 * the tests notice. Ends with 1 when they notice less than 90 %. It takes long, so it is outside `npm test`.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { childEnv } from '@isochrone/runtime'
import { projectRoot } from '../project-root.ts'
import { scoresOf, type MutationReport } from './scores.ts'

const flags = new Command('npm run test:mutation --')
  .description('Mutation score of the money, receipts, Merkle and SLA code; at least 90 % is asked for.')
  .option('--mutate <files>', 'only these files, separated by commas')
  .option('--concurrency <n>', 'mutants at a time', whole, 2)
  .option('--json', 'one JSON object as the last line')
  .allowExcessArguments(false)
  .showHelpAfterError()
  .parse()
  .opts<{ mutate?: string; concurrency: number; json?: true }>()

mkdirSync(join(projectRoot, '.data/mutation'), { recursive: true })
const args = ['run', 'tools/mutation/stryker.config.json', '--concurrency', String(flags.concurrency)]
if (flags.mutate !== undefined) args.push('--mutate', flags.mutate)
const bin = join(projectRoot, 'node_modules/.bin/stryker')
const { status } = spawnSync(bin, args, {
  cwd: projectRoot,
  env: childEnv({}),
  stdio: ['ignore', flags.json ? 2 : 1, 2],
})
if (flags.json) {
  const report = JSON.parse(readFileSync(join(projectRoot, '.data/mutation/report.json'), 'utf8')) as MutationReport
  process.stdout.write(`${JSON.stringify(scoresOf(report))}\n`)
}
process.exitCode = status ?? 1

function whole(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 1 && value <= 64) return value
  throw new InvalidArgumentError('a whole number from 1 to 64 is expected.')
}
