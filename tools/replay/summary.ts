/** The figures of a replay: what finished, how fast, at which cost, and who served it. */
import { formatUsd } from '@isochrone/domain'
import type { Outcome } from './outcome.ts'

export interface Percentiles {
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
}

export interface Slo {
  readonly ttftMs: number
  readonly tpotMs: number
}

export interface Summary {
  readonly requests: number
  readonly finished: number
  readonly lost: number
  readonly resent: number
  readonly durationS: number
  /** Requests per second that finished inside their SLO; queued ones have none, so each that finished counts. */
  readonly goodput: number
  readonly ttftMs: Percentiles
  readonly tpotMs: Percentiles
  readonly tokensIn: number
  readonly tokensOut: number
  readonly costMicroUsd: string
  readonly requestsPerNode: Readonly<Record<string, number>>
  /** Those of them that are simulated. */
  readonly simulatedNodes: readonly string[]
}

/** Nearest-rank percentile (the smallest value that at least `p` of the values do not exceed); null for none. */
export function percentile(values: readonly number[], p: number): number | null {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)]
  return value === undefined ? null : Math.round(value * 100) / 100
}

/** (time served − TTFT)/(tokens − 1); null for answers of one token. */
export function tpotMsOf({ ttftMs, servedMs, tokensOut }: Outcome): number | null {
  return ttftMs === null || tokensOut < 2 ? null : (servedMs - ttftMs) / (tokensOut - 1)
}

/** `slo` is null for queued work, which promises none. */
export function summarise(outcomes: readonly Outcome[], durationS: number, slo: Slo | null): Summary {
  const finished = outcomes.filter((outcome) => outcome.finished)
  const inside = finished.filter((outcome) => {
    const tpotMs = tpotMsOf(outcome)
    return slo === null || ((outcome.ttftMs ?? 0) <= slo.ttftMs && (tpotMs ?? 0) <= slo.tpotMs)
  })
  const nodes: Record<string, number> = {}
  for (const { node } of finished) if (node) nodes[node] = (nodes[node] ?? 0) + 1
  const sum = (pick: (outcome: Outcome) => number) => finished.reduce((total, outcome) => total + pick(outcome), 0)
  return {
    requests: outcomes.length,
    finished: finished.length,
    lost: outcomes.length - finished.length,
    resent: outcomes.reduce((total, { resent }) => total + resent, 0),
    durationS: Math.round(durationS * 100) / 100,
    goodput: durationS > 0 ? Math.round((inside.length / durationS) * 1_000) / 1_000 : 0,
    ttftMs: percentiles(finished.map(({ ttftMs }) => ttftMs)),
    tpotMs: percentiles(finished.map(tpotMsOf)),
    tokensIn: sum(({ tokensIn }) => tokensIn),
    tokensOut: sum(({ tokensOut }) => tokensOut),
    costMicroUsd: finished.reduce((total, { priceMicroUsd }) => total + priceMicroUsd, 0n).toString(),
    simulatedNodes: [...new Set(finished.flatMap(({ node, simulated }) => (node && simulated ? [node] : [])))],
    requestsPerNode: Object.fromEntries(Object.entries(nodes).toSorted(([a], [b]) => (a < b ? -1 : 1))),
  }
}

function percentiles(values: readonly (number | null)[]): Percentiles {
  const known = values.filter((value) => value !== null)
  return { p50: percentile(known, 0.5), p95: percentile(known, 0.95), p99: percentile(known, 0.99) }
}

/** The summary as lines for a person. */
export function describeSummary(summary: Summary, slo: Slo | null): string[] {
  const ms = ({ p50, p95, p99 }: Percentiles) =>
    p50 === null ? 'not measured' : `p50 ${p50} ms   p95 ${p95} ms   p99 ${p99} ms`
  const nodes = Object.entries(summary.requestsPerNode).map(
    ([name, count]) =>
      `  ${name.padEnd(20)} ${String(count).padStart(4)}${summary.simulatedNodes.includes(name) ? '   simulated' : ''}`,
  )
  return [
    `${summary.finished} finished, ${summary.lost} lost, ${summary.resent} sent again, in ${summary.durationS} s`,
    `Goodput   ${summary.goodput} requests/s ${slo ? `within TTFT ${slo.ttftMs} ms and TPOT ${slo.tpotMs} ms` : 'answered'}`,
    `TTFT      ${ms(summary.ttftMs)}${slo ? '' : '   from dispatch'}`,
    `TPOT      ${ms(summary.tpotMs)}`,
    `Tokens    ${summary.tokensIn} in, ${summary.tokensOut} out`,
    `Cost      ${formatUsd(BigInt(summary.costMicroUsd))}`,
    'Requests per node',
    ...nodes,
  ]
}
