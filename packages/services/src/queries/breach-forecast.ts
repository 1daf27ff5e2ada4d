/**
 * Which reported records would break a promise, were they final as they are: said while they can still be contested. Each counts in
 * the order in which they become final, on what the ledger's pool holds now. What somebody contests already is left out: nobody knows yet what
 * becomes of it.
 */
import { AppError } from '@isochrone/domain'
import { decodeStruct } from '@isochrone/protocol'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { WaitingCountsRow } from '../ports/evidence-readings.ts'
import type { PoolCounts, PoolDesk } from '../ports/pool-desk.ts'
import { promisesAnything, termsOfStored } from '../providers/terms.ts'
import { nodeRefs } from './node-refs.ts'
import { promisesOf } from './records.ts'
import type { BreachForecast, BreachForecastView } from './views/records.ts'

const ROWS_MAX = 1_000
/** Each asks the chain once. */
const POOLS_MAX = 20
const BPS = 10_000n

type Deps = Pick<ControlPlaneDeps, 'store' | 'pools'>

/** `isKnown` is false while the chain is away: then nothing can be said. */
export async function breachForecast(
  { store, pools }: Deps,
  { providerId }: { providerId: string },
): Promise<BreachForecast> {
  const nodeIds = (await store.providers.nodes(providerId)).map(({ nodeId }) => nodeId)
  const groups = groupsOf(await store.evidence.waitingCounts(nodeIds, ROWS_MAX))
  const terms = await store.providers.terms([...new Set(groups.map(([first]) => first.termsHash))])
  const found: WouldBreak[] = []
  try {
    for (const group of groups.slice(0, POOLS_MAX)) {
      const stored = terms.get(group[0].termsHash)
      const signed = stored && termsOfStored(stored)
      if (!pools || !signed || !promisesAnything(signed)) continue
      found.push(...wouldBreak(pools, await pools.poolOf(group[0]), group, signed.penaltyBps))
    }
  } catch (error) {
    if (error instanceof AppError && error.code === 'chain_unavailable') return { isKnown: false, breaches: [] }
    throw error
  }
  const nodes = await nodeRefs(store.providers, nodeIds)
  const breaches = found
    .toSorted((a, b) => Number((a.row.finalAtS ?? 0n) - (b.row.finalAtS ?? 0n)))
    .map((each) => breachView(each, nodes))
  return { isKnown: true, breaches }
}

type Group = [WaitingCountsRow, ...WaitingCountsRow[]]

/** Of one pool each, in the order in which they count; those without a reported record have nothing to contest. Most missed first. */
function groupsOf(rows: readonly WaitingCountsRow[]): Group[] {
  const groups = new Map<string, Group>()
  for (const row of rows) {
    const key = `${row.nodeId}${row.channelId}${row.termsHash}`
    const group = groups.get(key)
    if (group) group.push(row)
    else groups.set(key, [row])
  }
  const misses = (group: Group) =>
    group.reduce((sum, { counts }) => {
      const { faults, ttftOver, tpotOver } = decodeStruct('SlaCounts', counts)
      return sum + faults + ttftOver + tpotOver
    }, 0)
  return [...groups.values()]
    .filter((group) => group.some(({ status }) => status === 'reported'))
    .toSorted((a, b) => misses(b) - misses(a))
    .map((group) => group.toSorted(byFinality) as Group)
}

/** A final record waits for its turn already; the rest by when its window ends. */
function byFinality(a: WaitingCountsRow, b: WaitingCountsRow): number {
  if (a.status !== b.status) return a.status === 'final' ? -1 : 1
  return Number((a.finalAtS ?? 0n) - (b.finalAtS ?? 0n)) || Number(a.epoch - b.epoch)
}

interface WouldBreak {
  row: WaitingCountsRow
  bits: number
  pool: PoolCounts
  creditMicroUsd: bigint
}

function wouldBreak(pools: PoolDesk, held: PoolCounts, group: Group, penaltyBps: number): WouldBreak[] {
  const found: WouldBreak[] = []
  let pool = held
  for (const row of group) {
    pool = added(pool, decodeStruct('SlaCounts', row.counts))
    const { bits, after } = pools.test(pool)
    if (bits !== 0 && row.status === 'reported') {
      found.push({ row, bits, pool, creditMicroUsd: (pool.spent * BigInt(penaltyBps)) / BPS })
    }
    pool = after
  }
  return found
}

function added(pool: PoolCounts, counts: PoolCounts): PoolCounts {
  return {
    samples: pool.samples + counts.samples,
    faults: pool.faults + counts.faults,
    ttftSamples: pool.ttftSamples + counts.ttftSamples,
    ttftOver: pool.ttftOver + counts.ttftOver,
    tpotSamples: pool.tpotSamples + counts.tpotSamples,
    tpotOver: pool.tpotOver + counts.tpotOver,
    spent: pool.spent + counts.spent,
  }
}

function breachView(
  { row, bits, pool, creditMicroUsd }: WouldBreak,
  nodes: Awaited<ReturnType<typeof nodeRefs>>,
): BreachForecastView {
  const { nodeId, lane, epoch, channelId, finalAtS } = row
  return {
    node: nodes.get(nodeId) ?? null,
    nodeId,
    lane,
    epoch: Number(epoch),
    channelId,
    promises: promisesOf(bits),
    samples: pool.samples,
    ttftOver: pool.ttftOver,
    creditMicroUsd,
    contestUntilMs: finalAtS === null ? null : Number(finalAtS) * 1_000,
  }
}
