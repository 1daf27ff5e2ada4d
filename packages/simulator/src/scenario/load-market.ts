/**
 * Loads the market's definitions, which were fixed before any tuning: `scenarios/market.json`.
 *
 * Checked in full, so that a typing error is one line with file, line and field and not a strange result.
 */
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { dataError, readDataFile } from '../data/data-file.ts'

/** Less than a millisecond would make a run of billions of steps. */
const ms = z.number().min(1, 'expected at least 1 ms').max(1e9, 'expected at most 1e9 ms')
const share = z.number().min(0, 'expected a share from 0 to 1').max(1, 'expected a share from 0 to 1')
/** How many times slower. */
const factor = z.number().min(1, 'expected a factor of at least 1').max(1_000, 'expected a factor of at most 1000')
const count = z.int().min(1).max(1_000_000)
const rangeOf = (value: z.ZodNumber) =>
  z.tuple([value, value]).refine(([from, to]) => from <= to, 'expected a range from low to high')

const Market = z.looseObject({
  fleet: z.looseObject({
    replicas: count,
    shares: z.object({
      vast: z.number().min(0).max(1e6),
      neocloud: z.number().min(0).max(1e6),
      aws: z.number().min(0).max(1e6),
    }),
    concurrencyMax: count,
    kvTokens: z.int().min(1).max(1e10),
    slowShare: share,
    slowFactor: rangeOf(factor),
    errorRate: rangeOf(share),
  }),
  prices: z.looseObject({ cachedShareOfInput: share, contextTokens: z.int().min(1).max(1_000_000) }),
  engine: z.looseObject({ prefillChunkTokens: count, queueMax: z.int().min(0).max(1e6) }),
  slo: z.looseObject({
    ttftBaseMs: ms,
    ttftPrefillFactor: z.number().min(0).max(100),
    ttftPrefillClass: z.enum(['H200', 'B200', 'B300']),
    tpotMs: ms,
  }),
  gateways: z.array(z.string().min(1)).min(1).max(64),
  demandShareByGateway: z.array(share).min(1).max(64),
  heartbeatMs: ms,
  linkLossNoticedMs: ms,
  streamWatchMs: ms,
  attemptTimeoutMs: ms,
  attemptsMax: z.int().min(1).max(64),
  requestTimeoutMs: ms,
  horizonMs: ms,
  warmUpMs: z.number().min(0).max(1e9),
  churn: z.looseObject({ meanDownMs: ms }),
  stragglers: z.looseObject({ share, factor, meanMs: ms, meanGapMs: ms }),
  kill: z.looseObject({ share, atMs: ms, windowMs: ms, backAfterMs: ms }),
  prefix: z.looseObject({
    trace: z.string(),
    blockTokens: count,
    kvTokensPerReplica: z.int().min(1).max(1e10),
    replicas: count,
    loadWindowMs: ms,
  }),
  fairness: z.looseObject({
    trace: z.string(),
    model: z.string(),
    tenants: count,
    backlogFactor: z.number().positive().max(100),
    horizonMs: ms,
  }),
  tiers: z.looseObject({ edge: count, regional: count, cloud: count, edgeLostAtMs: ms, edgeBackAtMs: ms }),
})

/** The definitions of a simulated market; every number has its unit in its name. */
export type Market = z.infer<typeof Market>

/** The definitions that ship with the project. */
export const marketFile = fileURLToPath(new URL('../../scenarios/market.json', import.meta.url))

/** @throws AppError invalid_input naming file, line and field */
export function loadMarket(file: string = marketFile): Market {
  const text = readDataFile(file)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw dataError(file, {}, `not valid JSON (${cause instanceof Error ? cause.message : 'unknown'})`, cause)
  }
  const parsed = Market.safeParse(value)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const path = issue?.path ?? []
    throw dataError(file, { line: lineOf(text, path), field: path.join('.') }, issue?.message ?? 'not a market')
  }
  const market = parsed.data
  if (market.gateways.length !== market.demandShareByGateway.length) {
    const field = 'demandShareByGateway'
    throw dataError(file, { line: lineOf(text, [field]), field }, `expected ${market.gateways.length} shares`)
  }
  const sum = market.demandShareByGateway.reduce((a, b) => a + b, 0)
  if (Math.abs(sum - 1) > 1e-6) {
    const field = 'demandShareByGateway'
    throw dataError(file, { line: lineOf(text, [field]), field }, `the shares must sum to 1, got ${sum}`)
  }
  return market
}

/** The line on which the deepest key of the path that is there stands. */
function lineOf(text: string, path: readonly PropertyKey[]): number {
  let at = 0
  for (const key of path) {
    const found = text.indexOf(`"${String(key)}"`, at)
    if (found >= 0) at = found
  }
  return text.slice(0, at).split('\n').length
}
