/** What the benchmark tells its load generator, and what comes back. */

export interface LoadCommand {
  /** Where the requests go: origin, and headers beside the content type. */
  readonly origin: string
  readonly headers: Readonly<Record<string, string>>
  readonly model: string
  readonly tokens: number
  readonly stream: boolean
  /** Requests under way at once; at a given rate the most that may be. */
  readonly concurrency: number
  /** Requests a second, at random times; null sends the next one when one ends. */
  readonly ratePerS: number | null
  /** Without a rate: the first requests are spread over this long, so that they do not all end together. */
  readonly rampMs: number
  /** Time, and requests, before the measured time begins: code that runs seldom is not compiled yet. */
  readonly warmMs: number
  readonly warmCount: number
  /** No longer than this. */
  readonly warmMsMax: number
  /** The measured time lasts this long, and longer, up to the limit, until as many requests have ended. */
  readonly measureMs: number
  readonly measureMsMax: number
  readonly countMin: number
  /** Processes whose CPU time is read at the beginning and the end of the measured time. */
  readonly pids: readonly number[]
}

export interface Percentiles {
  readonly p50Ms: number
  readonly p99Ms: number
}

export interface LoadResult {
  /** Requests that ended in the measured time, whole and as expected. */
  readonly count: number
  /** All that ended whole and as expected, before and after the measured time too. */
  readonly total: number
  /** Requests that failed or whose answer was another one. */
  readonly errors: number
  readonly firstError: string | null
  readonly seconds: number
  /** Sent → whole answer. */
  readonly whole: Percentiles
  /** Sent → first byte of the answer's body. */
  readonly first: Percentiles
  /** CPU time of each process in the measured time, µs, all threads. */
  readonly cpuUs: readonly number[]
}
