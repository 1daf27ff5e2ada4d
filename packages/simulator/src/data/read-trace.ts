/**
 * Reads a request trace: when each request came, how long its prompt was, how much was generated, and which prefix
 * blocks it shares with others.
 *
 * Two formats, told apart by their first line: the Azure LLM inference trace (CSV: TIMESTAMP, ContextTokens,
 * GeneratedTokens) and Mooncake's JSON lines (timestamp in ms, input_length, output_length, hash_ids). Either may be
 * gzipped. Times must not run backwards.
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

/**
 * All requests, in order of arrival.
 *
 * @throws AppError invalid_input naming file, line and field
 */
export function readTrace(file: string): TraceRequest[] {
  const text = readDataFile(file)
  if (text.trimStart().startsWith('{')) return readMooncake(file, text)
  const rows = readTable(file, { TIMESTAMP: utcTime, ContextTokens: tokens, GeneratedTokens: tokens }, (row, above) =>
    above && row.TIMESTAMP < above.TIMESTAMP ? { field: 'TIMESTAMP', problem: unordered } : undefined,
  )
  const startMs = rows[0]?.TIMESTAMP ?? 0
  return rows.map((row) => ({
    atMs: row.TIMESTAMP - startMs,
    tokensIn: row.ContextTokens,
    tokensOut: row.GeneratedTokens,
    blockIds: noBlocks,
  }))
}

const count = z.int().min(1).max(tokensMax)
const MooncakeLine = z.object({
  timestamp: z.number().min(0).max(1e12),
  input_length: count,
  output_length: count,
  hash_ids: z.array(z.int().min(0)).max(tokensMax).default([]),
})
const mooncakeExpected: Record<string, string> = {
  timestamp: 'a number of ms, 0 or more',
  input_length: tokens.expected,
  output_length: tokens.expected,
  hash_ids: 'a list of whole numbers, 0 or more',
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
    if (atMs < (requests.at(-1)?.atMs ?? 0)) throw dataError(file, { line, field: 'timestamp' }, unordered)
    requests.push({ atMs, tokensIn: input_length, tokensOut: output_length, blockIds: hash_ids })
  }
  return requests
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
