/**
 * A policy that no replica on offer could ever serve, whatever its load: why, in one sentence about one field.
 *
 * For the moment when a policy is saved or refused; it walks through the groups of a pool, not on the path of a request.
 */
import { dataPolicies, trustLevels } from '../offer.ts'
import type { PlacementRequest, RoutingPolicy } from '../placement.ts'
import { offerGroupsOf, type OfferGroup } from '../pool/offer-groups.ts'
import { levelOf } from '../pool/price-level.ts'
import type { ReplicaPool } from '../pool/replica-pool.ts'
import { priceOr } from '../pool/usable.ts'
import { worstCaseMicroUsd } from '../explain/obstacles.ts'
import { listed, usd } from '../explain/reason-words.ts'
import { regionAllowed } from './regions.ts'

export interface Contradiction {
  /** Such as `max_price.output`. */
  field: string
  reason: string
}

/**
 * Null when at least one replica fits, or when there is none of the model at all. With `request` its cap on the whole is
 * looked at too.
 */
export function contradictionOf(
  policy: RoutingPolicy,
  pool: ReplicaPool,
  request?: PlacementRequest,
): Contradiction | null {
  const groups = offerGroupsOf(pool)
  if (groups.length === 0) return null
  const inside = groups.filter((group) => staticChecks.every(({ fits }) => fits(group, policy)))
  if (inside.length === 0) return staticContradiction(policy, groups)
  const left = withoutExcluded(policy, pool, inside)
  if (left.length === 0) return excludedContradiction(inside, inside.length < groups.length)
  return (
    priceContradiction(policy, pool, left, replicasOf(left) < replicasOf(groups)) ??
    (request ? requestContradiction(policy, pool, left, request) : null)
  )
}

/** The groups without the replicas that the policy excludes by node or by provider; none that is empty. */
function withoutExcluded({ exclude }: RoutingPolicy, pool: ReplicaPool, groups: OfferGroup[]): OfferGroup[] {
  if (exclude.length === 0) return groups
  const { slots, providers } = pool.excludedBy(exclude)
  const [nodes, owners] = [new Set(slots), new Set(providers)]
  return groups
    .map((group) => ({
      ...group,
      slots: group.slots.filter((slot) => !nodes.has(slot) && !owners.has(pool.providers[slot] as number)),
    }))
    .filter((group) => group.slots.length > 0)
}

const replicasOf = (groups: readonly OfferGroup[]): number => groups.reduce((sum, { slots }) => sum + slots.length, 0)

function excludedContradiction(groups: readonly OfferGroup[], isNarrowed: boolean): Contradiction {
  const where = isNarrowed ? ' inside the other constraints' : ''
  const count = replicasOf(groups)
  const all = count === 1 ? 'the only one is' : `all ${count.toLocaleString('en')} are`
  return {
    field: 'exclude',
    reason: `exclude leaves no replica of this model${where}: ${all} excluded, by node or by provider`,
  }
}

interface StaticCheck {
  field: string
  fits: (group: OfferGroup, policy: RoutingPolicy) => boolean
  /** After "<field> ". */
  problem: (policy: RoutingPolicy, groups: readonly OfferGroup[]) => string
}

const staticChecks: readonly StaticCheck[] = [
  {
    field: 'regions',
    fits: ({ kind }, { regions }) => regionAllowed(regions, kind),
    problem: ({ regions }, groups) =>
      `${listed(regions)} has no replica of this model; there are replicas in ${offered(groups, ({ kind }) => kind.country)}`,
  },
  {
    field: 'gpu_classes',
    fits: ({ kind }, { gpuClasses }) => gpuClasses === null || gpuClasses.includes(kind.gpuClass),
    problem: ({ gpuClasses }, groups) =>
      `${listed(gpuClasses)} is offered by no replica of this model; there are ${offered(groups, ({ kind }) => kind.gpuClass)}`,
  },
  {
    field: 'min_trust',
    fits: ({ kind }, { minTrust }) => trustLevels.indexOf(kind.trust) >= trustLevels.indexOf(minTrust),
    problem: ({ minTrust }, groups) =>
      `${minTrust} is reached by no replica of this model; there are ${offered(groups, ({ kind }) => kind.trust)}`,
  },
  {
    field: 'data_policy',
    fits: ({ kind }, { dataPolicy }) => dataPolicies.indexOf(kind.dataPolicy) >= dataPolicies.indexOf(dataPolicy),
    problem: ({ dataPolicy }, groups) =>
      `${dataPolicy} is promised by no replica of this model; there are ${offered(groups, ({ kind }) => kind.dataPolicy)}`,
  },
]

function staticContradiction(policy: RoutingPolicy, groups: readonly OfferGroup[]): Contradiction {
  for (const { field, fits, problem } of staticChecks) {
    if (!groups.some((group) => fits(group, policy))) return { field, reason: `${field} ${problem(policy, groups)}` }
  }
  const fields = staticChecks
    .filter(({ fits }) => groups.some((group) => !fits(group, policy)))
    .map(({ field }) => field)
  const [first = 'regions'] = fields
  return {
    field: first,
    reason: `${fields.join(' and ')} are each possible, but no replica of this model fits all of them`,
  }
}

/** Caps are compared with the exact prices of the cheapest groups. */
function priceContradiction(
  { maxPrice }: RoutingPolicy,
  pool: ReplicaPool,
  groups: readonly OfferGroup[],
  isNarrowed: boolean,
): Contradiction | null {
  const caps = [
    { field: 'max_price.input', cap: maxPrice.inPerMtok, level: 'levelIn', price: inputPrice },
    { field: 'max_price.output', cap: maxPrice.outPerMtok, level: 'levelOut', price: outputPrice },
  ] as const
  for (const { field, cap, level, price } of caps) {
    if (cap === null) continue
    const lowest = lowestOf(pool, groups, (group) => group[level], price)
    if (lowest === null || lowest.price <= cap) continue
    const where = isNarrowed ? ' inside the other constraints' : ''
    return {
      field,
      reason: `${field} ${usd(cap)} is below the lowest price on offer${where}, ${usd(lowest.price)} (node ${lowest.nodeId})`,
    }
  }
  if (maxPrice.inPerMtok === null || maxPrice.outPerMtok === null) return null
  const [input, output] = [maxPrice.inPerMtok, maxPrice.outPerMtok]
  const fits = groups.some((group) => {
    if (group.levelIn > levelOf(input) || group.levelOut > levelOf(output)) return false
    return group.slots.some((slot) => inputPrice(pool, slot) <= input && outputPrice(pool, slot) <= output)
  })
  if (fits) return null
  return { field: 'max_price', reason: 'max_price.input and max_price.output are each met, but by no replica together' }
}

function requestContradiction(
  { maxPrice: { requestMicroUsd: cap } }: RoutingPolicy,
  pool: ReplicaPool,
  groups: readonly OfferGroup[],
  request: PlacementRequest,
): Contradiction | null {
  if (cap === null) return null
  let lowest: number | null = null
  for (const { slots } of groups) {
    for (const slot of slots) {
      const price = worstCaseMicroUsd(pool.offerAt(slot), request, pool.tuning.bytesPerTokenOut)
      if (price <= cap) return null
      if (lowest === null || price < lowest) lowest = price
    }
  }
  if (lowest === null) return null
  return {
    field: 'max_price.request',
    reason: `max_price.request ${usd(cap)} is below the worst case of this request at every replica that may serve it, ${usd(Math.ceil(lowest))} at least`,
  }
}

const inputPrice = (pool: ReplicaPool, slot: number): number => {
  const { prices } = pool.offerAt(slot)
  return Math.max(priceOr(prices.inPerMtok), priceOr(prices.cachedPerMtok))
}
const outputPrice = (pool: ReplicaPool, slot: number): number => priceOr(pool.offerAt(slot).prices.outPerMtok)

function lowestOf(
  pool: ReplicaPool,
  groups: readonly OfferGroup[],
  levelIndexOf: (group: OfferGroup) => number,
  priceOf: (pool: ReplicaPool, slot: number) => number,
): { price: number; nodeId: string } | null {
  let lowest: { price: number; nodeId: string } | null = null
  for (const group of groups.toSorted((a, b) => levelIndexOf(a) - levelIndexOf(b))) {
    // Levels never fall as prices rise, so what comes now is dearer.
    if (lowest !== null && levelIndexOf(group) > levelOf(lowest.price)) break
    for (const slot of group.slots) {
      const price = priceOf(pool, slot)
      if (lowest === null || price < lowest.price) lowest = { price, nodeId: pool.offerAt(slot).nodeId }
    }
  }
  return lowest
}

function offered(groups: readonly OfferGroup[], attribute: (group: OfferGroup) => string): string {
  return listed([...new Set(groups.map((group) => attribute(group) || 'an unknown country'))].toSorted())
}
