/** What keeping a spending limit asks of others, and what it offers: see `budget.ts`. Money in µUSD. */
import type { AppError } from '@isochrone/domain'
import type { Hex } from '@isochrone/protocol'

/** One call of the budget script. Rejects when Redis does not answer. */
export interface BudgetStore<Id extends string = Hex> {
  /** µUSD. Resolves with what was granted on top of `held`, and what Redis has now. */
  sync(id: Id, report: { spent: bigint; held: bigint; wanted: bigint }): Promise<Granted>
  /** What is spent, and what a lease was billed of it and so no longer holds: both at once, and neither ever falls back. */
  payFromLease(id: Id, paid: LeaseSums & { spent: bigint }): Promise<void>
}

/** Of a lease, over its life, µUSD: what was agreed, and what it was billed. */
export interface LeaseSums {
  leaseId: string
  reservedMicroUsd: bigint
  billedMicroUsd: bigint
}

export interface Granted {
  granted: bigint
  /** The lane's own, as Redis counts it. */
  spent: bigint
  standing: Standing
}

/** Of all lanes together, as they told last. */
export interface Standing {
  /** Null: nobody has said what the limit is. */
  limitMicroUsd: bigint | null
  spentMicroUsd: bigint
  /** Leased to gateways: for requests under way, and idle for some seconds more. */
  heldMicroUsd: bigint
}

export interface BudgetOptions<Id extends string = Hex> {
  store: BudgetStore<Id>
  /** µUSD that this lane has signed for it, lifetime. */
  signedMicroUsd(id: Id): bigint
  /** µUSD that intents of an earlier run may still be billed: reserved until their receipts are reconciled. */
  recoverableMicroUsd(id: Id): bigint
  /** Another one whenever the limit was changed by its owner: what lies idle here is given back then, and asked for anew. */
  revisionOf?(id: Id): number
  /** What is told to whoever asks for more than there is. */
  refusal?: (id: Id, microUsd: bigint, standing: Standing) => AppError
  nowMs(): number
}

export interface Reservation {
  readonly microUsd: bigint
  /** Frees the reservation, once, after the lane has signed what it became. Later calls do nothing. */
  release(): void
}

export interface Budget<Id extends string = Hex> {
  /** Throws `insufficient_balance` when the limit does not cover it, `capacity_unavailable` when nobody can say. */
  reserve(id: Id, microUsd: bigint): Promise<Reservation>
  /**
   * Throws `insufficient_balance` when the limit could not cover it even after every request under way here ended for
   * nothing. Reserves nothing. Resolves when nobody can say: work that waits is judged again when it runs.
   */
  requireCover(id: Id, microUsd: bigint): Promise<void>
  /**
   * Takes up the leases of an earlier run: what it left unused is free again, and what may still be billed stays held
   * until that is known. Nobody else would ever give them back. Rejects when Redis does not answer; safe to repeat.
   */
  resume(ids: readonly Id[]): Promise<void>
  /** Reports what was signed and gives back leases that lie idle. Call each second. */
  tick(): Promise<void>
  /**
   * A lease's receipt was signed a moment ago: its price comes out of what is held for the lease, not out of what this
   * lane leased. Call it in the turn of the signature. Resolves when Redis counts it so; should it reject, the money
   * stays held twice until the next receipt, or until the lease ends.
   */
  paidFromLease(id: Id, paid: LeaseSums & { priceMicroUsd: bigint }): Promise<void>
  /** µUSD held and not reserved, over all limits. */
  idleMicroUsd(): bigint
}
