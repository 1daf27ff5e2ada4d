/**
 * What keeps one replica from serving one request, as changes that would remove each obstacle.
 *
 * An obstacle that nobody can remove (another build, a node that has failed it, a draining one) leaves the replica out.
 */
import type { Tuning } from '../decide/constants.ts'
import { admitShare, predict, reasonOf } from '../decide/predict.ts'
import { DecisionScratch } from '../decide/scratch.ts'
import { retryAfterOf } from '../decide/why-none.ts'
import { dataPolicies, trustLevels, type DataPolicy, type ReplicaOffer, type TrustLevel } from '../offer.ts'
import { contextNeeded, type PlacementRequest, type RoutingPolicy } from '../placement.ts'
import { regionAllowed } from '../policy/regions.ts'
import * as col from '../pool/columns.ts'
import type { ReplicaPool } from '../pool/replica-pool.ts'
import { lacksFeatures } from '../pool/static-rejection.ts'
import { priceOr, USABLE_MAX } from '../pool/usable.ts'

/** The change that removes an obstacle, by the field that it changes. */
export type Change =
  | { field: 'wait'; ms: number }
  | { field: 'ttft_slo_ms' | 'tpot_slo_ms'; ms: number }
  | { field: 'max_tokens'; tokens: number }
  | { field: 'max_price.input' | 'max_price.output' | 'max_price.request'; microUsd: number }
  | { field: 'gpu_classes'; gpuClass: string }
  | { field: 'exclude'; ids: readonly string[] }
  | { field: 'regions'; country: string }
  | { field: 'min_trust'; level: TrustLevel }
  | { field: 'data_policy'; level: DataPolicy }

type FixedAttributes = Pick<ReplicaOffer, 'country' | 'region' | 'trust' | 'dataPolicy' | 'gpuClass' | 'features'>

/** Obstacles that a whole cell has; null where one of them cannot be removed. */
export function fixedObstacles(kind: FixedAttributes, policy: RoutingPolicy): Change[] | null {
  // What an engine cannot do, no change of the policy makes it do.
  if (lacksFeatures(kind, policy)) return null
  const changes: Change[] = []
  if (!regionAllowed(policy.regions, kind)) {
    // A country that nobody knows cannot be allowed by name.
    if (kind.country === '') return null
    changes.push({ field: 'regions', country: kind.country })
  }
  if (dataPolicies.indexOf(kind.dataPolicy) < dataPolicies.indexOf(policy.dataPolicy)) {
    changes.push({ field: 'data_policy', level: kind.dataPolicy })
  }
  if (trustLevels.indexOf(kind.trust) < trustLevels.indexOf(policy.minTrust)) {
    changes.push({ field: 'min_trust', level: kind.trust })
  }
  if (policy.gpuClasses !== null && !policy.gpuClasses.includes(kind.gpuClass)) {
    changes.push({ field: 'gpu_classes', gpuClass: kind.gpuClass })
  }
  return changes
}

export interface LookedAt {
  /** Obstacles of this replica beside those of its cell; null where one of them cannot be removed. */
  changes: Change[] | null
  /** How long until its load lets the request in, when load is all that is in the way; else null. */
  waitMs: number | null
  /** Expected price of the request on it, µUSD. */
  priceMicroUsd: number
}

/** Looks at replicas one by one for one request; reuses its arrays. */
export function createObstacleFinder(pool: ReplicaPool, request: PlacementRequest, nowMs: number) {
  const s = new DecisionScratch(pool.tuning, 1)
  const { policy } = request
  const uncapped = { inPerMtok: null, outPerMtok: null, requestMicroUsd: null }
  // Caps and length are judged here, with the value that would do; the engine judges load, breaker and slack.
  const unbounded: PlacementRequest = { ...request, policy: { ...policy, maxPrice: uncapped } }

  return function obstaclesOf(slot: number, offer: ReplicaOffer): LookedAt {
    s.rows.set(pool.rows.subarray(slot * col.ROW, (slot + 1) * col.ROW))
    s.rows[col.STATE] = nowMs - (s.rows[col.STATE] as number)
    s.n = 1
    s.nowMs = nowMs
    s.reason[0] = 0
    s.cached[0] = 0
    const room = (s.rows[col.CONTEXT_MAX] as number) - request.tokensIn
    const isTooLong = room < contextNeeded(request) - request.tokensIn
    s.request = isTooLong ? { ...unbounded, tokensOutMax: Math.max(1, room), tokensOutNeeded: undefined } : unbounded
    predict(s, 0, s.request, nowMs, pool.tuning)
    const reason = reasonOf(s.reason[0])
    const excluded = [offer.nodeId, offer.providerId].filter((id) => policy.exclude.includes(id))
    const changes: Change[] = []
    if (excluded.length > 0) changes.push({ field: 'exclude', ids: excluded })
    if (isTooLong) changes.push({ field: 'max_tokens', tokens: room })
    changes.push(...priceChanges(offer, request, pool.tuning.bytesPerTokenOut))
    let waitMs: number | null = null
    if (reason === 'full' || reason === 'breaker_open' || reason === 'no_slack') {
      waitMs = retryAfterOf(s, pool.tuning)
      if (reason === 'no_slack') changes.push(...sloChanges(s, request, pool.tuning))
      else changes.push({ field: 'wait', ms: waitMs })
    }
    // A broken price is above every cap that a person could name.
    const unpriced = changes.some((change) => 'microUsd' in change && change.microUsd > USABLE_MAX)
    const hopeless = unpriced || room < 1 || reason === 'draining' || request.excludeNodeIds.includes(offer.nodeId)
    return { changes: hopeless ? null : changes, waitMs, priceMicroUsd: expectedPrice(offer, request, pool) }
  }
}

function sloChanges(s: DecisionScratch, request: PlacementRequest, t: Tuning): Change[] {
  const { ttftSloMs, tpotSloMs } = request.policy
  const [ttftMs = 0] = s.ttftMs
  const streams = Math.min(s.value(0, col.ACTIVE), s.value(0, col.STREAMS_MAX))
  const tpotMs = (s.tpotMs[0] as number) / admitShare(request, streams, t)
  const changes: Change[] = []
  if (ttftMs > ttftSloMs) changes.push({ field: 'ttft_slo_ms', ms: Math.ceil(ttftMs / 10) * 10 })
  if (tpotMs > tpotSloMs) changes.push({ field: 'tpot_slo_ms', ms: Math.ceil(tpotMs) })
  return changes
}

/** The caps as the engine checks them: nothing cached, every reserved token used. */
function priceChanges(offer: ReplicaOffer, request: PlacementRequest, bytesPerTokenOut: number): Change[] {
  const { prices } = offer
  const { maxPrice } = request.policy
  const priceIn = Math.max(priceOr(prices.inPerMtok), priceOr(prices.cachedPerMtok))
  const priceOut = priceOr(prices.outPerMtok)
  const needed = [
    ['max_price.input', maxPrice.inPerMtok, priceIn],
    ['max_price.output', maxPrice.outPerMtok, priceOut],
    ['max_price.request', maxPrice.requestMicroUsd, worstCaseMicroUsd(offer, request, bytesPerTokenOut)],
  ] as const
  return needed
    .filter(([, cap, price]) => cap !== null && !(price <= cap))
    .map(([field, , price]) => ({ field, microUsd: Math.ceil(price) }))
}

/** What a cap on the whole request is held against, µUSD: nothing cached, every reserved token used, bytes both ways. */
export function worstCaseMicroUsd(
  { prices }: ReplicaOffer,
  { tokensIn, tokensInMax = tokensIn, tokensOutMax, bytesIn }: PlacementRequest,
  bytesPerTokenOut: number,
): number {
  const priceIn = Math.max(priceOr(prices.inPerMtok), priceOr(prices.cachedPerMtok))
  const tokens = tokensInMax * priceIn + tokensOutMax * priceOr(prices.outPerMtok)
  const bytes = bytesIn * priceOr(prices.inPerGb) + tokensOutMax * bytesPerTokenOut * priceOr(prices.outPerGb)
  return tokens / 1e6 + bytes / 1e9
}

function expectedPrice({ prices }: ReplicaOffer, request: PlacementRequest, pool: ReplicaPool): number {
  const tokensOut = Math.max(1, request.tokensOutExpected)
  const tokens = request.tokensIn * priceOr(prices.inPerMtok) + tokensOut * priceOr(prices.outPerMtok)
  const bytesOut = tokensOut * pool.tuning.bytesPerTokenOut
  return tokens / 1e6 + (request.bytesIn * priceOr(prices.inPerGb) + bytesOut * priceOr(prices.outPerGb)) / 1e9
}
