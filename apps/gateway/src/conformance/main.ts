/** `npm run conformance [-- --write]`: runs every case and prints the table; `--write` puts it into docs/API.md. */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { allCases } from './all-cases.ts'
import { runCases } from './conformance-case.ts'
import { startConformanceWorld } from './conformance-world.ts'
import { renderTable, withTable } from './render-table.ts'

const docs = fileURLToPath(new URL('../../../../docs/API.md', import.meta.url))
const world = await startConformanceWorld()
const results = await runAll()
const table = renderTable(results)
const failed = results.filter(({ failure }) => failure !== null)
process.stdout.write(`${table}\n`)
for (const { area, feature, client, mode, failure } of failed) {
  process.stderr.write(`fails: ${area}, ${feature}, ${client}, ${mode}: ${failure}\n`)
}
process.stdout.write(`${results.length - failed.length} of ${results.length} cases pass\n`)
if (process.argv.includes('--write')) writeFileSync(docs, withTable(readFileSync(docs, 'utf8'), table))
process.exitCode = failed.length === 0 ? 0 : 1

async function runAll() {
  try {
    return await runCases(allCases, world)
  } finally {
    await world.stop()
  }
}
