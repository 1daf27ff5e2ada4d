/** What the chain services need of the database. `db`'s repositories fit it. */
import type { ControlStore } from './control-store.ts'
import type { TransactionLog } from './chain-port.ts'

export interface MovementRow {
  id: string
  channelId: string
  kind: 'deposit' | 'ceiling' | 'claim' | 'withdrawal_requested' | 'withdrawal' | 'refund' | 'credit'
  microUsd: bigint
  txHash: string
  logIndex: number
  blockNumber: bigint
  atMs: bigint
}

export interface PayoutRow {
  txHash: string
  logIndex: number
  providerId: string
  lane: string
  epoch: bigint
  grossMicroUsd: bigint
  feeMicroUsd: bigint
  netMicroUsd: bigint
  blockNumber: bigint
  atMs: bigint
}

export interface ChannelRow {
  id: string
  orgId: string
  custody: 'managed' | 'wallet'
  ownerAddress: string
  salt: string
  depositedMicroUsd: bigint
  withdrawingMicroUsd: bigint
  withdrawnMicroUsd: bigint
  ceilingMicroUsd: bigint
  claimedMicroUsd: bigint
  openedTx: string | null
}

export interface ChannelTotals {
  depositedMicroUsd: bigint
  withdrawingMicroUsd: bigint
  withdrawnMicroUsd: bigint
  ceilingMicroUsd: bigint
  claimedMicroUsd: bigint
  /** Chain time, s; null while nothing thaws. */
  thawEndsAtS: bigint | null
}

export interface DisputeEventRow {
  txHash: string
  logIndex: number
  disputeId: bigint
  step: string
  body: object
  blockNumber: bigint
  atMs: bigint
}

export interface KeptBlock {
  number: bigint
  hash: string
}

export interface ChainIndexStore {
  cursor(): Promise<{ blockNumber: bigint; blockHash: string } | null>
  /** The same, locked until the transaction ends. */
  lockCursor(): Promise<{ blockNumber: bigint; blockHash: string } | null>
  moveCursor(blockNumber: bigint, blockHash: string): Promise<void>
  forgetIndexed(): Promise<void>
  /** Newest first. */
  blocks(): Promise<KeptBlock[]>
  /** Adds blocks and what was taken from them; forgets those before `keepFrom`. */
  keepBlocks(
    blocks: readonly KeptBlock[],
    events: readonly { txHash: string; logIndex: number; blockNumber: bigint; event: unknown }[],
    keepFrom: bigint,
  ): Promise<void>
  /** Removes later blocks with all that was taken from them, and says what that was, newest first. */
  dropBlocksAfter(number: bigint): Promise<unknown[]>
  channels(ids?: readonly string[]): Promise<ChannelRow[]>
  /** Ids of channels whose opening was not seen on the chain; those that waited longest since they were touched first. */
  unopenedChannels(limit: number): Promise<string[]>
  touchChannels(ids: readonly string[]): Promise<void>
  updateChannel(id: string, totals: Partial<ChannelTotals> & { openedTx?: string | null }): Promise<void>
  insertMovements(rows: readonly MovementRow[]): Promise<void>
  insertPayouts(rows: readonly PayoutRow[]): Promise<void>
  /** Marks their disputes to be read again; so does what removes them. */
  insertDisputeEvents(rows: readonly DisputeEventRow[]): Promise<void>
}

export interface ClaimNotes {
  addClaim(
    key: { lane: string; epoch: bigint; channelId: string; providerId: string },
    paidMicroUsd: bigint,
    claimedTx: string,
  ): Promise<void>
  /** Notes at their vouchers what claims paid that came before them; how many. */
  adoptEarlyClaims(): Promise<number>
  noteAnchored(lane: string, epoch: bigint, anchoredTx: string): Promise<void>
  noteSettled(lane: string, epoch: bigint, settledTx: string): Promise<void>
  /** Takes back what a removed event had added. */
  subtractClaim(
    key: { lane: string; epoch: bigint; channelId: string; providerId: string },
    paidMicroUsd: bigint,
  ): Promise<void>
  /** Back to the first step, to ask the chain anew. */
  reopen(lane: string, epoch: bigint): Promise<void>
  /** A settled epoch is claimed again: a payout of it is not on the chain any more. */
  unsettle(lane: string, epoch: bigint): Promise<void>
  forgetClaims(): Promise<void>
}

interface RecordName {
  nodeId: string
  lane: string
  epoch: bigint
}

interface PoolName {
  nodeId: string
  channelId: string
  termsHash: string
}

export interface PoolTestNote extends PoolName {
  /** Of the counts that were added last; null where that is not known. */
  leaf: string | null
  broken: number
  creditMicroUsd: bigint
  countedTx: string
}

export interface RecordNotes {
  noteTransaction(
    key: RecordName & { version?: number },
    field: 'reportedTx' | 'finalTx' | 'challengedTx',
    txHash: string,
  ): Promise<void>
  /** What waits for its window is asked about now. */
  lookAgain(key: RecordName): Promise<void>
  notePoolTest(test: PoolTestNote): Promise<void>
  reopen(key: RecordName): Promise<void>
  /** What was added to a pool is offered again, but for counts whose own test by another transaction stands. */
  reopenCounts(pool: PoolName, countedTx: string): Promise<void>
  reopenAll(): Promise<void>
}

export interface IndexStore {
  chain: ChainIndexStore
  transaction<T>(
    work: (tx: { chain: ChainIndexStore; epochs: ClaimNotes; records: RecordNotes }) => Promise<T>,
  ): Promise<T>
}

export interface FundingOrderRow {
  id: string
  orgId: string
  microUsd: bigint
  status: string
  txHash: string | null
}

export interface FundingStore extends TransactionLog {
  openFundingOrders(limit: number): Promise<FundingOrderRow[]>
  updateFundingOrder(id: string, data: { status: string; txHash?: string | null; error?: string | null }): Promise<void>
  channelOfOrg(orgId: string): Promise<ChannelRow | null>
}

export interface RegistryStore extends TransactionLog {
  unregisteredProviders(
    limit: number,
  ): Promise<{ id: string; ownerAddress: string; payoutAddress: string; salt: string }[]>
  setProviderRegistered(id: string, registeredTx: string, feeBps: number): Promise<void>
  unregisteredTerms(limit: number): Promise<{ hash: string; providerId: string; provider: { ownerAddress: string } }[]>
  setTermsRegistered(hash: string, registeredTx: string): Promise<void>
  nodesToAdmit(
    limit: number,
  ): Promise<{ nodeId: string; providerId: string; keyProof: string | null; provider: { ownerAddress: string } }[]>
  /** False where it was active already, or was revoked meanwhile: then its key is noted, to be retired. */
  activateNode(nodeId: string, keyTx: string): Promise<boolean>
  /** Revoked nodes whose key was handed over to the chain and is not retired yet. */
  nodesToRetire(limit: number): Promise<{ nodeId: string; providerId: string; provider: { ownerAddress: string } }[]>
  setKeyRetired(nodeId: string, keyRetiredTx: string): Promise<void>
}

export interface RegistryTransactions {
  chain: RegistryStore
  transaction<T>(work: (tx: { chain: RegistryStore; control: ControlStore }) => Promise<T>): Promise<T>
}
