/** What clients may rely on: every case passes, and the table in docs/API.md is the one of this run. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allCases } from './all-cases.ts'
import { runCases, type CaseResult } from './conformance-case.ts'
import { startConformanceWorld, type ConformanceWorld } from './conformance-world.ts'
import { sentCodes } from '@isochrone/protocol/openai-error'
import { RESTARTED_CODE } from '../responses/background-events.ts'
import { renderTable, withTable } from './render-table.ts'

const API_PAGE = fileURLToPath(new URL('../../../../docs/API.md', import.meta.url))

let world: ConformanceWorld
let results: CaseResult[] = []

beforeAll(async () => {
  world = await startConformanceWorld()
  results = await runCases(allCases, world)
}, 900_000)
afterAll(() => world?.stop())

test('every case passes against a real gateway with real agents', () => {
  expect(results.filter(({ failure }) => failure !== null)).toEqual([])
  expect(results.length).toBe(allCases.length)
})

/** `sentCodes` is the type of what an error may have as its code: the compiler lets no other leave. */
test('every code of an error that can be sent has a case that makes the gateway send it', () => {
  const proved = new Set(allCases.flatMap(({ proves = [] }) => proves))
  expect([...proved].toSorted()).toEqual([...new Set([...sentCodes, RESTARTED_CODE])].toSorted())
})

test('docs/API.md names every code of an error, and no other', () => {
  const [, errors = ''] = /\n## Errors\n(.*?)\n## /s.exec(readFileSync(API_PAGE, 'utf8')) ?? []
  const rows = errors.split('\n').filter((line) => /^\| \d/.test(line))
  const named = rows.flatMap((row) => [...(row.split('|')[2] ?? '').matchAll(/`(\w+)`/g)].map(([, code = '']) => code))
  expect(named.toSorted()).toEqual([...new Set(sentCodes)].toSorted())
})

test('the table in docs/API.md is what this run shows: npm run conformance -- --write', () => {
  const text = readFileSync(API_PAGE, 'utf8')
  expect(text).toBe(withTable(text, renderTable(results)))
})
