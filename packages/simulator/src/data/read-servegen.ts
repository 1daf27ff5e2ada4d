/**
 * Reads ServeGen's clients: how often each asks in each 10-minute window, how burstily, and how long its prompts and
 * answers are.
 *
 * Some clients have rates and no lengths (their files are absent from the source): they get their model's pooled ones.
 */
import { dataError } from './data-file.ts'
import { decimal, oneOf, text, wholeNumber } from './fields.ts'
import { readTable } from './read-table.ts'

export interface RateWindow {
  startS: number
  rateRps: number
  /** Coefficient of variation of the gaps between arrivals. */
  cv: number
  family: 'Gamma' | 'Weibull'
  shape: number
}

/** Lengths in tokens at `quantileLevels`. */
export interface LengthWindow {
  startS: number
  tokensIn: readonly number[]
  tokensOut: readonly number[]
}

export interface ServeGenClient {
  client: number
  /** Ordered by start; windows without requests are absent. */
  rates: RateWindow[]
  /** Ordered by start, never empty. */
  lengths: LengthWindow[]
}

export const quantileLevels = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99] as const
const quantileColumns = ['p01', 'p05', 'p10', 'p25', 'p50', 'p75', 'p90', 'p95', 'p99'] as const

const startS = wholeNumber(0, 1e8)
const tokens = decimal(0, 1_000_000)

/**
 * The clients of one model, the busiest first.
 *
 * @param files `servegen_client_rates.csv.gz` and `servegen_client_tokens.csv.gz`
 * @throws AppError invalid_input naming file, line and field
 */
export function readServeGen(files: { rates: string; tokens: string }, model: string | null): ServeGenClient[] {
  const clients = new Map<number, ServeGenClient>()
  const rates = readTable(
    files.rates,
    {
      model: text,
      client: wholeNumber(0, 1e6),
      window_start_s: startS,
      rate_rps: decimal(0, 1e6),
      cv: decimal(0, 1e6),
      arrival: oneOf('Gamma', 'Weibull'),
      shape: decimal(0, 1e9),
    },
    (row, above) =>
      above && row.model === above.model && row.client === above.client && row.window_start_s < above.window_start_s
        ? { field: 'window_start_s', problem: 'the time is before that of the line above' }
        : undefined,
  )
  if (model === null || rates.every((row) => row.model !== model)) {
    const known = [...new Set(rates.map((row) => row.model))].join(', ')
    const problem = model === null ? 'name a model' : `there is no model '${model}'`
    throw dataError(files.rates, { field: 'model' }, `${problem}; it has ${known}`)
  }
  for (const row of rates) {
    if (row.model !== model) continue
    const client = clients.get(row.client) ?? { client: row.client, rates: [], lengths: [] }
    clients.set(row.client, client)
    const { window_start_s, rate_rps, cv, arrival, shape } = row
    client.rates.push({ startS: window_start_s, rateRps: rate_rps, cv, family: arrival, shape })
  }
  const lengths = readLengths(files.tokens, model)
  const pooled = pool([...lengths.values()].flat())
  if (!pooled) throw dataError(files.tokens, { field: 'model' }, `there are no lengths of model '${model}'`)
  for (const client of clients.values()) client.lengths = lengths.get(client.client) ?? [pooled]
  const requests = ({ rates: windows }: ServeGenClient) => windows.reduce((sum, { rateRps }) => sum + rateRps, 0)
  return [...clients.values()].toSorted((a, b) => requests(b) - requests(a) || a.client - b.client)
}

function readLengths(file: string, model: string): Map<number, LengthWindow[]> {
  const rows = readTable(file, {
    model: text,
    client: wholeNumber(0, 1e6),
    window_start_s: startS,
    field: text,
    p01: tokens,
    p05: tokens,
    p10: tokens,
    p25: tokens,
    p50: tokens,
    p75: tokens,
    p90: tokens,
    p95: tokens,
    p99: tokens,
  })
  const found = new Map<number, Map<number, { in?: number[]; out?: number[] }>>()
  for (const row of rows) {
    if (row.model !== model || (row.field !== 'input_tokens' && row.field !== 'output_tokens')) continue
    const windows = found.get(row.client) ?? new Map<number, { in?: number[]; out?: number[] }>()
    found.set(row.client, windows)
    const window = windows.get(row.window_start_s) ?? {}
    windows.set(row.window_start_s, window)
    const quantiles = quantileColumns.map((column) => row[column])
    if (quantiles.some((value, i) => i > 0 && value < (quantiles[i - 1] as number))) {
      throw dataError(file, { line: row.line, field: 'p01 to p99' }, 'the quantiles do not rise')
    }
    window[row.field === 'input_tokens' ? 'in' : 'out'] = quantiles
  }
  return new Map(
    [...found].map(([client, windows]) => {
      const whole = [...windows].toSorted(([a], [b]) => a - b)
      return [
        client,
        whole.flatMap(([start, window]) =>
          window.in && window.out ? { startS: start, tokensIn: window.in, tokensOut: window.out } : [],
        ),
      ]
    }),
  )
}

/** The median of each quantile over all windows. */
function pool(windows: readonly LengthWindow[]): LengthWindow | undefined {
  if (windows.length === 0) return undefined
  const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] as number
  const over = (key: 'tokensIn' | 'tokensOut') =>
    quantileLevels.map((_, level) => median(windows.map((window) => window[key][level] as number)))
  return { startS: 0, tokensIn: over('tokensIn'), tokensOut: over('tokensOut') }
}
