/** What managed payout accounts need of the database and of the chain. */
import type { Hex } from '@isochrone/protocol'
import type { TransactionLog } from './chain-port.ts'

export type PayoutOrderKind = 'withdrawal' | 'stake' | 'release'
/** taken: the money has left the account and is not stake yet; of a release, the stake thaws. */
export type PayoutOrderStatus = 'queued' | 'taken' | 'done'

export interface PayoutOrderRow {
  id: string
  providerId: string
  kind: PayoutOrderKind
  microUsd: bigint
  toAddress: string
  status: PayoutOrderStatus
  takenTx: string | null
  txHash: string | null
  error: string | null
  createdAt: Date
}

/** A managed account's lifetime sums, µUSD. */
export interface PayoutSums {
  /** Net of the fee. */
  paidMicroUsd: bigint
  withdrawnMicroUsd: bigint
  /** Withheld for stake. */
  stakedMicroUsd: bigint
  /** Of that, on its way: not part of the stake on the chain yet. */
  stakingMicroUsd: bigint
  /** The stake is on its way back to its owner: nothing is withheld. */
  isReleasing: boolean
}

export interface PayoutProviderRow {
  id: string
  payoutCustody: 'wallet' | 'managed'
  payoutAddress: string
  stakeTargetMicroUsd: bigint | null
  stakeMicroUsd: bigint
}

export interface PayoutRows {
  /** Locked until the transaction ends, so that no two orders spend the same money. */
  lockProvider(providerId: string): Promise<PayoutProviderRow | null>
  sums(providerId: string): Promise<PayoutSums>
  orderByKey(providerId: string, key: string): Promise<PayoutOrderRow | null>
  insertOrder(row: {
    id: string
    providerId: string
    key: string
    kind: PayoutOrderKind
    microUsd: bigint
    toAddress: string
    requestedBy: string
  }): Promise<PayoutOrderRow>
  setStakeTarget(providerId: string, microUsd: bigint): Promise<void>
  setStake(providerId: string, microUsd: bigint): Promise<void>
}

export interface PayoutStore extends PayoutRows {
  provider(providerId: string): Promise<PayoutProviderRow | null>
  /** Newest first. */
  orders(providerId: string, limit: number): Promise<PayoutOrderRow[]>
  /** Of whom stake is withheld, by id, after the given one. */
  withholding(afterId: string, limit: number): Promise<PayoutProviderRow[]>
  /** Registered ones of whom none is withheld, by id, after the given one. */
  depositing(afterId: string, limit: number): Promise<PayoutProviderRow[]>
  /** The oldest that nobody has; the caller's alone until `heldTo`. */
  holdOpenOrder(now: Date, heldTo: Date): Promise<PayoutOrderRow | null>
  /** Only from the status that was seen. An order that is done is nobody's any more. */
  move(
    at: { id: string; status: PayoutOrderStatus },
    change: { status?: PayoutOrderStatus; takenTx?: string; txHash?: string },
  ): Promise<void>
  /** Nobody looks at it before then. */
  lookAgain(id: string, at: Date): Promise<void>
  /** Anybody may take it up from then on; the sentence says why it waits. */
  letGo(id: string, error: string, at: Date): Promise<void>
}

export interface PayoutChain {
  /** Relays what accounts sign, and puts what was withheld into the vault. Lower case. */
  walletAddress: Hex
  accountOf(providerId: string): Hex
  /** µUSD that back work begun now. */
  stakeOf(providerId: string): Promise<bigint>
  /** Once for each `orderId`, however often it is called. */
  payOnce(input: {
    providerId: string
    to: string
    microUsd: bigint
    orderId: string
  }): Promise<{ txHash: string | null }>
  /** Once for each `orderId`, however often it is called. Without a transaction where it was done before. */
  stakeOnce(input: { providerId: string; microUsd: bigint; orderId: string }): Promise<{ txHash: string | null }>
  /** Begins the thaw of all that is staked; one that has begun is left alone. */
  thawOnce(providerId: string): Promise<{ txHash: string | null }>
  isThawing(providerId: string): Promise<boolean>
  /** Whether what thaws can be withdrawn, or was. */
  isThawed(providerId: string): Promise<boolean>
  /** What has thawed and no dispute holds. */
  withdrawStake(input: { providerId: string; to: string }): Promise<{ txHash: string | null }>
}

export interface PayoutDeps {
  store: { payouts: PayoutStore; transaction<T>(work: (tx: { payouts: PayoutRows }) => Promise<T>): Promise<T> }
}

export interface PayoutRoundDeps extends PayoutDeps {
  store: PayoutDeps['store'] & { chain: TransactionLog }
  chain: PayoutChain
  nowMs: () => number
}
