/**
 * Reads a request trace: when each request came, how long its prompt was, and how much was generated.
 *
 * Two formats, told apart by their first line: the Azure LLM trace (CSV with TIMESTAMP, ContextTokens,
 * GeneratedTokens) and Mooncake's JSON lines (timestamp in ms, input_length, output_length). Either may be gzipped,
 * have CRLF line ends, and lack the last newline. Anything else is refused with file, line and field.
 */
import { createReadStream, existsSync, openSync, readSync, closeSync } from 'node:fs'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'

export interface TraceRequest {
  /** Since the first request of the trace, in ms. */
  readonly atMs: number
  readonly tokensIn: number
  readonly tokensOut: number
}

/** The trace cannot be read; `message` is one line with file, line and field. */
export class TraceError extends Error {
  override readonly name = 'TraceError'
}

const azureHeader = 'TIMESTAMP,ContextTokens,GeneratedTokens'
const tokensMax = 10_000_000

/**
 * The first `count` requests, in order of arrival.
 *
 * @throws TraceError
 */
export async function readTrace(file: string, count: number): Promise<TraceRequest[]> {
  if (!existsSync(file)) throw new TraceError(`${file}: there is no such trace`)
  const raw = createReadStream(file)
  const text = isGzip(file) ? raw.pipe(createGunzip()) : raw
  const failed = new Promise<never>((_, reject) => {
    for (const stream of [raw, text])
      stream.once('error', (cause: Error) => reject(new TraceError(`${file}: ${cause.message}`)))
  })
  try {
    return await Promise.race([collect(file, text, count), failed])
  } finally {
    raw.destroy()
  }
}

async function collect(file: string, text: NodeJS.ReadableStream, count: number): Promise<TraceRequest[]> {
  const requests: TraceRequest[] = []
  let parse: LineParser | undefined
  let startMs: number | undefined
  let lineNumber = 0
  for await (const line of createInterface({ input: text, crlfDelay: Infinity })) {
    lineNumber += 1
    const at = `${basename(file)}:${lineNumber}`
    if (!parse) {
      parse = parserFor(line, at)
      if (parse === parseAzure) continue
    }
    if (line === '') continue
    const request = parse(line, at)
    startMs ??= request.atMs
    if (request.atMs < startMs) throw new TraceError(`${at}: the time is before the first request's`)
    requests.push({ ...request, atMs: request.atMs - startMs })
    if (requests.length >= count) break
  }
  if (requests.length === 0) throw new TraceError(`${basename(file)}: the trace holds no requests`)
  return requests.toSorted((a, b) => a.atMs - b.atMs)
}

type LineParser = (line: string, at: string) => TraceRequest

function parserFor(firstLine: string, at: string): LineParser {
  if (firstLine.replace(/^\uFEFF/, '').trim() === azureHeader) return parseAzure
  if (firstLine.startsWith('{')) return parseMooncake
  throw new TraceError(`${at}: neither the header '${azureHeader}' nor a JSON object`)
}

/** `2023-11-16 18:15:46.6805900`: UTC with seven decimals. */
const azureTime = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})(\.\d+)?$/

function parseAzure(line: string, at: string): TraceRequest {
  const [timestamp = '', tokensIn, tokensOut, ...rest] = line.split(',')
  if (rest.length > 0) throw new TraceError(`${at}: more than three fields`)
  const match = azureTime.exec(timestamp)
  const seconds = match ? Date.parse(`${match[1]}T${match[2]}Z`) : Number.NaN
  if (Number.isNaN(seconds)) throw new TraceError(`${at}: TIMESTAMP '${timestamp.slice(0, 40)}' is no time`)
  return {
    atMs: seconds + Number(match?.[3] ?? 0) * 1_000,
    tokensIn: tokens(tokensIn, at, 'ContextTokens'),
    tokensOut: tokens(tokensOut, at, 'GeneratedTokens'),
  }
}

function parseMooncake(line: string, at: string): TraceRequest {
  let record: Record<string, unknown>
  try {
    record = JSON.parse(line) as Record<string, unknown>
  } catch {
    throw new TraceError(`${at}: the line is not valid JSON`)
  }
  const { timestamp } = record
  if (typeof timestamp !== 'number' || !Number.isFinite(timestamp)) {
    throw new TraceError(`${at}: timestamp is not a number of milliseconds`)
  }
  return {
    atMs: timestamp,
    tokensIn: tokens(record.input_length, at, 'input_length'),
    tokensOut: tokens(record.output_length, at, 'output_length'),
  }
}

function tokens(value: unknown, at: string, field: string): number {
  const given = typeof value === 'number' || typeof value === 'string' ? String(value).trim() : ''
  const parsed = /^\d+$/.test(given) ? Number(given) : Number.NaN
  if (!(parsed <= tokensMax)) {
    throw new TraceError(`${at}: ${field} '${given.slice(0, 40)}' is not a whole number of tokens`)
  }
  return parsed
}

function isGzip(file: string): boolean {
  const handle = openSync(file, 'r')
  try {
    const magic = Buffer.alloc(2)
    readSync(handle, magic, 0, 2, 0)
    return magic[0] === 0x1f && magic[1] === 0x8b
  } finally {
    closeSync(handle)
  }
}
