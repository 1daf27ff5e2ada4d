/**
 * `npm run report:placement`: writes what `npm run measure:placement` and `npm run sim:scenarios` measured (docs/placement/runs)
 * into the tables of docs/PLACEMENT.md and docs/placement, and draws the plot. It measures nothing itself.
 */
import { writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { Command } from 'commander'
import { projectRoot } from '../project-root.ts'
import { renderedDocuments } from './documents.ts'

new Command('npm run report:placement --')
  .description('Writes the tables and the plot of docs/PLACEMENT.md and docs/placement from docs/placement/runs.')
  .option('--check', 'write nothing; exit 1 where a document is not as measured')
  .action(({ check }: { check?: true }) => {
    try {
      report(check === true)
    } catch (error) {
      process.stderr.write(`report:placement: ${error instanceof Error ? error.message : String(error)}\n`)
      process.exitCode = 1
    }
  })
  .parse()

function report(isCheck: boolean): void {
  const changed = renderedDocuments(join(projectRoot, 'docs')).filter(({ before, text }) => before !== text)
  for (const { path, text } of changed) {
    if (!isCheck) writeFileSync(path, text)
    process.stdout.write(`${isCheck ? 'not as measured' : 'wrote'}: ${relative(projectRoot, path)}\n`)
  }
  if (changed.length === 0) process.stdout.write('All tables are as measured.\n')
  else if (isCheck) process.exitCode = 1
}
