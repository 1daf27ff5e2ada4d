/** What clients may rely on: every case passes, and the table in docs/API.md is the one of this run. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allCases } from './all-cases.ts'
import { runCases, type CaseResult } from './conformance-case.ts'
import { startConformanceWorld, type ConformanceWorld } from './conformance-world.ts'
import { renderTable, withTable } from './render-table.ts'

let world: ConformanceWorld
let results: CaseResult[] = []

beforeAll(async () => {
  world = await startConformanceWorld()
  results = await runCases(allCases, world)
})
afterAll(() => world?.stop())

test('every case passes against a real gateway with real agents', () => {
  expect(results.filter(({ failure }) => failure !== null)).toEqual([])
  expect(results.length).toBe(allCases.length)
})

test('the table in docs/API.md is what this run shows: npm run conformance -- --write', () => {
  const text = readFileSync(fileURLToPath(new URL('../../../../docs/API.md', import.meta.url)), 'utf8')
  expect(text).toBe(withTable(text, renderTable(results)))
})
