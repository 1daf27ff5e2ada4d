/** A table that stays one for screen readers, whatever it looks like: what the browser itself tells of it, not what its elements are. */
import { expect, type Page } from '@playwright/test'

/** At least one row, each with a cell for each column, and columns that are named. */
export async function expectTable(page: Page, name: string): Promise<void> {
  const session = await page.context().newCDPSession(page)
  const { nodes } = await session.send('Accessibility.getFullAXTree')
  await session.detach()
  const byId = new Map(nodes.map((node) => [node.nodeId, node]))
  const table = nodes.find((node) => node.role?.value === 'table' && node.name?.value === name)
  const namesOf: Record<string, string[]> = { row: [], columnheader: [], cell: [] }
  for (const within = [...(table?.childIds ?? [])]; within.length > 0;) {
    const node = byId.get(within.pop() ?? '')
    within.push(...(node?.childIds ?? []))
    if (node?.ignored === false) namesOf[String(node.role?.value)]?.push(String(node.name?.value ?? ''))
  }
  const { row = [], columnheader = [], cell = [] } = namesOf
  expect(columnheader.length, `columns of ${name}`).toBeGreaterThan(1)
  expect(columnheader, `columns of ${name}`).not.toContain('')
  expect(row.length, `rows of ${name}`).toBeGreaterThan(1)
  expect(cell.length, `cells of ${name}`).toBe((row.length - 1) * columnheader.length)
}
