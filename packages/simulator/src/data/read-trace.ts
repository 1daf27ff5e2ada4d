/**
 * Reads a request trace: when each request came, how long its prompt was, how much was generated, and which prefix
 * blocks it shares with others.
 *
 * Two formats, told apart by their first line: the Azure LLM inference trace (CSV: TIMESTAMP, ContextTokens,
 * GeneratedTokens) and Mooncake's JSON lines (timestamp in ms, input_length, output_length, hash_ids). Either may be
 * gzipped. Times must not run backwards, nor further than a year from the first.
 */
import { z } from 'zod'
import { dataError, quoted, readDataFile } from './data-file.ts'
import { utcTime, wholeNumber } from './fields.ts'
import { readTable } from './read-table.ts'

export interface TraceRequest {
  /** Since the first request of the trace, ms. */
  readonly atMs: number
  readonly tokensIn: number
  readonly tokensOut: number
  /** Ids of the prompt's prefix blocks as the trace has them, first block first; empty where it has none. */
  readonly blockIds: readonly number[]
}

export const tokensMax = 1_000_000
const tokens = wholeNumber(1, tokensMax)
const noBlocks: readonly number[] = []
const unordered = 'the time is before that of the line above'
const DAYS_MAX = 366
const spanMsMax = DAYS_MAX * 86_400_000
const tooLate = `the time is more than ${DAYS_MAX} days after that of the first request`

/**
 * All requests, in order of arrival.
 *
 * @throws AppError invalid_input naming file, line and field
 */
export function readTrace(file: string): TraceRequest[] {
  const text = readDataFile(file)
  if (text.trimStart().startsWith('{')) return readMooncake(file, text)
  let startMs = 0
  const rows = readTable(file, { TIMESTAMP: utcTime, ContextTokens: tokens, GeneratedTokens: tokens }, (row, above) => {
    if (!above) startMs = row.TIMESTAMP
    const problem = orderProblem(row.TIMESTAMP - startMs, above ? above.TIMESTAMP - startMs : 0)
    return problem === null ? undefined : { field: 'TIMESTAMP', problem }
  })
  return rows.map((row) => ({
    atMs: row.TIMESTAMP - startMs,
    tokensIn: row.ContextTokens,
    tokensOut: row.GeneratedTokens,
    blockIds: noBlocks,
  }))
}

const count = z.int().min(1).max(tokensMax)
/** ms; Mooncake counts from the beginning of its trace, others since the epoch. */
const timestampMax = Date.UTC(2100, 0)
const MooncakeLine = z.object({
  timestamp: z.number().min(0).max(timestampMax),
  input_length: count,
  output_length: count,
  hash_ids: z.array(z.int().min(0)).max(tokensMax),
})
const mooncakeExpected: Record<string, string> = {
  timestamp: `a number of ms from 0 to ${timestampMax}`,
  input_length: tokens.expected,
  output_length: tokens.expected,
  hash_ids: 'a list of whole numbers, 0 or more; empty where nothing is known of prefixes',
}

function readMooncake(file: string, text: string): TraceRequest[] {
  const requests: TraceRequest[] = []
  let startMs: number | undefined
  for (const [i, given] of text.split(/\r?\n/).entries()) {
    if (given === '') continue
    const line = i + 1
    const { timestamp, input_length, output_length, hash_ids } = parseLine(file, line, given)
    startMs ??= timestamp
    const atMs = timestamp - startMs
    const problem = orderProblem(atMs, requests.at(-1)?.atMs ?? 0)
    if (problem !== null) throw dataError(file, { line, field: 'timestamp' }, problem)
    requests.push({ atMs, tokensIn: input_length, tokensOut: output_length, blockIds: hash_ids })
  }
  return requests
}

/** Both times since the first request, ms. */
function orderProblem(atMs: number, aboveMs: number): string | null {
  if (atMs < aboveMs) return unordered
  return atMs > spanMsMax ? tooLate : null
}

function parseLine(file: string, line: number, given: string): z.infer<typeof MooncakeLine> {
  let value: unknown
  try {
    value = JSON.parse(given)
  } catch (cause) {
    throw dataError(file, { line }, `expected a JSON object, got ${quoted(given)}`, cause)
  }
  const parsed = MooncakeLine.safeParse(value)
  if (parsed.success) return parsed.data
  const field = String(parsed.error.issues[0]?.path[0] ?? '')
  if (!field) throw dataError(file, { line }, `expected a JSON object, got ${quoted(given)}`)
  const bad = (value as Record<string, unknown>)[field]
  const got = bad === undefined ? 'nothing' : quoted(bad)
  throw dataError(file, { line, field }, `expected ${mooncakeExpected[field]}, got ${got}`)
}
