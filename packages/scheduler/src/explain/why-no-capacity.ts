/**
 * "Why no capacity?": the smallest changes of constraints that would admit a request, with their cost.
 *
 * One change is tried before two, mild ones before grave ones (waiting and money before residency and data policy). Where
 * neither would do, it is the fewest that would, however many those are.
 * Works over cells with a bounded number of replicas each, never over a whole large fleet, so counts of a large one are
 * estimates and say so. Each change is one that admits a replica which was looked at: applied, the engine places.
 */
import { dataPolicies, trustLevels } from '../offer.ts'
import type { PlacementRequest } from '../placement.ts'
import { offerGroupsOf } from '../pool/offer-groups.ts'
import type { RoutingWish } from '../policy/routing-wish.ts'
import type { ReplicaPool } from '../pool/replica-pool.ts'
import { changeCost, changeRequest, changeWords } from './change-request.ts'
import { createObstacleFinder, fixedObstacles, type Change } from './obstacles.ts'
import { organisationLimit } from './organisation-limits.ts'
import { usd } from './reason-words.ts'

export interface CapacityChange {
  /** One or two; more only where no fewer would do. */
  changes: readonly Change[]
  /** For a person: `raise max_price.output from 0.40 to 0.62 USD/Mtok: 12 replicas, about +0.00011 USD for this request`. */
  sentence: string
  /** How many replicas would then be open to it; an estimate where the fleet is large. */
  replicas: number
  isEstimate: boolean
  /** Expected price of the request on the cheapest of them, µUSD. */
  priceMicroUsd: number
  /** What the change costs, µUSD: money above the caps, and time at the renter's own price of it. */
  costMicroUsd: number
  /** The request with the change applied; wait `waitMs` first. */
  request: PlacementRequest
  waitMs: number
}

export interface WhyNoCapacity {
  /** Replicas of the model, and those that could serve it now as asked. */
  poolSize: number
  open: number
  /** Best first; empty when something is open, or when nothing that can be changed would help. */
  changes: readonly CapacityChange[]
  /** What else would help, and the request's organisation forbids: no change of the request can do it. */
  limits: readonly string[]
}

/** Rows looked at in all: a few milliseconds. */
const ROWS_MAX = 4_096
const SUGGESTIONS_MAX = 5
/** Changes together, while so many are enough. */
const TOGETHER_MAX = 2
/** From the mildest to the gravest: time, money, kind of machine, then promises about place, trust and data. */
const gravity: readonly Change['field'][] = [
  'wait',
  'ttft_slo_ms',
  'tpot_slo_ms',
  'max_tokens',
  'max_price.output',
  'max_price.input',
  'max_price.request',
  'gpu_classes',
  'exclude',
  'regions',
  'min_trust',
  'data_policy',
]

interface Row {
  changes: readonly Change[]
  /** Replicas that this row stands for. */
  weight: number
  priceMicroUsd: number
  costMicroUsd: number
}

/** `organisation` is what the request's organisation asks itself: nothing outside of it is suggested. */
export function whyNoCapacity(
  pool: ReplicaPool,
  request: PlacementRequest,
  nowMs: number,
  organisation: RoutingWish = {},
): WhyNoCapacity {
  const limits = new Set<string>()
  const allowed = ({ changes }: Row): boolean => {
    const found = changes.flatMap((change) => organisationLimit(change, organisation) ?? [])
    if (changes.length === 1) for (const limit of found) limits.add(limit)
    return found.length === 0
  }
  let rows = rowsOf(pool, request, nowMs, TOGETHER_MAX).filter(allowed)
  const open = Math.round(rows.reduce((sum, { changes, weight }) => sum + (changes.length === 0 ? weight : 0), 0))
  if (open > 0) return { poolSize: pool.size, open, changes: [], limits: [] }
  const singles = bestOf(rows, 1)
  const suggested = new Set(singles.flatMap(({ changes }) => changes.map(keyOf)))
  // A pair with half of it suggested already asks for more than that half alone.
  const pairs = bestOf(rows, 2).filter(({ changes }) => !changes.some((change) => suggested.has(keyOf(change))))
  let chosen = [...singles, ...pairs].slice(0, SUGGESTIONS_MAX)
  if (chosen.length === 0) {
    rows = rowsOf(pool, request, nowMs, Number.POSITIVE_INFINITY).filter(allowed)
    const fewest = rows.reduce((least, { changes }) => Math.min(least, changes.length), Number.POSITIVE_INFINITY)
    chosen = bestOf(rows, fewest).slice(0, 1)
  }
  return {
    poolSize: pool.size,
    open,
    changes: chosen.map((row) => suggestionOf(row, rows, request)),
    limits: [...limits].slice(0, 2),
  }
}

/** What stands between the request and each replica that is looked at, where it is at most `changesMax` changes. */
function rowsOf(pool: ReplicaPool, request: PlacementRequest, nowMs: number, changesMax: number): Row[] {
  const obstaclesOf = createObstacleFinder(pool, request, nowMs)
  const reachable = offerGroupsOf(pool).flatMap(({ kind, slots }) => {
    if (request.modelHash !== null && request.modelHash !== kind.modelHash) return []
    const fixed = fixedObstacles(kind, request.policy)
    return fixed === null || fixed.length > changesMax ? [] : [{ slots, fixed }]
  })
  const perGroup = Math.max(1, Math.floor(ROWS_MAX / Math.max(1, reachable.length)))
  const rows: Row[] = []
  for (const { slots, fixed } of reachable.slice(0, ROWS_MAX)) {
    const count = slots.length
    const looked = Math.min(count, perGroup)
    for (let i = 0; i < looked; i++) {
      const slot = slots[Math.floor((i * count) / looked)] as number
      const { changes, waitMs, priceMicroUsd } = obstaclesOf(slot, pool.offerAt(slot))
      if (changes === null) continue
      const add = (all: readonly Change[]): void => {
        if (all.length > changesMax) return
        const costMicroUsd = all.reduce((sum, change) => sum + changeCost(change, request), 0)
        rows.push({ changes: all, weight: count / looked, priceMicroUsd, costMicroUsd })
      }
      add([...fixed, ...changes])
      // Time is in the way: another target removes it, and so does waiting.
      const others = changes.filter(({ field }) => field !== 'ttft_slo_ms' && field !== 'tpot_slo_ms')
      if (waitMs !== null && others.length < changes.length) add([...fixed, ...others, { field: 'wait', ms: waitMs }])
    }
  }
  return rows
}

/** The best row for each kind of change (and each country, class or id), the mildest kind first. */
function bestOf(rows: readonly Row[], length: number): Row[] {
  const best = new Map<string, Row>()
  for (const row of rows) {
    if (row.changes.length !== length) continue
    const key = row.changes.map(keyOf).toSorted().join(' ')
    const known = best.get(key)
    if (!known || isCheaper(row, known)) best.set(key, row)
  }
  const ranked = [...best.values()].toSorted((a, b) => gravityOf(a) - gravityOf(b) || a.priceMicroUsd - b.priceMicroUsd)
  // Two countries or nodes are a choice; ten are noise.
  const shown = new Map<string, number>()
  return ranked.filter(({ changes }) => {
    const fields = changes.map(({ field }) => field).join(' ')
    shown.set(fields, (shown.get(fields) ?? 0) + 1)
    return (shown.get(fields) ?? 0) <= 2
  })
}

const isCheaper = (a: Row, b: Row): boolean =>
  a.costMicroUsd < b.costMicroUsd || (a.costMicroUsd === b.costMicroUsd && a.priceMicroUsd < b.priceMicroUsd)

const gravityOf = ({ changes }: Row): number => Math.max(...changes.map(({ field }) => gravity.indexOf(field)))

function keyOf(change: Change): string {
  if (change.field === 'regions') return `regions ${change.country}`
  if (change.field === 'gpu_classes') return `gpu_classes ${change.gpuClass}`
  if (change.field === 'exclude') return `exclude ${change.ids.join(' ')}`
  if (change.field === 'min_trust' || change.field === 'data_policy') return `${change.field} ${change.level}`
  return change.field
}

function suggestionOf(row: Row, rows: readonly Row[], request: PlacementRequest): CapacityChange {
  const admitted = rows.filter(({ changes }) => changes.every((change) => isCovered(change, row.changes)))
  const replicas = Math.max(1, Math.round(admitted.reduce((sum, { weight }) => sum + weight, 0)))
  const isEstimate = admitted.some(({ weight }) => weight !== 1)
  const priceMicroUsd = Math.min(...admitted.map((one) => one.priceMicroUsd))
  const what = row.changes.map((change) => changeWords(change, request)).join(' and ')
  const count = `${isEstimate ? 'about ' : ''}${replicas.toLocaleString('en')} ${replicas === 1 ? 'replica' : 'replicas'}`
  const cost = row.costMicroUsd > 0 && row.changes.some(({ field }) => field.startsWith('max_price'))
  const money = cost
    ? `about +${usd(row.costMicroUsd)} for this request`
    : `about ${usd(priceMicroUsd)} for this request`
  return {
    changes: row.changes,
    sentence: `${what}: ${count}, ${money}`,
    replicas,
    isEstimate,
    priceMicroUsd,
    costMicroUsd: row.costMicroUsd,
    request: changeRequest(request, row.changes),
    waitMs: row.changes.reduce((sum, change) => (change.field === 'wait' ? sum + change.ms : sum), 0),
  }
}

/** Whether a replica's obstacle is gone under these changes. */
function isCovered(obstacle: Change, changes: readonly Change[]): boolean {
  return changes.some((change) => {
    if (change.field !== obstacle.field) return false
    if ('ms' in change && 'ms' in obstacle) return obstacle.ms <= change.ms
    if ('microUsd' in change && 'microUsd' in obstacle) return obstacle.microUsd <= change.microUsd
    if ('tokens' in change && 'tokens' in obstacle) return obstacle.tokens >= change.tokens
    if (change.field === 'exclude' && obstacle.field === 'exclude')
      return obstacle.ids.every((id) => change.ids.includes(id))
    if (change.field === 'min_trust' && obstacle.field === 'min_trust') {
      return trustLevels.indexOf(obstacle.level) >= trustLevels.indexOf(change.level)
    }
    if (change.field === 'data_policy' && obstacle.field === 'data_policy') {
      return dataPolicies.indexOf(obstacle.level) >= dataPolicies.indexOf(change.level)
    }
    return keyOf(change) === keyOf(obstacle)
  })
}
