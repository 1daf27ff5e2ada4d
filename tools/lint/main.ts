/**
 * `npm run lint`: import borders, oxlint with type-aware rules, formatting and types, each with its time.
 *
 * `--fix` lets oxlint and oxfmt mend what they can. Exits 1 when anything is wrong.
 */
import { readFlags } from '@isochrone/runtime'
import { projectRoot } from '../project-root.ts'
import { lintSteps } from './steps.ts'

const values = readFlags('npm run lint --', { fix: { type: 'boolean', default: false } })

let failed = 0
for (const step of lintSteps(projectRoot, values.fix)) {
  const started = performance.now()
  const { ok, output } = await step.run()
  const seconds = ((performance.now() - started) / 1_000).toFixed(1)
  process.stdout.write(`${ok ? '✓' : '✗'} ${step.name} (${seconds} s)\n`)
  if (!ok) {
    failed += 1
    process.stdout.write(`${output.trim()}\n\n`)
  }
}
process.exit(failed === 0 ? 0 : 1)
