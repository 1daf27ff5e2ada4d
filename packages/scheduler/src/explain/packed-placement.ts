/**
 * A placement record as it is stored. What the looked-at replicas offer and report is most of a record and says the same
 * for many of them: stored column by column, the name of a field stands once, and so does a value that all of them share.
 *
 * Nothing is lost: what comes out is what went in, as JSON has it. What is no record passes through as it is; what is read
 * may be a record whose rows were stored each by itself.
 */

import type { SampledReplica } from '../placement.ts'

/** Most rows that are unpacked: no record has more. */
const ROWS_MAX = 10_000
const DEPTH_MAX = 4

/** A value for each row, or a single one that all rows have; `absent`: rows that do not have it. */
interface Columns {
  rows: number
  columns: Record<string, unknown[]>
  absent?: Record<string, number[]>
}

type Fields = Record<string, unknown>

/** Every field of a row by its path, each with a function of its own: a request's record is packed while its client waits. */
const READERS: readonly (readonly [path: string, read: (row: SampledReplica) => unknown])[] = Object.entries({
  'offer.nodeId': ({ offer }) => offer.nodeId,
  'offer.providerId': ({ offer }) => offer.providerId,
  'offer.modelHash': ({ offer }) => offer.modelHash,
  'offer.failureDomain': ({ offer }) => offer.failureDomain,
  'offer.region': ({ offer }) => offer.region,
  'offer.country': ({ offer }) => offer.country,
  'offer.tier': ({ offer }) => offer.tier,
  'offer.gpuClass': ({ offer }) => offer.gpuClass,
  'offer.trust': ({ offer }) => offer.trust,
  'offer.dataPolicy': ({ offer }) => offer.dataPolicy,
  'offer.contextTokensMax': ({ offer }) => offer.contextTokensMax,
  'offer.features': ({ offer }) => offer.features,
  'offer.prices.inPerMtok': ({ offer }) => offer.prices.inPerMtok,
  'offer.prices.cachedPerMtok': ({ offer }) => offer.prices.cachedPerMtok,
  'offer.prices.outPerMtok': ({ offer }) => offer.prices.outPerMtok,
  'offer.prices.inPerGb': ({ offer }) => offer.prices.inPerGb,
  'offer.prices.outPerGb': ({ offer }) => offer.prices.outPerGb,
  'offer.concurrencyMax': ({ offer }) => offer.concurrencyMax,
  'offer.prior.baseMs': ({ offer }) => offer.prior?.baseMs,
  'offer.prior.prefillMsPerToken': ({ offer }) => offer.prior?.prefillMsPerToken,
  'offer.prior.tpotBaseMs': ({ offer }) => offer.prior?.tpotBaseMs,
  'offer.prior.tpotPerStreamMs': ({ offer }) => offer.prior?.tpotPerStreamMs,
  'offer.prior.tpotPerStreamTokenMs': ({ offer }) => offer.prior?.tpotPerStreamTokenMs,
  activeStreams: (row) => row.activeStreams,
  prefillTokens: (row) => row.prefillTokens,
  contextTokens: (row) => row.contextTokens,
  streamsMax: (row) => row.streamsMax,
  rttMs: (row) => row.rttMs,
  stateAgeMs: (row) => row.stateAgeMs,
  draining: (row) => row.draining,
  breakerOpenUntilMs: (row) => row.breakerOpenUntilMs,
  tokensCached: (row) => row.tokensCached,
  failureRate: (row) => row.failureRate,
  observations: (row) => row.observations,
  'estimate.baseMs': ({ estimate }) => estimate.baseMs,
  'estimate.prefillMsPerToken': ({ estimate }) => estimate.prefillMsPerToken,
  'estimate.tpotBaseMs': ({ estimate }) => estimate.tpotBaseMs,
  'estimate.tpotPerStreamMs': ({ estimate }) => estimate.tpotPerStreamMs,
  'estimate.tpotPerStreamTokenMs': ({ estimate }) => estimate.tpotPerStreamTokenMs,
} satisfies Record<PathOf<SampledReplica>, (row: SampledReplica) => unknown>)

/** The paths of a record's leaves: a field that is added to a row and not packed here does not compile. */
type PathOf<T> = {
  [K in keyof T & string]-?: NonNullable<T[K]> extends object ? `${K}.${PathOf<NonNullable<T[K]>>}` : K
}[keyof T & string]

/** A record of this engine for storage. Also the decisions that it carries beside its own (`earlier`, `later`). */
export function packPlacement(placement: unknown): unknown {
  return withSampled(placement, (sampled) =>
    Array.isArray(sampled) && sampled.length > 1 ? columnsOf(sampled as SampledReplica[]) : sampled,
  )
}

/** What `packPlacement` was given; a record that was never packed as it is. */
export function unpackPlacement(stored: unknown): unknown {
  return withSampled(stored, (sampled) => (isColumns(sampled) ? rowsOf(sampled) : sampled))
}

function withSampled(placement: unknown, change: (sampled: unknown) => unknown): unknown {
  if (!isFields(placement) || !('sampled' in placement)) return placement
  const { earlier, later } = placement
  const others = (made: unknown[]): unknown[] => made.map((record) => withSampled(record, change))
  return {
    ...placement,
    sampled: change(placement.sampled),
    ...(Array.isArray(earlier) && { earlier: others(earlier) }),
    ...(Array.isArray(later) && { later: others(later) }),
  }
}

function columnsOf(rows: readonly SampledReplica[]): Columns {
  const columns: Columns['columns'] = {}
  const absent: NonNullable<Columns['absent']> = {}
  for (const [path, read] of READERS) {
    const first = read(rows[0] as SampledReplica)
    const values = [first]
    const missing = first === undefined ? [0] : []
    let isShared = true
    for (let i = 1; i < rows.length; i++) {
      const value = read(rows[i] as SampledReplica)
      if (value === undefined) missing.push(i)
      if (value !== first) isShared = false
      values.push(value)
    }
    if (missing.length === rows.length) continue
    columns[path] = isShared ? [first] : values
    if (missing.length > 0) absent[path] = missing
  }
  return { rows: rows.length, columns, ...(Object.keys(absent).length > 0 && { absent }) }
}

function rowsOf({ rows: count, columns, absent = {} }: Columns): Fields[] {
  const rows = Array.from({ length: count }, (): Fields => ({}))
  for (const [path, values] of Object.entries(columns)) {
    const parts = path.split('.')
    const missing = new Set(absent[path])
    for (const [i, row] of rows.entries()) {
      if (!missing.has(i)) put(row, parts, values.length === 1 ? values[0] : values[i])
    }
  }
  return rows
}

function put(row: Fields, parts: readonly string[], value: unknown): void {
  let fields = row
  for (const part of parts.slice(0, -1)) {
    const inner = Object.hasOwn(fields, part) ? fields[part] : undefined
    if (isFields(inner)) fields = inner
    else fields = fields[part] = {}
  }
  fields[parts.at(-1) as string] = value
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A stranger's file may be read as a record: names are plain, so none of them reaches a prototype. */
function isColumns(value: unknown): value is Columns {
  if (!isFields(value) || !isFields(value.columns) || !isFields(value.absent ?? {})) return false
  const { rows, columns, absent = {} } = value
  const isCount = Number.isInteger(rows) && (rows as number) > 0 && (rows as number) <= ROWS_MAX
  return (
    isCount &&
    Object.values(absent as Fields).every(Array.isArray) &&
    Object.entries(columns).every(
      ([path, values]) =>
        /^[a-z]\w*(?:\.[a-z]\w*)*$/i.test(path) &&
        path.split('.').length <= DEPTH_MAX &&
        Array.isArray(values) &&
        (values.length === 1 || values.length <= (rows as number)),
    )
  )
}
