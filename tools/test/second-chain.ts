/**
 * `npm run test:second-chain -- [PART...]`: the integration tests that take whatever chain they are given, on the second one: another
 * id, blocks by the clock, more confirmations, finality further behind, another fee model. `PART` picks files by a part of their path.
 *
 * The last line is `N passed, N failed`. Tests that start chains of their own, which differ among themselves, run in `npm test` alone.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../project-root.ts'
import { filesOf, vitest } from './vitest.ts'

/** How a test asks for the chain of tests; see packages/local-stack/src/test-chains.ts. */
const ASKS_FOR_CHAIN = /\bchain: true\b|\bchainOfTests\(/

const parts = process.argv.slice(2)
const files = filesOf('integration')
  .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
  .filter((file) => ASKS_FOR_CHAIN.test(readFileSync(join(projectRoot, file), 'utf8')))
if (files.length === 0) {
  process.stderr.write(`No test on a chain has ${parts.join(' or ')} in its path.\n`)
  process.exit(2)
}

const onOutput = (chunk: string) => void process.stdout.write(chunk)
const { passed, failed } = await vitest('integration', files, { env: { TEST_CHAIN: 'second' }, onOutput })
process.stdout.write(`\n${passed} passed, ${failed} failed\n`)
process.exit(failed === 0 && passed > 0 ? 0 : 1)
