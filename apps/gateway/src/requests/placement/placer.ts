/** What placement at this gateway answers. */
import type { AppError } from '@isochrone/domain'
import type { NodeState } from '@isochrone/protocol'
import type { Contradiction, PlacementRecord, PlacementRequest, RoutingWish } from '@isochrone/scheduler'
import type { AttemptTicket, LinkedReplica } from '../../fleet/create-fleet.ts'
import type { Suggestions } from './suggestions.ts'
import type { SealingCandidate } from './sealing-candidates.ts'
import type { RequestContext } from '../request-context.ts'
import type { Target } from '../target.ts'

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
  /**
   * The refusal of what may wait, where no change of load would help: null too while one of `away`, nodes that are
   * admitted and not linked, would fit if it were. `lengthField` names what is too long for every context.
   */
  hopeless(model: string, request: PlacementRequest, nodes: Iterable<NodeState>, lengthField: string): AppError | null
  /** Nodes that serve the model here now, full or not: one for each list of prices. */
  priceLists(model: string): NodeState[]
}
