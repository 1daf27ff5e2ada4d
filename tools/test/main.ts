/**
 * `npm test`: every check and test of the project, with each one's result and time.
 *
 * The last line is `N passed, N failed`, summed over all suites. Exits 1 when anything failed, so that a suite which
 * could not run is never mistaken for one that passed. `--only unit,contracts` runs a part.
 */
import { readFlags } from '@isochrone/runtime'
import type { Suite } from './suite.ts'
import { stages } from './suites.ts'

const names = [...new Set(stages.flat(2).map(({ name }) => name))]
const values = readFlags('npm test --', { only: { type: 'string' }, help: { type: 'boolean' } })
if (values.help) {
  process.stdout.write(`npm test -- [--only ${names.join(',')}]\n`)
  process.exit(0)
}
const wanted = values.only?.split(',').map((name) => name.trim())
const unknown = wanted?.filter((name) => !names.includes(name)) ?? []
if (unknown.length > 0) {
  process.stderr.write(`There is no suite ${unknown.join(', ')}; there are ${names.join(', ')}.\n`)
  process.exit(2)
}

let passed = 0
let failed = 0
for (const tracks of stages) await Promise.all(tracks.map(runInOrder))

process.stdout.write(`\n${passed} passed, ${failed} failed\n`)
process.exit(failed === 0 && passed > 0 ? 0 : 1)

async function runInOrder(track: readonly Suite[]): Promise<void> {
  for (const suite of track) if (!wanted || wanted.includes(suite.name)) await run(suite)
}

async function run(suite: Suite): Promise<void> {
  const started = performance.now()
  // A long suite says once that it has begun; its result follows on a line of its own.
  process.stdout.write(`… ${suite.title}\n`)
  const result = await suite.run()
  const seconds = ((performance.now() - started) / 1_000).toFixed(1)
  const counts = `${result.passed} passed, ${result.failed} failed, ${seconds} s`
  process.stdout.write(`${result.failed === 0 ? '✓' : '✗'} ${suite.title}: ${counts}\n`)
  if (result.failed > 0) process.stdout.write(`${result.output.trim()}\n\n`)
  passed += result.passed
  failed += result.failed
}
