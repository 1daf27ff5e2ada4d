/** What came of one round of one kind of request, and the table of it. */
import { prng } from '@isochrone/domain'
import { chooseFromSample, parsePlacementRecord } from '@isochrone/scheduler'
import { TPOT_SLO_MS, ttftSloMsOf } from './slo-plan.ts'

/** One request as its client saw it; times in ms. */
export interface Sent {
  readonly tokensIn: number
  readonly requestId: string | null
  readonly status: number
  readonly whole: boolean
  /** NaN: no token came. */
  readonly ttftMs: number
  readonly durationMs: number
  readonly tokensOut: number
}

export interface Lateness {
  readonly gatewaysMs: number
  readonly nodesMs: number
  readonly loadMs: number
}

export interface Row {
  readonly variant: string
  readonly round: number
  readonly sent: number
  /** Both SLOs kept, whole. */
  readonly inSlo: number
  readonly lateFirst: number
  readonly lateFurther: number
  /** 503, before anything was sent to a node. */
  readonly refused: number
  /** Of the refused: at their last look a node was expected to keep the SLO that they had named, had they come only then. */
  readonly refusedWhileOneFits: number
  readonly failed: number
  readonly declines: number
  readonly hedges: number
  readonly moves: number
  readonly ttftP50Ms: number
  readonly ttftP99Ms: number
  readonly tpotP95Ms: number
  readonly tpotP99Ms: number
  /** Longest that an event loop was late: a row where this is much is a measurement of the machine. */
  readonly late: Lateness
}

export interface Counters {
  readonly declines: number
  readonly hedges: number
  readonly moves: number
}

export const tpotMsOf = ({ ttftMs, durationMs, tokensOut }: Sent): number =>
  tokensOut > 1 ? (durationMs - ttftMs) / (tokensOut - 1) : 0

/** `records`: the decisions by which requests were refused, by request. */
export function rowOf(
  { variant, round }: Pick<Row, 'variant' | 'round'>,
  sent: readonly Sent[],
  counters: Counters,
  records: ReadonlyMap<string, unknown>,
  late: Lateness,
): Row {
  const served = sent.filter(({ status, whole }) => status === 200 && whole)
  const refused = sent.filter(({ status }) => status === 503)
  const isLate = (one: Sent): boolean => one.ttftMs > ttftSloMsOf(one.tokensIn)
  const isSlow = (one: Sent): boolean => tpotMsOf(one) > TPOT_SLO_MS
  const ttft = served.map(({ ttftMs }) => ttftMs)
  const tpot = served.map(tpotMsOf)
  return {
    variant,
    round,
    sent: sent.length,
    inSlo: served.filter((one) => !isLate(one) && !isSlow(one)).length,
    lateFirst: served.filter(isLate).length,
    lateFurther: served.filter(isSlow).length,
    refused: refused.length,
    refusedWhileOneFits: refused.filter((one) => fitsSomewhere(records.get(one.requestId ?? ''), one)).length,
    failed: sent.length - served.length - refused.length,
    ...counters,
    ttftP50Ms: percentile(ttft, 0.5),
    ttftP99Ms: percentile(ttft, 0.99),
    tpotP95Ms: percentile(tpot, 0.95),
    tpotP99Ms: percentile(tpot, 0.99),
    late,
  }
}

/** Whether the decision, made again with the SLO as it was named, finds a node. */
function fitsSomewhere(placement: unknown, { tokensIn }: Sent): boolean {
  if (placement === undefined || placement === null) return false
  const { sampled, request, nowMs, prngState, tuning } = parsePlacementRecord(placement)
  const named = { ...request, policy: { ...request.policy, ttftSloMs: ttftSloMsOf(tokensIn) } }
  return chooseFromSample(sampled, named, prng(prngState), nowMs, tuning).choice !== null
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0)
}

const columns: readonly [string, (row: Row) => string][] = [
  ['', (row) => row.variant],
  ['round', ({ round }) => String(round)],
  ['sent', ({ sent }) => String(sent)],
  ['in SLO', ({ inSlo, sent }) => `${((100 * inSlo) / Math.max(1, sent)).toFixed(1)} %`],
  ['late 1st', ({ lateFirst }) => String(lateFirst)],
  ['slow', ({ lateFurther }) => String(lateFurther)],
  ['refused', ({ refused }) => String(refused)],
  ['one fits', ({ refusedWhileOneFits }) => String(refusedWhileOneFits)],
  ['failed', ({ failed }) => String(failed)],
  ['declined', ({ declines }) => String(declines)],
  ['hedged', ({ hedges }) => String(hedges)],
  ['moved', ({ moves }) => String(moves)],
  ['TTFT p50, p99', ({ ttftP50Ms, ttftP99Ms }) => `${ttftP50Ms}, ${ttftP99Ms}`],
  ['TPOT p95, p99', ({ tpotP95Ms, tpotP99Ms }) => `${tpotP95Ms}, ${tpotP99Ms}`],
  ['loop late', ({ late }) => `${late.gatewaysMs}, ${late.nodesMs}, ${late.loadMs}`],
]

/** Times in ms; of the event loops the gateways', the nodes' and the client's. */
export function tableOf(rows: readonly Row[]): string {
  const cells = [columns.map(([name]) => name), ...rows.map((row) => columns.map(([, of]) => of(row)))]
  const widths = columns.map((_, at) => Math.max(...cells.map((line) => (line[at] ?? '').length)))
  return cells
    .map((line) =>
      line.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '),
    )
    .join('\n')
}
