/**
 * `npm run test:contracts`: every test of the contracts, and how much of them the tests cover.
 *
 * Unit tests by behaviour, the attack table, fuzzing, stateful invariants, hashes, prices and proofs of TypeScript against
 * those of Solidity, and line and branch coverage. `npm run test:long` runs fuzzing and invariants for long, before all else that is long.
 */
import { join } from 'node:path'
import { Command } from 'commander'
import { projectRoot } from '../project-root.ts'
import { runCommand } from '../run-command.ts'
import { countsOf, readForgeReport } from '../test/read-reports.ts'
import { checkCoverage } from './check-coverage.ts'
import { DIFFERENTIAL_TESTS } from './differential.ts'
import { runForge } from './run-forge.ts'

const flags = new Command('npm run test:contracts --')
  .description('Tests the contracts: behaviours, attacks, fuzzing, invariants, encoders, coverage.')
  .option('--long', 'fuzz 10,000 runs a property, and invariants for 100,000 steps each instead of 800', false)
  .option('--no-coverage', 'leave the coverage out')
  .option('--match <path>', 'only test files whose path matches this glob, without the rest')
  .allowExcessArguments(false)
  .showHelpAfterError()
  .parse()
  .opts<{ long: boolean; coverage: boolean; match?: string }>()

/** Over foundry.toml: only the numbers differ. */
const longRuns = { FOUNDRY_FUZZ_RUNS: '10000', FOUNDRY_INVARIANT_RUNS: '200', FOUNDRY_INVARIANT_DEPTH: '500' }

let failed = 0
const say = (text: string): void => void process.stdout.write(`${text}\n`)

const forgeArgs = ['test', '--json', ...(flags.match ? ['--match-path', flags.match] : [])]
say(flags.long ? '… forge: long fuzzing and invariants' : '… forge: behaviours, attacks, fuzzing, invariants')
const forge = await runForge(forgeArgs, { ...(flags.long && { env: longRuns, limitMs: 6 * 3_600_000 }) })
const counts = countsOf(() => readForgeReport(forge.stdout), forge.code)
failed += counts.failed
if (counts.failed > 0) say((await runForge(forgeArgs.filter((flag) => flag !== '--json'))).output)
say(`  ${counts.passed} passed, ${counts.failed} failed`)

if (!flags.long && flags.match === undefined) {
  say('… hashes, prices and proofs of TypeScript against Solidity')
  const { code, output } = await runCommand(
    join(projectRoot, 'node_modules/.bin/vitest'),
    ['run', ...DIFFERENTIAL_TESTS],
    { cwd: projectRoot },
  )
  if (code !== 0) failed += 1
  say(code === 0 ? '  agree' : output)
  if (flags.coverage) {
    say('… coverage of contracts/src')
    const { ok, text } = await checkCoverage()
    if (!ok) failed += 1
    say(text)
  }
}
process.exit(failed === 0 ? 0 : 1)
