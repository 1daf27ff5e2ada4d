/**
 * Looks through a batch's input in the browser, a piece at a time, by the rules by which the worker reads it afterwards:
 * what is wrong is said before anything is sent. Counts what it asks for, and what that costs at most.
 */
import {
  answerMaxOf,
  BATCH_LINE_BYTES_MAX,
  BATCH_LINES_MAX,
  batchEndpoints,
  FILE_BYTES_MAX,
  isBatchLineError,
  maxPriceMicroUsd,
  readBatchLine,
  type BatchEndpoint,
  type BatchLine,
  type BatchLineError,
  type Prices,
} from '@isochrone/domain'
import { batchRoutingFault, promptTokensMax, splitModelSuffix } from '@isochrone/scheduler'

/** What live nodes ask for a model, each price list once. */
export interface ModelMarket {
  model: string
  nodes: number
  prices: Prices[]
}

export interface ModelAsked {
  /** As the lines name it. */
  model: string
  lines: number
}

/** A page reads no file that is too large, and says so itself: a gateway refuses to take it. */
export type BatchFileFault = Omit<BatchLineError, 'code'> & { code: BatchLineError['code'] | 'file_too_large' }

export interface BatchFileReport {
  /** That hold something. */
  lines: number
  endpoint: BatchEndpoint
  /** Most lines first. */
  models: ModelAsked[]
  /** The first ones. */
  errors: BatchFileFault[]
  /** How many lines are wrong in all; of the file itself is none of them. */
  wrongLines: number
  /** µUSD: every line at its limit, on the dearest node of its model and on the cheapest; null where nobody asks a price. */
  cost: { mostMicroUsd: bigint; leastMicroUsd: bigint } | null
}

export interface CheckOptions {
  market: readonly ModelMarket[]
  signal?: AbortSignal
  /** Share of the bytes that were read. */
  onProgress?: (share: number) => void
}

/** What a page shows at most. */
export const ERRORS_SHOWN = 10
const NEWLINE = 0x0a
/** Of its body when it is sent to a node: `routing`, the model's own name. */
const BYTES_ADDED = 256

/** Throws what `signal` was aborted with, or the browser's error where the file cannot be read any more. */
export async function checkBatchFile(file: Blob, options: CheckOptions): Promise<BatchFileReport> {
  const report = newReport(options.market)
  if (file.size > FILE_BYTES_MAX) {
    report.ofFile(
      'file_too_large',
      `A file may have ${FILE_BYTES_MAX / 1024 / 1024} MiB. Split it into several batches.`,
    )
    return report.end()
  }
  let read = 0
  let number = 0
  let parts: Uint8Array[] = []
  let length = 0
  const take = (part: Uint8Array): void => {
    length += part.length
    if (length <= BATCH_LINE_BYTES_MAX) parts.push(part)
    else parts = []
  }
  const ended = (): void => {
    number += 1
    report.line(number, length > BATCH_LINE_BYTES_MAX ? null : textOf(parts))
    parts = []
    length = 0
  }
  for await (const bytes of piecesOf(file)) {
    options.signal?.throwIfAborted()
    let begin = 0
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, begin)) {
      take(bytes.subarray(begin, end))
      ended()
      begin = end + 1
    }
    take(bytes.subarray(begin))
    read += bytes.length
    options.onProgress?.(read / file.size)
    if (report.isFull()) return report.end()
  }
  ended()
  return report.end()
}

async function* piecesOf(file: Blob): AsyncGenerator<Uint8Array> {
  const reader = file.stream().getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield value
    }
  } finally {
    await reader.cancel().catch(() => {})
  }
}

/** A byte order mark is none of it, and what is no UTF-8 is replaced: as the worker reads it. */
function textOf(parts: readonly Uint8Array[]): string {
  const decoder = new TextDecoder()
  return parts.map((part) => decoder.decode(part, { stream: true })).join('') + decoder.decode()
}

function newReport(market: readonly ModelMarket[]) {
  const byModel = new Map(market.map((of) => [of.model, of.prices]))
  const isModel = (name: string) => byModel.size === 0 || byModel.has(name) || byModel.has(splitModelSuffix(name).model)
  const pricesOf = (name: string) => byModel.get(name) ?? byModel.get(splitModelSuffix(name).model) ?? []
  const seen = new Set<string>()
  const asked = new Map<string, number>()
  const errors: BatchFileFault[] = []
  let endpoint: BatchEndpoint | null = null
  let lines = 0
  let wrongLines = 0
  let most = 0n
  let least = 0n
  let priced = true

  function wrong(error: BatchLineError): void {
    wrongLines += 1
    if (errors.length < ERRORS_SHOWN) errors.push(error)
  }
  const ofFile = (code: BatchFileFault['code'], message: string) =>
    void errors.unshift({ code, line: null, message, param: null })

  function count(line: BatchLine, of: BatchEndpoint): void {
    asked.set(line.model, (asked.get(line.model) ?? 0) + 1)
    const costs = costsOf(line, of, pricesOf(line.model))
    priced &&= costs !== null
    most += costs?.most ?? 0n
    least += costs?.least ?? 0n
  }

  return {
    ofFile,
    isFull: () => lines > BATCH_LINES_MAX,
    /** `text` null: it is too long to be kept. */
    line(number: number, text: string | null): void {
      if (text !== null && text.trim() === '') return
      lines += 1
      if (lines > BATCH_LINES_MAX) return
      if (text === null) {
        const message = `A line may have ${BATCH_LINE_BYTES_MAX / 1024} KiB.`
        return wrong({ code: 'line_too_long', line: number, message, param: null })
      }
      // The first line that says one decides; the others must say the same.
      endpoint ??= endpointOf(text)
      const of = endpoint ?? '/v1/chat/completions'
      const read = readBatchLine(text, number, { endpoint: of, seen, isModel, routingFault: batchRoutingFault })
      if (isBatchLineError(read)) wrong(read)
      else count(read, of)
    },
    end(): BatchFileReport {
      if (lines > BATCH_LINES_MAX) {
        const max = BATCH_LINES_MAX.toLocaleString('en-US')
        ofFile('too_many_lines', `A batch may have ${max} lines. Split the file into several.`)
      } else if (lines === 0 && errors.length === 0) ofFile('empty_file', 'The file has no lines.')
      return {
        lines,
        endpoint: endpoint ?? '/v1/chat/completions',
        models: [...asked].map(([model, count]) => ({ model, lines: count })).toSorted((a, b) => b.lines - a.lines),
        errors,
        wrongLines,
        cost: priced && asked.size > 0 ? { mostMicroUsd: most, leastMicroUsd: least } : null,
      }
    },
  }
}

function endpointOf(text: string): BatchEndpoint | null {
  try {
    const { url } = JSON.parse(text) as { url?: unknown }
    return batchEndpoints.find((endpoint) => endpoint === url) ?? null
  } catch {
    return null
  }
}

/** What gateways reserve for the line at each of these prices. Null where there are none. */
function costsOf(line: BatchLine, endpoint: BatchEndpoint, prices: readonly Prices[]) {
  const bytesIn = new TextEncoder().encode(JSON.stringify(line.body)).length + BYTES_ADDED
  const limits = { ...answerMaxOf(endpoint, line.body), bytesIn, tokensInMax: promptTokensMax(bytesIn) }
  let costs: { most: bigint; least: bigint } | null = null
  for (const list of prices) {
    const cost = maxPriceMicroUsd(limits, list)
    costs = {
      most: costs === null || cost > costs.most ? cost : costs.most,
      least: costs === null || cost < costs.least ? cost : costs.least,
    }
  }
  return costs
}
