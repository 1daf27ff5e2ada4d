/** What the actions and queries of people need of the database. `db`'s repositories fit these interfaces. */
import type { DecisionReads } from './decision-reads.ts'
import type { BatchRows, FileRows } from './batch-store.ts'
import type { EpochStatus, JobStatus } from '@isochrone/domain'
import type { DataPolicy, Tier } from '@isochrone/scheduler'
import type { ControlOutbox, ControlStore } from './control-store.ts'
import type { AuditStore, DisputesStore } from './dispute-store.ts'
import type { EvidenceReadings } from './evidence-readings.ts'
import type { OfferStore } from './offer-store.ts'
import type { RecountRow } from './receipt-store.ts'
import type { JobKind, JobRows } from './job-store.ts'
import type { KeyBudgetStore } from './key-budget-store.ts'
import type { LeaseStore } from './lease-store.ts'
import type { ListingStore } from './listing-store.ts'
import type { PayoutStore } from './payout-store.ts'
import type { VerificationStore } from './verification-store.ts'
import type { WebhookStore } from './webhook-store.ts'
import type {
  ApiKeyListRow,
  ChannelRow,
  EpochRow,
  FundingOrderRow,
  JobDetailRow,
  JobRow,
  JobStatsRow,
  JoinTokenRow,
  ListedNodeRow,
  MovementRow,
  NodeDeclinesRow,
  NodeStatsRow,
  PayoutRow,
  ProviderEpochRow,
  ProviderRow,
  ReceiptRow,
  RequestListRow,
  RequestRow,
  SettingsRow,
  UserRow,
  VoucherRow,
} from './rows.ts'

/** A row before which a list goes on: time, then id. */
export interface Before {
  at: Date
  id: string
}

export interface AccountsStore {
  user(userId: string): Promise<UserRow | null>
  /** False, and nothing written, where this user's form, or another of its slug, has made one already. */
  insertOrganisation(input: {
    id: string
    name: string
    slug: string
    memberId: string
    userId: string
    formKey: string | null
  }): Promise<boolean>
  organisationByFormKey(userId: string, formKey: string): Promise<{ id: string; name: string } | null>
  settings(orgId: string): Promise<SettingsRow | null>
  /** The whole policy: it replaces `seen`, or whatever there is; false where neither `seen` nor the new one stands. */
  saveRouting(orgId: string, routing: object, seen?: object): Promise<boolean>
}

export interface ApiKeysStore {
  list(orgId: string): Promise<ApiKeyListRow[]>
  /** Null when this form of the organisation has made one already. */
  insert(row: {
    id: string
    orgId: string
    name: string
    start: string
    prefix: string
    keyHash: string
    expiresAt: Date | null
    formKey: string | null
  }): Promise<ApiKeyListRow | null>
  /** The key that this form of the organisation made, revoked or not. */
  byFormKey(orgId: string, formKey: string): Promise<ApiKeyListRow | null>
  /** A key that the platform holds for a person, with its limit; it is listed while it lives. */
  insertLent(row: {
    id: string
    orgId: string
    name: string
    start: string
    prefix: string
    keyHash: string
    expiresAt: Date
    requestsPerMinuteMax: number
  }): Promise<ApiKeyListRow>
  /** Forgets the organisation's lent keys whose time is over. */
  forgetLent(orgId: string, now: Date): Promise<void>
  /** Whose key it is; null where nobody has it. */
  orgOfHash(keyHash: string): Promise<string | null>
  /** Null when the organisation has no such key. Holds it until the transaction ends. */
  lock(orgId: string, keyId: string): Promise<ApiKeyListRow | null>
  /** Null when the organisation has no such key. Idempotent. */
  disable(orgId: string, keyId: string): Promise<ApiKeyListRow | null>
  /** When each key of the organisation was last used by a finished request. */
  lastUsed(orgId: string): Promise<Map<string, Date>>
}

export interface FundingStore {
  channelOfOrg(orgId: string): Promise<ChannelRow | null>
  /** Null when the organisation has a channel, or the channel an organisation: nothing is overwritten. */
  insertChannel(row: {
    id: string
    orgId: string
    custody: 'managed' | 'wallet'
    ownerAddress: string
    salt: string
  }): Promise<ChannelRow | null>
  /** Replaces a channel that never held money or paid for anything; false when it did. */
  removeUnusedChannel(channelId: string): Promise<boolean>
  movements(channelId: string, limit: number): Promise<MovementRow[]>
  orders(orgId: string, limit: number): Promise<FundingOrderRow[]>
  /** Top-ups that are not final or failed yet. */
  openOrders(orgId: string): Promise<number>
  orderByKey(orgId: string, key: string): Promise<FundingOrderRow | null>
  /** Null where the organisation has an order with this key already: one that is being written is waited for. */
  insertOrder(row: {
    id: string
    orgId: string
    key: string
    microUsd: bigint
    requestedBy: string
  }): Promise<FundingOrderRow | null>
  /** Held for leases, beyond what they were billed. */
  heldMicroUsd(channelId: string): Promise<bigint>
  /** Σ receipts on the channel. */
  signedMicroUsd(channelId: string): Promise<bigint>
  signedSinceMicroUsd(channelId: string, sinceMs: number): Promise<bigint>
}

export interface ProvidersStore extends DecisionReads {
  byId(providerId: string): Promise<ProviderRow | null>
  byOrg(orgId: string): Promise<ProviderRow | null>
  /** Null when the organisation is a provider already. */
  insert(row: Omit<ProviderRow, 'createdAt' | 'registeredTx'>): Promise<ProviderRow | null>
  /** The same terms twice are one row. */
  insertTerms(row: { hash: string; providerId: string; values: object; document: object }): Promise<void>
  /** By hash. */
  terms(hashes: readonly string[]): Promise<Map<string, { values: unknown; document: unknown }>>
  joinTokens(providerId: string): Promise<JoinTokenRow[]>
  joinTokenByHash(tokenHash: string): Promise<JoinTokenRow | null>
  joinToken(id: string): Promise<JoinTokenRow | null>
  insertJoinToken(row: {
    id: string
    tokenHash: string
    providerId: string
    nodeName: string
    region: string
    country: string
    tier: Tier
    dataPolicy: DataPolicy
    prices: object
    promises: object
    expiresAt: Date
    createdBy: string
  }): Promise<JoinTokenRow>
  /** True for exactly one caller: unused and not expired at `now`. */
  useJoinToken(id: string, nodeId: string, now: Date): Promise<boolean>
  /** Ends an unused token. Null when the provider has no such token. */
  expireJoinToken(providerId: string, id: string): Promise<JoinTokenRow | null>
  node(nodeId: string): Promise<ListedNodeRow | null>
  nodeById(id: string): Promise<ListedNodeRow | null>
  /** All, or one provider's. */
  nodes(providerId?: string): Promise<ListedNodeRow[]>
  nodesByNodeId(nodeIds: readonly string[]): Promise<ListedNodeRow[]>
  insertNode(row: {
    nodeId: string
    id: string
    name: string
    providerId: string
    termsHash: string
    region: string
    country: string
    failureDomain: string
    simulated: boolean
    tier: Tier
    dataPolicy: DataPolicy
    gpuClass: string
    inventory: object
    /** Null while its listing is not submitted. */
    keyProof: string | null
  }): Promise<void>
  /** What is declared of a node that is not on the market yet, and terms that say it. */
  setMachine(
    nodeId: string,
    machine: {
      name: string
      region: string
      country: string
      tier: Tier
      dataPolicy: DataPolicy
      termsHash: string
    },
  ): Promise<void>
  /** For good. False where it was revoked before. */
  revokeNode(nodeId: string): Promise<boolean>
  /** Of each node since a time, by receipts. */
  nodeStats(nodeIds: readonly string[], sinceMs: number): Promise<NodeStatsRow[]>
  /** Of each node that declined any since a time. */
  declines(nodeIds: readonly string[], sinceMs: number): Promise<NodeDeclinesRow[]>
  /** Receipts by closed epoch, newest first. */
  earningsByEpoch(nodeIds: readonly string[], limit: number): Promise<ProviderEpochRow[]>
  /** Σ receipts: of all time, less refunds for tokens that were recounted, and of epochs that are still open. */
  earned(nodeIds: readonly string[]): Promise<{ allMicroUsd: bigint; openMicroUsd: bigint }>
  payouts(providerId: string, limit: number): Promise<PayoutRow[]>
  paid(providerId: string): Promise<{ grossMicroUsd: bigint; feeMicroUsd: bigint; netMicroUsd: bigint }>
}

export interface ReadingsStore {
  requests(filter: {
    orgId: string
    limit: number
    before: Before | null
    status: RequestRow['status'] | null
    model: string | null
  }): Promise<RequestListRow[]>
  /** Recorded decisions of an organisation's requests, newest first. */
  placements(filter: {
    orgId: string
    since: Date
    before: Before | null
    limit: number
  }): Promise<{ id: string; receivedAt: Date; placement: unknown }[]>
  request(orgId: string, requestId: string): Promise<RequestRow | null>
  requestExists(requestId: string): Promise<boolean>
  receiptsOf(requestId: string): Promise<ReceiptRow[]>
  /** Delivery hashes of an epoch, at most `limit`. */
  deliveryHashes(lane: string, epoch: bigint, limit: number): Promise<string[]>
  epochs(filter: { limit: number; before: Before | null }): Promise<EpochRow[]>
  epochsByKey(keys: readonly { lane: string; epoch: bigint }[]): Promise<EpochRow[]>
  vouchers(lane: string, epoch: bigint): Promise<VoucherRow[]>
  laneUrl(lane: string): Promise<string | null>
  /** `orgId` null: of all organisations. */
  jobs(filter: {
    orgId: string | null
    limit: number
    before: Before | null
    status: JobStatus | null
    kind: JobKind | null
    model: string | null
  }): Promise<JobRow[]>
  job(orgId: string | null, jobId: string): Promise<JobDetailRow | null>
  jobStats(orgId: string | null, since: Date): Promise<JobStatsRow>
  organisationNames(ids: readonly string[]): Promise<Map<string, string>>
  adminCounts(sinceMs: number): Promise<{
    users: number
    organisations: number
    providers: number
    nodes: number
    requestsSince: number
    jobs: Partial<Record<JobStatus, number>>
    epochs: Partial<Record<EpochStatus, number>>
    chainBlock: number | null
    depositedMicroUsd: bigint
    claimedMicroUsd: bigint
    transactions: {
      id: string
      purpose: string
      subject: string
      txHash: string | null
      status: string
      error: string | null
      createdAt: Date
    }[]
  }>
}

export type StoredRecount = Omit<RecountRow, 'countedAtMs'> & { countedAt: Date }

export interface RecountsStore {
  /** Newest first. */
  recounts(filter: { requestId?: string; nodeIds?: readonly string[]; limit: number }): Promise<StoredRecount[]>
  /** Of one receipt; null where nothing was found too much. */
  recountOf(lane: string, seq: bigint): Promise<StoredRecount | null>
  /** Receipts of this span, both ends included, that are paid by less than they say; µUSD. */
  correctedIn(lane: string, fromSeq: bigint, toSeq: bigint): Promise<{ count: number; refundMicroUsd: bigint }>
}

export interface ControlPlaneRepositories {
  control: ControlStore & ControlOutbox
  accounts: AccountsStore
  apiKeys: ApiKeysStore & KeyBudgetStore
  funding: FundingStore
  providers: ProvidersStore
  readings: ReadingsStore
  offers: OfferStore
  recounts: RecountsStore
  evidence: EvidenceReadings
  jobs: Pick<JobRows, 'get' | 'finish' | 'insert' | 'retryOf'>
  batches: BatchRows
  files: FileRows
  webhooks: WebhookStore
  disputes: DisputesStore
  audit: AuditStore
  leases: LeaseStore
  verification: VerificationStore
  listings: ListingStore
  payouts: PayoutStore
}

export interface ControlPlaneStore extends ControlPlaneRepositories {
  transaction<T>(work: (tx: ControlPlaneRepositories) => Promise<T>): Promise<T>
}
