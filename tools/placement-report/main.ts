/**
 * `npm run report:placement -- sim-0.4.json sim-0.6.json …`: puts what `npm run sim -- --json` measured into
 * docs/PLACEMENT.md (the tables between its markers) and docs/images/cost-against-slo.svg. It measures nothing itself.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { projectRoot } from '../project-root.ts'
import { plotCostAgainstSlo } from './plot.ts'
import { mergedByUtil } from './merged-by-util.ts'
import { simResult, type SimResult } from './sim-result.ts'
import { baselineTable, tableOf } from './table.ts'

/** What the issue of the engine asks of it, by utilisation: the table compares by cost those that reach it. */
const SLO_TARGET = 0.99
const document = join(projectRoot, 'docs/PLACEMENT.md')
const image = join(projectRoot, 'docs/images/cost-against-slo.svg')

new Command('report:placement')
  .description('writes the tables and the plot of docs/PLACEMENT.md from the JSON that npm run sim printed')
  .argument(
    '<results...>',
    'files with the output of npm run sim -- --json; of several for one utilisation, a policy counts as the last one has it',
  )
  .action((files: string[]) => {
    try {
      report(files)
    } catch (error) {
      process.stderr.write(`report:placement: ${error instanceof Error ? error.message : String(error)}\n`)
      process.exitCode = 1
    }
  })
  .parse()

function report(files: readonly string[]): void {
  const results = mergedByUtil(files.map(readResult)).toSorted((a, b) => a.util - b.util)
  let text = readFileSync(document, 'utf8')
  for (const result of results) text = replaceBlock(text, `util-${result.util}`, tableOf(result, SLO_TARGET))
  const [first] = results
  if (first) text = replaceBlock(text, 'baselines', baselineTable(first))
  writeFileSync(document, text)
  writeFileSync(image, plotCostAgainstSlo(results))
  process.stdout.write(`wrote ${document} and ${image}\n`)
}

function readResult(file: string): SimResult {
  if (!existsSync(file)) throw new Error(`${file}: no such file`)
  let json: unknown
  try {
    json = JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    throw new Error(`${file}: not JSON; print it with npm run -s sim -- … --json > ${file}`)
  }
  const parsed = simResult.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new Error(`${file}, field ${issue?.path.join('.') ?? '?'}: ${issue?.message ?? 'not a result of npm run sim'}`)
}

/** Text between `<!-- measured:NAME -->` and `<!-- end -->`. */
function replaceBlock(text: string, name: string, block: string): string {
  const start = `<!-- measured:${name} -->`
  const from = text.indexOf(start)
  const to = text.indexOf('<!-- end -->', from)
  if (from < 0 || to < 0) throw new Error(`${document}: no place for ${name}; it needs ${start} … <!-- end -->`)
  return `${text.slice(0, from + start.length)}\n${block}\n${text.slice(to)}`
}
