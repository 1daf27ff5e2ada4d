/** The placement documents and their plot as they should be by what was measured. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { blocks, shown, withBlocks } from './blocks.ts'
import { plotCostAgainstSlo } from './plot.ts'
import { RunFiles } from './runs/run-file.ts'

export type Rendered = { readonly path: string; readonly text: string; readonly before: string }

/** @param docs the folder docs/. Throws, naming document and place, where a table cannot be written. */
export function renderedDocuments(docs: string): Rendered[] {
  const files = new RunFiles(join(docs, 'placement/runs'))
  const documents = Object.entries(blocks).map(([name, tables]) => {
    const path = join(docs, name)
    const before = readFileSync(path, 'utf8')
    const texts = Object.fromEntries(Object.entries(tables).map(([table, render]) => [table, render(files)]))
    try {
      return { path, before, text: withBlocks(before, texts) }
    } catch (error) {
      throw new Error(`${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  })
  const path = join(docs, 'images/cost-against-slo.svg')
  const text = plotCostAgainstSlo(shown.utils.map((util) => files.read(shown, util)))
  return [...documents, { path, before: readFileSync(path, 'utf8'), text }]
}
