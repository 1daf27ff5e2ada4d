/**
 * What would let a refused request in, in the words of the API: the smallest changes of its policy, with their cost.
 *
 * Looking takes up to some milliseconds in a large fleet, and refusals come in floods: there is a rest between two looks,
 * and those refused meanwhile are told only when to come back.
 */
import {
  whyNoCapacity,
  type PlacementRequest,
  type ReplicaPool,
  type RoutingWish,
  type WhyNoCapacity,
} from '@isochrone/scheduler'

export interface Suggestion {
  /** For a person. */
  sentence: string
  /** One or two, more where no fewer would do; to be made together. `wait` = send the same again after so many ms. */
  changes: { field: string; value: unknown }[]
  /** How many replicas would then be open to the request. */
  replicas: number
  replicas_are_an_estimate: boolean
  /** Expected price of the request then, and what the change costs at the caller's own price of time, USD. */
  price_usd: number
  cost_usd: number
}

export interface Suggestions {
  suggestions: Suggestion[]
  /** What would help and only an owner of the organisation can change, in sentences. */
  limits: readonly string[]
}

/** Fleets up to this size are looked at within a fraction of a millisecond. */
const SMALL_POOL = 256
const REST_MS = 50

export interface SuggestInput {
  pool: ReplicaPool
  request: PlacementRequest
  organisation: RoutingWish
  nowMs: number
  /** The id that people see of a node. */
  idOf: (nodeId: string) => string
}

export function createSuggestions(): (input: SuggestInput) => Suggestions {
  let restUntilMs = 0
  return ({ pool, request, organisation, nowMs, idOf }) => {
    if (pool.size > SMALL_POOL) {
      if (nowMs < restUntilMs) return { suggestions: [], limits: [] }
      restUntilMs = nowMs + REST_MS
    }
    const { changes, limits } = whyNoCapacity(pool, request, nowMs, organisation)
    return { suggestions: changes.map((change) => suggestionOf(change, idOf)), limits }
  }
}

type CapacityChange = WhyNoCapacity['changes'][number]
type Change = CapacityChange['changes'][number]

function suggestionOf(change: CapacityChange, idOf: SuggestInput['idOf']): Suggestion {
  return {
    sentence: change.sentence,
    changes: change.changes.map((one) => ({ field: fieldOf(one), value: valueOf(one, idOf) })),
    replicas: change.replicas,
    replicas_are_an_estimate: change.isEstimate,
    price_usd: usd(change.priceMicroUsd),
    cost_usd: usd(change.costMicroUsd),
  }
}

/** Outside of the policy are the wait and the length of the answer. */
const fieldOf = ({ field }: Change): string => (field === 'wait' || field === 'max_tokens' ? field : `routing.${field}`)

function valueOf(change: Change, idOf: SuggestInput['idOf']): unknown {
  if ('microUsd' in change) return usd(change.microUsd)
  if ('ms' in change) return change.ms
  if ('tokens' in change) return change.tokens
  if ('gpuClass' in change) return change.gpuClass
  if ('ids' in change) return change.ids.map(idOf)
  return 'country' in change ? change.country : change.level
}

const usd = (microUsd: number): number => Number((microUsd / 1e6).toPrecision(9))
