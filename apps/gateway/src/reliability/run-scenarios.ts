/** Runs scenarios one after the other, says how each went, and writes the table. */
import { fileURLToPath } from 'node:url'
import { measured } from './measured.ts'
import { startMarket, type Market } from './market.ts'
import type { Row } from './scenario.ts'
import { scenarios } from './scenarios.ts'
import { writeTable } from './write-table.ts'

export interface RunOptions {
  readonly only?: string | undefined
  readonly fast?: boolean | undefined
  readonly write?: boolean | undefined
  readonly say: (line: string) => void
}

const page = fileURLToPath(new URL('../../../../docs/RELIABILITY.md', import.meta.url))

/** Resolves with whether everything held. */
export async function runScenarios({ only, fast, write, say }: RunOptions): Promise<boolean> {
  const isAsked = (name: string) => only === undefined || name.startsWith(only)
  const held = new Map<string, Row>()
  const broken = new Set<string>()
  const attempt = async (name: string, title: string, run: () => Promise<Row>): Promise<void> => {
    const startedAt = performance.now()
    const seconds = () => ((performance.now() - startedAt) / 1_000).toFixed(1)
    try {
      const row = await run()
      held.set(title, row)
      say(`held    ${name} (${seconds()} s)\n  client: ${row.client}\n  billed: ${row.billed}\n  kept:   ${row.kept}`)
    } catch (error) {
      broken.add(title)
      say(
        `BROKEN  ${name} (${seconds()} s)\n  ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      )
    }
  }

  const inMarket = scenarios.filter(({ name, long }) => isAsked(name) && !(fast && long))
  let market: Market | undefined
  try {
    for (const scenario of inMarket) {
      market ??= await startMarket()
      const here = market
      await attempt(scenario.name, scenario.title, () => scenario.run(here))
      // What a failure leaves behind must not break the next one.
      if (broken.has(scenario.title)) {
        await market.stop()
        market = undefined
      }
    }
  } finally {
    await market?.stop()
  }
  for (const { name, title, long, run } of measured) {
    if (isAsked(name) && !(fast && long)) await attempt(name, title, run)
  }
  if (held.size + broken.size === 0) say(`There is no scenario ${String(only)}.`)
  if (write) {
    const titles = [...scenarios, ...measured].map(({ title }) => title)
    writeTable(page, { titles, held, broken, at: new Date() })
  }
  return broken.size === 0 && held.size > 0
}
