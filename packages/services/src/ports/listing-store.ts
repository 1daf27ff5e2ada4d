/** What listings on their way to the market, and stake that is asked for, need of the database. */
import type { ListingStatus } from '@isochrone/domain'

export interface ListingRow {
  id: string
  orgId: string
  status: ListingStatus
  version: number
  draft: unknown
  joinTokenId: string | null
  nodeId: string | null
  keyProof: string | null
  createdAt: Date
  updatedAt: Date
}

/** Where a row stands in the order of last changes. */
export type ListingPlace = Pick<ListingRow, 'updatedAt' | 'id'>

export interface StakeOrderRow {
  id: string
  providerId: string
  /** What the provider's stake is to be at least, µUSD. */
  microUsd: bigint
  status: string
  txHash: string | null
  error: string | null
  createdAt: Date
}

export interface ListingStore {
  /** Null when this button of the organisation has begun one already. */
  insert(row: {
    id: string
    orgId: string
    draft: object
    createdBy: string
    formKey: string | null
  }): Promise<ListingRow | null>
  /** The one that this button of the organisation began, whatever became of it. */
  byFormKey(orgId: string, formKey: string): Promise<ListingRow | null>
  /** Null for another organisation's. */
  get(orgId: string, id: string): Promise<ListingRow | null>
  /** Newest first, at most 200; withdrawn ones last are left out. */
  ofOrg(orgId: string): Promise<ListingRow[]>
  /** In the order of their last change, at most `limit`, behind the one at `after`; from the first where it is null. */
  withStatus(status: ListingStatus, limit: number, after: ListingPlace | null): Promise<ListingRow[]>
  /** False when the row is not at that version and status any more. */
  update(
    at: { id: string; version: number; status: ListingStatus },
    change: { draft?: object; status?: ListingStatus; joinTokenId?: string },
  ): Promise<boolean>
  /** Gives the listing of this token its node. `none`: the token belongs to no listing; `closed`: to one that takes no node. */
  join(joinTokenId: string, nodeId: string, keyProof: string): Promise<'joined' | 'closed' | 'none'>
  /** Of the listing that the token belongs to; null where there is none. */
  draftOf(joinTokenId: string): Promise<unknown>
  /** Hands the key's proof over to the chain, and with it the node to the market. */
  admit(listing: { id: string; nodeId: string; keyProof: string }): Promise<void>
  /** Null while another order of the provider is open. */
  insertStakeOrder(row: {
    id: string
    providerId: string
    microUsd: bigint
    requestedBy: string
  }): Promise<StakeOrderRow | null>
  stakeOrders(providerId: string): Promise<StakeOrderRow[]>
  /** Oldest first; of registered providers alone, because the vault knows no others. */
  openStakeOrders(limit: number): Promise<StakeOrderRow[]>
  endStakeOrder(row: {
    id: string
    status: 'sent' | 'failed'
    txHash: string | null
    error: string | null
  }): Promise<void>
}

/** StakeVault in the newest confirmed block. */
export interface ConfirmedStake {
  /** µUSD that back work begun now. */
  stakeOf(subject: string): Promise<bigint>
}

/** StakeVault as the platform's managed account uses it. */
export interface StakeChain {
  /** µUSD that back work begun now. */
  stakeOf(subject: string): Promise<bigint>
  /** Once for each `orderId`, however often it is called. Without a transaction where it was done before. */
  stakeOnce(input: { subject: string; microUsd: bigint; orderId: string }): Promise<{ txHash: string | null }>
}
