/**
 * What a provider's nodes won and lost among the newest decisions, with the reason from the record.
 *
 * Told are counts for each of its own nodes and middle margins: never whose request it was, who got it, or at what price.
 * A decision names a node where it compared it or, in a small pool, left it out; nodes of a large pool that were not
 * sampled are in no record.
 */
import type { RejectionReason } from '@isochrone/scheduler'
import { rejectionReasons } from '@isochrone/scheduler'
import { z } from 'zod'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { DecisionRow } from '../ports/decision-reads.ts'
import type { JobsLost, LossReason, NodeJobs, ProviderJobs } from './views/provider-jobs.ts'

const SPAN_MS = 86_400_000
const SLO_SPAN_MS = 7 * SPAN_MS
const DECISIONS_MAX = 1_000

const amount = z.number().nullable().default(null)
const candidate = z.object({
  nodeId: z.string(),
  score: z.number(),
  ttftMs: amount,
  tpotMs: amount,
  terms: z.object({
    tokens: z.number(),
    bytes: z.number(),
    latency: z.number(),
    generation: z.number().nullable().default(0),
    sloTtft: z.number(),
    sloTpot: z.number(),
    failure: z.number(),
  }),
})
type Candidate = z.infer<typeof candidate>
const left = z.object({ nodeId: z.string(), reason: z.enum(rejectionReasons) })

export async function providerJobs(
  { store, clock }: Pick<ControlPlaneDeps, 'store' | 'clock'>,
  { providerId }: { providerId: string },
): Promise<ProviderJobs> {
  const nodes = await store.providers.nodes(providerId)
  const nowMs = clock.nowMs()
  const nodeIds = nodes.map(({ nodeId }) => nodeId)
  const since = new Date(nowMs - SPAN_MS)
  const [{ looked, rows }, counts, stats, declines] = await Promise.all([
    nodeIds.length > 0 ? store.providers.decisions({ nodeIds, since, limit: DECISIONS_MAX }) : { looked: 0, rows: [] },
    store.providers.sloCounts({ providerId, since: new Date(nowMs - SLO_SPAN_MS) }),
    store.providers.nodeStats(nodeIds, nowMs - SPAN_MS),
    store.providers.declines(nodeIds, nowMs - SPAN_MS),
  ])
  const tallies = tally(rows, new Set(nodeIds))
  return {
    spanMs: SPAN_MS,
    looked,
    nodes: nodes.flatMap(({ id, nodeId, name, simulated }) => {
      const jobs = tallies.get(nodeId)
      return jobs ? [{ id, name, simulated, ...jobs }] : []
    }),
    declines: nodes.flatMap(({ id, nodeId, name }) => {
      const row = declines.find((one) => one.nodeId === nodeId)
      if (!row) return []
      const { count: declined, promptsAhead, aheadMax } = row
      const attempts = stats.find((one) => one.nodeId === nodeId)?.attempts ?? declined
      return [{ id, name, attempts, declined, promptsAhead, aheadMax }]
    }),
    sloSpanMs: SLO_SPAN_MS,
    slo: nodes.flatMap(({ id, nodeId, name }) => {
      const row = counts.find((one) => one.nodeId === nodeId)
      if (!row) return []
      const { attempts, faults, breaches, creditMicroUsd } = row
      const ttft = { samples: row.ttftSamples, over: row.ttftOver }
      const tpot = { samples: row.tpotSamples, over: row.tpotOver }
      return [{ id, name, attempts, faults, ttft, tpot, breaches, creditMicroUsd }]
    }),
  }
}

type Jobs = Pick<NodeJobs, 'named' | 'won' | 'lost' | 'masked'>

/** By node. What is in no record has no entry. */
export function tally(rows: readonly DecisionRow[], own: ReadonlySet<string>): Map<string, Jobs> {
  const open = new Map<string, Open>()
  const of = (nodeId: string) => {
    const held = open.get(nodeId) ?? { won: 0, named: 0, lost: new Map(), masked: new Map() }
    open.set(nodeId, held)
    return held
  }
  for (const row of rows) {
    const chosen = candidate.safeParse(row.chosen).data
    for (const mine of candidate.array().safeParse(row.own).data ?? []) {
      if (!own.has(mine.nodeId)) continue
      const node = of(mine.nodeId)
      node.named++
      if (mine.nodeId === row.choice) node.won++
      else if (chosen) note(node.lost, lossOf(mine, chosen, row.explored), own.has(chosen.nodeId))
    }
    for (const { nodeId, reason } of left.array().safeParse(row.rejected).data ?? []) {
      if (!own.has(nodeId)) continue
      const node = of(nodeId)
      node.named++
      node.masked.set(reason, (node.masked.get(reason) ?? 0) + 1)
    }
  }
  return new Map(
    [...open].map(([nodeId, { won, named, lost, masked }]) => [nodeId, { won, named, ...told(lost, masked) }]),
  )
}

interface Open {
  won: number
  named: number
  lost: Map<LossReason, { toOwn: number; byMicroUsd: number[]; byMs: number[] }>
  masked: Map<RejectionReason, number>
}

interface Loss {
  reason: LossReason
  byMicroUsd: number | null
  byMs: number | null
}

function note(lost: Open['lost'], { reason, byMicroUsd, byMs }: Loss, toOwn: boolean): void {
  const held = lost.get(reason) ?? { toOwn: 0, byMicroUsd: [], byMs: [] }
  lost.set(reason, held)
  held.toOwn += Number(toOwn)
  held.byMicroUsd.push(byMicroUsd ?? Number.NaN)
  held.byMs.push(byMs ?? Number.NaN)
}

/** The part of the score in which the node exceeded the chosen one most, and by how much. */
function lossOf(mine: Candidate, chosen: Candidate, explored: boolean): Loss {
  if (mine.score <= chosen.score) {
    return { reason: explored ? 'exploration' : 'draw', byMicroUsd: null, byMs: null }
  }
  const over = (term: keyof Candidate['terms']) => (mine.terms[term] ?? 0) - (chosen.terms[term] ?? 0)
  const behind = (a: number | null, b: number | null) => (a === null || b === null ? null : a - b)
  const parts: Loss[] = [
    { reason: 'price', byMicroUsd: over('tokens') + over('bytes'), byMs: null },
    { reason: 'latency', byMicroUsd: over('latency') + over('sloTtft'), byMs: behind(mine.ttftMs, chosen.ttftMs) },
    { reason: 'speed', byMicroUsd: over('generation') + over('sloTpot'), byMs: behind(mine.tpotMs, chosen.tpotMs) },
    { reason: 'failure', byMicroUsd: over('failure'), byMs: null },
  ]
  const [most] = parts.toSorted((a, b) => (b.byMicroUsd ?? 0) - (a.byMicroUsd ?? 0))
  return most ?? { reason: 'draw', byMicroUsd: null, byMs: null }
}

function told(lost: Open['lost'], masked: Open['masked']): Pick<Jobs, 'lost' | 'masked'> {
  return {
    lost: [...lost]
      .map(([reason, { toOwn, byMicroUsd, byMs }]): JobsLost => {
        const micro = middle(byMicroUsd)
        return {
          reason,
          count: byMicroUsd.length,
          toOwn,
          byUsd: micro === null ? null : micro / 1e6,
          byMs: middle(byMs),
        }
      })
      .toSorted((a, b) => b.count - a.count || a.reason.localeCompare(b.reason)),
    masked: [...masked]
      .map(([reason, count]) => ({ reason, count }))
      .toSorted((a, b) => b.count - a.count || a.reason.localeCompare(b.reason)),
  }
}

function middle(values: readonly number[]): number | null {
  const sorted = values.filter((value) => Number.isFinite(value)).toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? null
}
