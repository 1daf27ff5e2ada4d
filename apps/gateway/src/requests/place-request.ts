/**
 * Placement at this gateway: asks `decide` for a replica among those that are linked here, and opens it in the pool in the
 * same step, so that requests of one moment do not all pick the same one.
 */
import { AppError, type Clock, type Prng } from '@isochrone/domain'
import type { Hex, NodeState } from '@isochrone/protocol'
import {
  contradictionOf,
  createReplicaPool,
  decide,
  type Contradiction,
  type NotPlaced,
  type PlacementRecord,
  type PlacementRequest,
  type RoutingWish,
} from '@isochrone/scheduler'
import { hopelessPolicyOf } from '@isochrone/services'
import type { AttemptTicket, Fleet, LinkedReplica } from '../fleet/create-fleet.ts'
import { placeLeased } from './place-leased.ts'
import { placePinned } from './place-pinned.ts'
import { rejectionNow } from './still-allowed.ts'
import { createSuggestions, type Suggestions } from './suggestions.ts'
import { sealingCandidates, type SealingCandidate } from './sealing-candidates.ts'
import type { RequestContext, Target } from './request-context.ts'

export interface PlacerDeps {
  fleet: Fleet
  rng: Prng
  clock: Clock
}

/** One attempt that is about to start. `ticket.closed` must follow, whatever happens. */
export interface Opening {
  target: Target
  ticket: AttemptTicket
}

export interface Placed extends Opening {
  /** Prompt tokens that may wait there before it; null = any number. */
  prefillAheadMax?: number | null
  /** Replicas to go to when the first one fails before its first token, best first. */
  alternates: LinkedReplica[]
  /** Predicted for the choice, ms from dispatch; 0 where nothing was. */
  ttftMs: number
  record: unknown
}

/** What a decision would be now; nothing was opened. */
export interface Peeked {
  replica: LinkedReplica
  /** Predicted, ms. */
  ttftMs: number
  tpotMs: number
  tokensCached: number
  record: unknown
}

export interface Refused {
  readonly reason: PlacementRecord['reason']
  readonly retryAfterMs: number
  /** To be read before the next decision, or never: who waits is looked at often, and a record costs as much as the look. */
  readonly record: PlacementRecord
}

export interface Placer {
  /** A replica, opened; or why there is none now. */
  place(model: string, request: PlacementRequest): Placed | Refused
  /** The node that the worker chose for a job. Throws `capacity_unavailable` where it may not or cannot serve it now. */
  placePinned(ctx: RequestContext, request: PlacementRequest): Placed
  /** Undefined where the replica is linked no more, or where the request's policy forbids it by now. */
  open(replica: LinkedReplica, request: PlacementRequest, tokensCached?: number): Opening | undefined
  /** Whether the node may still serve the request, by the control state of now. */
  allows(target: Pick<Target, 'session'>, model: string, request: PlacementRequest): boolean
  /** Whether any replica of the model is linked beside so many, whatever its state: where none is, no decision finds one. */
  hasOthers(model: string, besides: number): boolean
  /** The best replica that fits, without taking its place: for whoever has a place already. */
  peek(model: string, request: PlacementRequest, fits: (replica: LinkedReplica) => boolean): Peeked | null
  /** Whom a request of this kind may be sealed to now. */
  sealable(model: string, request: PlacementRequest): SealingCandidate[]
  /** The smallest changes that would admit what was refused. */
  suggest(model: string, request: PlacementRequest, organisation: RoutingWish): Suggestions
  /** What no change of load would mend: nothing on offer here fits the policy. */
  contradiction(model: string, request: PlacementRequest): Contradiction | null
  /** The same for what may wait: null too while one of `nodes`, all that are known, would fit if it were linked. */
  hopeless(model: string, request: PlacementRequest, nodes: Iterable<NodeState>): Contradiction | null
  /** Nodes that serve the model here now, full or not: one for each list of prices. */
  priceLists(model: string): NodeState[]
}

export function createPlacer({ fleet, rng, clock }: PlacerDeps): Placer {
  /** Where a model has no pool: the decision then says so, like any other. */
  const nobody = createReplicaPool({ prefixBlocksMax: 1 })

  const suggest = createSuggestions()

  function open(replica: LinkedReplica, request: PlacementRequest, tokensCached = 0): Opening | undefined {
    const { tokensIn, tokensOutExpected, prefixHashes } = request
    const work = { tokensIn, tokensCached: Math.min(tokensIn, tokensCached), tokensOut: tokensOutExpected }
    const ticket = fleet.open(replica, work, prefixHashes)
    return ticket && { target: targetOf(replica), ticket }
  }

  const allows: Placer['allows'] = ({ session }, model, request) =>
    rejectionNow(fleet, model, session.nodeId, request) === null

  return {
    place(model, request) {
      const pool = fleet.pool(model) ?? nobody
      let decision = decide(pool, request, rng, clock.nowMs())
      const { tokensIn, tokensInMin = tokensIn } = request
      // Estimates err: only the least that the prompt can be makes it too long, else the engine shall say.
      if (decision.kind === 'none' && decision.reason === 'context_too_long' && tokensInMin < tokensIn) {
        decision = decide(pool, { ...request, tokensIn: tokensInMin }, rng, clock.nowMs())
      }
      if (decision.kind === 'none') {
        // Where nobody is placed nobody would be asked, and who waits would go by what was said a second ago.
        fleet.named(model, decision.nearest())
        return new NoPlace(decision)
      }
      const record = withoutPrompt(decision.record())
      const prefillAheadMax = decision.prefillAheadMax()
      const replica = fleet.at(model, decision.slot)
      const cached = record.candidates.find(({ nodeId }) => nodeId === record.choice)?.tokensCached
      const opening = replica && open(replica, request, cached)
      if (!opening) throw new AppError('internal', { publicMessage: 'Placement named a replica that is not linked.' })
      fleet.named(model, [decision.slot, ...decision.alternates])
      const alternates = [...decision.alternates].flatMap((slot) => fleet.at(model, slot) ?? [])
      return { ...opening, alternates, ttftMs: decision.ttftMs, prefillAheadMax, record }
    },
    placePinned: (ctx, request) => (ctx.lease ? placeLeased : placePinned)({ fleet, open }, ctx, request),
    open: (replica, request, tokensCached) =>
      allows(replica, replica.model, request) ? open(replica, request, tokensCached) : undefined,
    allows,
    hasOthers: (model, besides) => (fleet.pool(model)?.size ?? 0) > besides,
    peek(model, request, fits) {
      const pool = fleet.pool(model)
      const decision = pool && decide(pool, request, rng, clock.nowMs())
      if (!decision || decision.kind === 'none') return null
      const slots = [decision.slot, ...decision.alternates]
      fleet.named(model, slots)
      const record = withoutPrompt(decision.record())
      for (const slot of slots) {
        const replica = fleet.at(model, slot)
        const row = record.candidates.find(({ nodeId }) => nodeId === replica?.session.nodeId)
        if (replica && row && fits(replica)) {
          const { ttftMs, tpotMs, tokensCached } = row
          return { replica, ttftMs, tpotMs, tokensCached, record }
        }
      }
      return null
    },
    sealable: (model, request) => sealingCandidates({ fleet, rng, clock }, model, request),
    suggest(model, request, organisation) {
      const pool = request.onlyNodeIds ? undefined : fleet.pool(model)
      const idOf = (nodeId: string) => fleet.byNode(model, nodeId)?.node.id ?? nodeId
      return pool
        ? suggest({ pool, request, organisation, nowMs: clock.nowMs(), idOf })
        : { suggestions: [], limits: [] }
    },
    contradiction(model, request) {
      const pool = request.onlyNodeIds ? undefined : fleet.pool(model)
      return pool ? contradictionOf(request.policy, pool, request) : null
    },
    hopeless: (model, request, nodes) => hopelessPolicyOf(request, fleet.pool(model), nodes),
    priceLists: (model) => fleet.priceLists(model),
  }
}

class NoPlace implements Refused {
  readonly #decision: NotPlaced
  #record: PlacementRecord | null = null

  constructor(decision: NotPlaced) {
    this.#decision = decision
  }

  get reason(): PlacementRecord['reason'] {
    return this.#decision.reason
  }

  get retryAfterMs(): number {
    return this.#decision.retryAfterMs
  }

  get record(): PlacementRecord {
    return (this.#record ??= withoutPrompt(this.#decision.record()))
  }
}

/**
 * A record says how much of the prompt is cached where; the hashes that told so stay in this gateway's memory. That there
 * were any stays: among equal scores it decides.
 */
const withoutPrompt = (record: PlacementRecord): PlacementRecord => ({
  ...record,
  request: { ...record.request, prefixHashes: record.request.prefixHashes.map(() => 0) },
})

const targetOf = ({ session, node, served }: LinkedReplica): Target => ({
  session,
  node,
  modelHash: served.modelHash as Hex,
  rttMs: session.rttMs ?? 0,
})
