/** What leases need of the database, the channel's budget, the fleet and the gateways. */
import type { LeaseEvent, LeaseStatus } from '@isochrone/domain'
import type { LeaseCommand, LeaseReading } from '@isochrone/protocol'

export interface LeaseQuoteRow {
  /** The lease's id, should it be confirmed. */
  id: string
  orgId: string
  createdBy: string
  nodeId: string
  termsHash: string
  model: string
  gpus: number
  durationMs: bigint
  perGpuHourMicroUsd: bigint
  maxPerGpuHourMicroUsd: bigint
  /** Worst case, µUSD. */
  reserveMicroUsd: bigint
  placement: unknown
  /** `LeaseConstraints` by which the node was chosen; null: its team chose it. */
  constraints: unknown
  expiresAt: Date
  createdAt: Date
}

export interface LeaseRow {
  id: string
  idHash: string
  orgId: string
  channelId: string
  createdBy: string
  status: LeaseStatus
  model: string
  gpus: number
  durationMs: bigint
  /** A node that it is moved to may cost no more, µUSD. */
  maxPerGpuHourMicroUsd: bigint
  /** `LeaseConstraints` that hold wherever it moves; null: the organisation's policy alone. */
  constraints: unknown
  nodeId: string
  providerId: string
  termsHash: string
  perGpuHourMicroUsd: bigint
  holdsGpus: boolean
  gatewayUrl: string | null
  lane: string | null
  reservedMicroUsd: bigint
  billedMicroUsd: bigint
  servingSinceMs: bigint | null
  meteredToMs: bigint | null
  endsAtMs: bigint | null
  goneSinceMs: bigint | null
  lastSeq: bigint | null
  creditMs: bigint
  creditMicroUsd: bigint
  moves: number
  tries: number
  triedNodeIds: string[]
  expires: boolean
  error: string | null
  createdAt: Date
  runningAt: Date | null
  endedAt: Date | null
  updatedAt: Date
}

export interface LeaseEventRow {
  id: bigint
  atMs: bigint
  event: string
  status: LeaseStatus
  details: unknown
}

export interface LeaseReceiptRow {
  lane: string
  seq: bigint
  hash: string
  leaseId: string
  nodeId: string
  channelId: string
  fromMs: bigint
  toMs: bigint
  gpuMs: bigint
  priceMicroUsd: bigint
  /** `LeaseReceipt` as the lane signed it; the node signed the same with `seq` 0. */
  receipt: unknown
  laneSignature: string
  nodeSignature: string
}

/** Members of a lease that a step, or a look, may change. */
export type LeaseChange = Partial<
  Pick<
    LeaseRow,
    | 'nodeId'
    | 'providerId'
    | 'termsHash'
    | 'perGpuHourMicroUsd'
    | 'holdsGpus'
    | 'gatewayUrl'
    | 'lane'
    | 'servingSinceMs'
    | 'endsAtMs'
    | 'goneSinceMs'
    | 'lastSeq'
    | 'creditMs'
    | 'creditMicroUsd'
    | 'moves'
    | 'tries'
    | 'triedNodeIds'
    | 'expires'
    | 'error'
    | 'runningAt'
    | 'endedAt'
  >
>

export interface LeaseStep {
  id: string
  event: LeaseEvent
  atMs: number
  /** The step is taken only where these are as they were seen: an extension may have come since. */
  seen?: Partial<Pick<LeaseRow, 'status' | 'durationMs' | 'endsAtMs' | 'reservedMicroUsd'>>
  change?: LeaseChange
  details?: Record<string, unknown>
}

/** What a lease's money is held by, over its life, µUSD: what was agreed, and how much of that was billed. */
export interface LeaseHold {
  channelId: string
  leaseId: string
  reservedMicroUsd: bigint
  billedMicroUsd: bigint
}

/** What the budget of a channel is told of a lease: nothing is held for one that is over. */
export type ToldHold = LeaseHold & { isOver: boolean }

export interface LeaseStore {
  insertQuote(row: Omit<LeaseQuoteRow, 'createdAt'>): Promise<void>
  quote(id: string, orgId: string): Promise<LeaseQuoteRow | null>
  /** False where another lease, or somebody quicker, has them: `total` is never exceeded. */
  takeGpus(nodeId: string, gpus: number, total: number): Promise<boolean>
  giveGpus(nodeId: string, gpus: number): Promise<void>
  /** Of these nodes; those of which nothing was ever taken are left out. */
  takenGpus(nodeIds: readonly string[]): Promise<Map<string, number>>
  /**
   * Of these nodes, those that take no new leases, and why: `checks` where one of theirs has failed, `stake` where their provider's is less than
   * it agreed to, or than `leastMicroUsd` where it agreed to nothing.
   */
  barredFromLeases(nodeIds: readonly string[], leastMicroUsd: bigint): Promise<Map<string, 'checks' | 'stake'>>
  /** False when it is there already. */
  insert(
    row: Pick<
      LeaseRow,
      | 'id'
      | 'idHash'
      | 'orgId'
      | 'channelId'
      | 'createdBy'
      | 'model'
      | 'gpus'
      | 'durationMs'
      | 'maxPerGpuHourMicroUsd'
      | 'constraints'
      | 'nodeId'
      | 'providerId'
      | 'termsHash'
      | 'perGpuHourMicroUsd'
      | 'reservedMicroUsd'
    >,
    atMs: number,
  ): Promise<boolean>
  /** Null when there is none, or when it is another organisation's. */
  get(id: string, orgId?: string): Promise<LeaseRow | null>
  list(orgId: string, limit: number, before: { at: Date; id: string } | null): Promise<LeaseRow[]>
  /**
   * Ids of those on which something is to be done: under way to another state, past their end, without their node, or
   * metered last before `meteredBeforeMs`.
   */
  dueIds(at: { nowMs: number; meteredBeforeMs: number; limit: number }): Promise<string[]>
  /** Changes the row, and notes the event, where its state has such a step; else null. */
  step(step: LeaseStep): Promise<LeaseRow | null>
  /** Changes members of a lease that is in this state; false when it is not. */
  update(id: string, status: LeaseStatus, change: LeaseChange): Promise<boolean>
  /** Gives its GPUs back, once, wherever it is. */
  dropGpus(id: string): Promise<void>
  note(id: string, event: string, atMs: number, details: Record<string, unknown>): Promise<void>
  events(id: string): Promise<LeaseEventRow[]>
  receipts(id: string, limit: number): Promise<(LeaseReceiptRow & { epoch: bigint | null })[]>
  hasReceipt(lane: string, seq: bigint): Promise<boolean>
  /** In a transaction: nobody else changes the row before its end. Null as in `get`. */
  lock(id: string, orgId?: string): Promise<LeaseRow | null>
  extension(leaseId: string, key: string): Promise<{ durationMs: bigint } | null>
  /** Longer and with more money, noted under its key. The row is locked. */
  extend(more: { leaseId: string; key: string; durationMs: bigint; reserveMicroUsd: bigint }): Promise<LeaseRow>
  holds(channelIds?: readonly string[]): Promise<ToldHold[]>
}

/** The channel's budget in Redis, of which gateways lease pieces too. */
export interface LeaseBudget {
  /** Holds no less for the lease than is agreed and not billed; false where the channel's limit leaves less than is wanted more. */
  hold(hold: LeaseHold): Promise<boolean>
  /** Gives back what is held and not agreed, where hold and paid together are still `fromMicroUsd`; else changes nothing. */
  lower(hold: { channelId: string; leaseId: string; fromMicroUsd: bigint; toMicroUsd: bigint }): Promise<void>
  release(channelId: string, leaseId: string): Promise<void>
}

export type LeaseAnswer<T> =
  | { kind: 'done'; value: T }
  /** No gateway that can be reached has a link to the node. */
  | { kind: 'gone'; reason: string }
  /** The node runs no such engine. */
  | { kind: 'unknown'; reason: string }
  /** The node, or the gateway, will not. */
  | { kind: 'refused'; reason: string }
  /** What is held for the lease does not cover the time. */
  | { kind: 'spent'; reason: string }

/** A gateway's commands to an agent about a lease. Safe to repeat. */
export interface LeaseGateway {
  /** Resolves when the engine serves, with the time from which it is metered. */
  provision(gatewayUrl: string, command: LeaseCommand): Promise<LeaseAnswer<{ servingSinceMs: number }>>
  /** A receipt of both sides for the time since the last one; null where there is none to bill. */
  read(gatewayUrl: string, command: LeaseCommand, reading: LeaseReading): Promise<LeaseAnswer<LeaseRead | null>>
  stop(gatewayUrl: string, command: LeaseCommand): Promise<LeaseAnswer<null>>
}

export interface LeaseRead {
  lane: string
  seq: number
  toMs: number
}
