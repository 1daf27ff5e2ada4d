/** What clients may rely on: every case passes, and the table in docs/API.md is the one of this run. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allCases } from './all-cases.ts'
import { runCases, type CaseResult } from './conformance-case.ts'
import { startConformanceWorld, type ConformanceWorld } from './conformance-world.ts'
import { AppError, batchFaults, unansweredReasons, type BatchFault, type UnansweredReason } from '@isochrone/domain'
import { neverSent, openAiErrorOf, sentCodes } from '@isochrone/protocol/openai-error'
import { RESTARTED_CODE } from '../responses/background-events.ts'
import { renderTable, withTable } from './render-table.ts'
import type { SeenError } from './watch-errors.ts'

const API_PAGE = fileURLToPath(new URL('../../../../docs/API.md', import.meta.url))

interface Row {
  status: number
  code: string
  types: string[]
  owner: string
  retry: boolean
}

/** Each that a client may find as the code of an error, wherever it stands. */
const allCodes: ReadonlySet<string> = new Set([...sentCodes, RESTARTED_CODE, ...batchFaults, ...unansweredReasons])
/** Those that no case can bring about, and why. */
const unprovoked: Partial<Record<BatchFault | UnansweredReason, string>> = {
  file_not_found:
    'a file that a batch reads is not deleted, and creating a batch without it is refused: it would have to expire between',
  key_revoked: 'keys are revoked in the web app, which does not run here',
  batch_expired: 'the only completion window is 24 hours',
  erased: 'contents are erased in the web app, which does not run here',
}

/** One for each code of the errors in docs/API.md. */
const rows = rowsOf(readFileSync(API_PAGE, 'utf8'))

function rowsOf(page: string): Row[] {
  const [, errors = ''] = /\n## Errors\n(.*?)\n## /s.exec(page) ?? []
  return errors
    .split('\n')
    .filter((line) => /^\| \d/.test(line))
    .flatMap((line) => {
      const [status = '', codes = '', type = '', owner = '', retry = ''] = line
        .split('|')
        .slice(1)
        .map((cell) => cell.trim())
      const row = { status: Number(status), types: wordsOf(type), owner, retry: retry === 'yes' }
      return wordsOf(codes).map((code) => ({ ...row, code }))
    })
}

function wordsOf(cell: string): string[] {
  return [...cell.matchAll(/`(\w+)`/g)].map(([, word = '']) => word)
}

/** What a stream or a job says has no status and no headers of its own. */
function isAsWritten({ status, headers, error: { code, type, owner, request_id: id } }: SeenError): boolean {
  if (type === 'error' || owner === undefined) return allCodes.has(code)
  const row = rows.find((each) => each.code === code)
  if (!row || type === undefined || !row.types.includes(type) || row.owner !== owner) return false
  if (status === 200) return true
  const after = headers.get('retry-after')
  const helps = row.retry && (code !== 'capacity_unavailable' || after !== null)
  if (code === 'rate_limit_exceeded' && after === null) return false
  if (after !== null && !/^[1-9]\d*$/.test(after)) return false
  return (
    status === row.status && id === headers.get('x-request-id') && (headers.get('x-should-retry') === null) === helps
  )
}

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

/**
 * `sentCodes`, `batchFaults` and `unansweredReasons` are the types of what may be a code: the compiler lets no other leave, and makes
 * each code of `errorTable` either one of them or one of `neverSent`, with its reason. A case fails that says it proves a code and does not.
 */
test('every code of an error that can be sent has a case that makes the gateway send it', () => {
  const proved = new Set(allCases.flatMap(({ proves = [] }) => proves))
  expect([...proved, ...Object.keys(unprovoked)].toSorted()).toEqual([...allCodes].toSorted())
})

test('no error is sent that its code says is never sent: thrown anyway, it is one of ours', () => {
  for (const code of Object.keys(neverSent) as (keyof typeof neverSent)[]) {
    const { httpStatus, body } = openAiErrorOf(new AppError(code, { publicMessage: 'secret' }))
    expect([httpStatus, body.error.code]).toEqual([500, 'internal_error'])
    expect(body.error.message).not.toContain('secret')
  }
})

test('docs/API.md names every code of an error, and no other', () => {
  expect(rows.map(({ code }) => code).toSorted()).toEqual([...new Set(sentCodes)].toSorted())
})

test('docs/API.md names every code of batches', () => {
  const [, batches = ''] = /\n## Batches\n(.*?)\n## /s.exec(readFileSync(API_PAGE, 'utf8')) ?? []
  expect([...batchFaults, ...unansweredReasons].filter((code) => !batches.includes(`\`${code}\``))).toEqual([])
})

test('every error of the run is one of the rows in docs/API.md: status, type, owner, retry', () => {
  const wrong = world.errors.all.filter((seen) => !isAsWritten(seen))
  expect(wrong.map(({ status, error }) => ({ status, ...error }))).toEqual([])
  const met = new Set(world.errors.all.map(({ error: { code, type } }) => `${code} ${type}`))
  const written = rows.flatMap(({ code, types }) => types.map((type) => `${code} ${type}`))
  expect(written.filter((each) => !met.has(each))).toEqual([])
})

test('the table in docs/API.md is what this run shows: npm run conformance -- --write', () => {
  const text = readFileSync(API_PAGE, 'utf8')
  expect(text).toBe(withTable(text, renderTable(results)))
})
