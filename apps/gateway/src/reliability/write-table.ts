/**
 * Puts what a run saw into the table between the markers of a page: a row for each scenario that held, with its date. Rows
 * of scenarios that this run left out stay; the row of one that did not hold goes.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Row } from './scenario.ts'

const [begin, end] = ['<!-- reliability:begin -->', '<!-- reliability:end -->']

export interface TableRun {
  /** Of all scenarios, in the order of the table. */
  readonly titles: readonly string[]
  readonly held: ReadonlyMap<string, Row>
  readonly broken: ReadonlySet<string>
  readonly at: Date
}

/** Throws when the page lost its markers. */
export function writeTable(page: string, run: TableRun): void {
  const text = readFileSync(page, 'utf8')
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${page} has no ${begin} … ${end}`)
  const before = text.slice(from, to).split('\n')
  const lineOf = (title: string): string[] => {
    const row = run.held.get(title)
    if (row) {
      const cells = [title, row.client, row.billed, row.kept, run.at.toISOString().slice(0, 10)]
      return [`| ${cells.map(cell).join(' | ')} |`]
    }
    return run.broken.has(title) ? [] : before.filter((line) => line.startsWith(`| ${cell(title)} |`))
  }
  const head = ['| what breaks | what the client saw | what was billed | nothing lost | seen on |']
  const lines = [begin, ...head, '| --- | --- | --- | --- | --- |', ...run.titles.flatMap(lineOf)]
  writeFileSync(page, `${text.slice(0, from)}${lines.join('\n')}\n${text.slice(to)}`)
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')
