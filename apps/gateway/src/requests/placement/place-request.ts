/**
 * Placement at this gateway: asks `decide` for a replica among those that are linked here, and opens it in the pool in the
 * same step, so that requests of one moment do not all pick the same one.
 */
import { AppError, type Clock, type Prng } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'
import {
  contradictionOf,
  createReplicaPool,
  decide,
  type NotPlaced,
  type PlacementRecord,
  type PlacementRequest,
} from '@isochrone/scheduler'
import { hopelessRefusal } from '@isochrone/services'
import type { Fleet, LinkedReplica } from '../../fleet/create-fleet.ts'
import { placeLeased } from './place-leased.ts'
import { placePinned } from './place-pinned.ts'
import { rejectionNow } from './still-allowed.ts'
import { createSuggestions } from './suggestions.ts'
import { sealingCandidates } from './sealing-candidates.ts'
import type { Target } from '../target.ts'
import type { Opening, Refused, Placer } from './placer.ts'

export interface PlacerDeps {
  fleet: Fleet
  rng: Prng
  clock: Clock
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
    hopeless: (model, request, away, lengthField) => hopelessRefusal(request, fleet.pool(model), away, lengthField),
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
