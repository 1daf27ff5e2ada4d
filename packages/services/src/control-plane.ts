/**
 * Everything that people do and see through the web app, as one interface: the tRPC routers call exactly one of these.
 *
 * Every function that takes an `orgId` or `providerId` answers for that one alone: an id of another organisation is
 * `not_found`. Whether the caller belongs to the organisation is decided before (see the api package).
 */
import type { SetKeyBudget } from './api-keys/key-budget.ts'
import type { LentKey } from './api-keys/lend-key.ts'
import type { RelayInput } from './api-keys/relay-gateways.ts'
import type { BatchDetail, BatchSummary, openFile } from './batches/batch-views.ts'
import type { BatchUpload } from './batches/submit-batch.ts'
import type { AuditNote } from './audit/audit-log.ts'
import type { FundingWish } from './funding/request-funding.ts'
import type { RespondInput } from './disputes/answer-dispute.ts'
import type { DeskQueueInput } from './disputes/desk-queue.ts'
import type { Asker } from './disputes/dispute-reads.ts'
import type { DisputeListInput, DisputeLists } from './disputes/list-disputes.ts'
import type { ChallengeInput, FileDisputeInput, WithheldInput } from './disputes/file-dispute.ts'
import type { DisputePlan } from './disputes/place-order.ts'
import type { JudgementInput } from './disputes/prepare-judgement.ts'
import type { PreparedRuling, RulingInput } from './disputes/prepare-ruling.ts'
import type { DeskFigures, DeskItem, DisputeCase, DisputeRoles, FilingTerms, RecordCaseView } from './disputes/views.ts'
import type { AuditEntry, AuditFilterInput } from './queries/views/audit.ts'
import type { RecordStatus } from '@isochrone/domain'
import type { NodeInventory } from '@isochrone/protocol'
import type { Viewer, ViewerOrganisation } from './accounts/viewer.ts'
import type { AdminOverview, QueuesView } from './queries/views/admin.ts'
import type { ListingDraft } from './listings/listing-draft.ts'
import type { StakeRelease } from './payouts/release-stake.ts'
import type { PayoutWithdrawal } from './payouts/withdraw-payout.ts'
import type { PayoutAccountView, PayoutOrderView, WalletStakeView } from './queries/payout-account.ts'
import type {
  ListingDetail,
  ListingSummary,
  ProviderVerification,
  StakeView,
  WalletStakePlan,
} from './queries/views/listings.ts'
import type { AgentReportAnswer } from './verification/accept-agent-report.ts'
import type { Page } from './queries/views/common.ts'
import type { ProviderJobs } from './queries/views/provider-jobs.ts'
import type { EpochDetail, EpochSummary } from './queries/views/epochs.ts'
import type { HistoryFilterInput, HistoryItem } from './queries/views/history.ts'
import type { OfferDetail, OfferFilter, OfferList } from './queries/views/marketplace.ts'
import type {
  OfferFacets,
  OfferHistory,
  OfferPage,
  OfferPlace,
  OfferQuery,
  PublicProvider,
  UsageView,
} from './queries/views/offers.ts'
import type {
  ApiKeyView,
  BalanceView,
  ChannelView,
  CreatedApiKey,
  FundingOrderView,
  NewKeyBudget,
  WalletChannelPlan,
} from './queries/views/money.ts'
import type {
  EarningsView,
  JoinTokenView,
  ProviderNode,
  ProviderOverview,
  ProviderView,
} from './queries/views/providers.ts'
import type { AnyReceipt, ReceiptListItem } from './queries/views/receipts.ts'
import type { BreachForecast, BrokenPromiseView, EpochClaims, RecordDetail } from './queries/views/records.ts'
import type {
  JobDetail,
  JobFilter,
  JobStats,
  JobSummary,
  RequestDetail,
  RequestFilter,
  RequestSummary,
} from './queries/views/requests.ts'
import type { ConstrainedQuoteInput, QuoteLeaseInput } from './leases/quote-lease.ts'
import type { Reader } from './queries/lease-receipts.ts'
import type {
  LeaseDetail,
  LeaseOffer,
  LeaseQuoteView,
  LeaseReceiptListItem,
  LeaseSummary,
} from './queries/views/leases.ts'
import type { NewProvider } from './providers/create-provider.ts'
import type { RentalJson } from './providers/terms.ts'
import type { QueuedNode, VerificationQueueInput } from './queries/views/verification-queue.ts'
import type { StoredFileRow } from './ports/batch-store.ts'
import type { WebhookStatus } from './ports/webhook-store.ts'
import type { NewWebhook, WebhookDeliveryView, WebhookEndpointView } from './webhooks/webhook-endpoints.ts'
import type { RoutingDryRun, RoutingJson, RoutingPreview, RoutingView } from './queries/views/routing.ts'
import type { RecordKey } from './disputes/record-key.ts'

export interface JoinDescription {
  providerId: string
  providerName: string
  nodeName: string
  chainId: number
  registryAddress: string
  gatewayUrls: string[]
  /** ISO 8601. */
  expiresAt: string
}

export interface JoinNodeInput {
  token: string
  /** Address of the node's key, lower case. */
  nodeKey: string
  /** EIP-712 `NodeKey(providerId, nodeKey)` by the node key; verifying contract: the registry. */
  proof: string
  inventory: NodeInventory
  /** What may be leased of it, in place of what the token says. */
  rental?: RentalJson | undefined
}

export interface JoinedNode {
  nodeId: string
  /** `node_…` */
  id: string
  nodeName: string
  gatewayUrls: string[]
  /** Measuring points; more may come with the answer to a report. */
  witnessUrls: string[]
}

export interface ControlPlane {
  marketplace: {
    offers(filter: OfferFilter): Promise<OfferList>
    /** By `node_…` id. */
    offer(input: { id: string }): Promise<OfferDetail>
    /** A page of offers, narrowed and sorted; for lists that may be long. */
    search(query: OfferQuery): Promise<OfferPage>
    places(query: OfferQuery): Promise<OfferPlace[]>
    facets(): Promise<OfferFacets>
    history(input: { id: string }): Promise<OfferHistory>
    provider(input: { id: string }): Promise<PublicProvider>
  }
  epochs: {
    list(input: { cursor?: string | undefined; limit?: number | undefined }): Promise<Page<EpochSummary>>
    detail(input: { lane: string; epoch: number }): Promise<EpochDetail>
    receipts(input: {
      lane: string
      epoch: number
      after?: number | undefined
      limit?: number | undefined
    }): Promise<Page<ReceiptListItem>>
    /** Those of the reader's leases and nodes; of all to staff. */
    leaseReceipts(input: {
      lane: string
      epoch: number
      after?: number | undefined
      limit?: number | undefined
      reader: Reader
    }): Promise<Page<LeaseReceiptListItem>>
    record(input: { lane: string; epoch: number; nodeId: string }): Promise<RecordDetail>
  }
  receipts: {
    detail(input: { lane: string; seq: number; reader: Reader }): Promise<AnyReceipt>
    /** By the struct hash of a delivery, a work or a lease receipt. */
    place(input: { hash: string; reader: Reader }): Promise<{ lane: string; seq: number }>
  }
  accounts: {
    viewer(input: { userId: string; activeOrgId: string | null }): Promise<Viewer | null>
    createOrganisation(input: { userId: string; name: string }): Promise<ViewerOrganisation>
    /** One for each `key` of a form of this user. */
    createOrganisationOnce(input: { userId: string; name: string; key: string }): Promise<ViewerOrganisation>
    routing(input: { orgId: string }): Promise<RoutingView>
    /** Replaces the default policy. */
    saveRouting(input: { orgId: string; routing: RoutingJson; seen?: RoutingJson | undefined }): Promise<RoutingView>
    /** What a policy would leave of the market now; nothing is saved. */
    previewRouting(input: { orgId: string; routing: RoutingJson }): Promise<RoutingPreview>
    /** What it would have done to the requests of the last day; nothing is saved. */
    dryRunRouting(input: { orgId: string; routing: RoutingJson }): Promise<RoutingDryRun>
  }
  requests: {
    list(input: RequestFilter & { orgId: string }): Promise<Page<RequestSummary>>
    detail(input: { orgId: string; requestId: string }): Promise<RequestDetail>
    usage(input: { orgId: string; days: number }): Promise<UsageView>
  }
  jobs: {
    list(input: JobFilter & { orgId: string }): Promise<Page<JobSummary>>
    detail(input: { orgId: string; jobId: string }): Promise<JobDetail>
    cancel(input: { orgId: string; jobId: string }): Promise<JobSummary>
    /** A failed job once more; however often it is asked for, there is one repetition. */
    retry(input: { orgId: string; jobId: string }): Promise<{ id: string }>
    stats(input: { orgId: string }): Promise<JobStats>
  }
  batches: {
    list(input: { orgId: string; cursor?: string | undefined }): Promise<Page<BatchSummary>>
    detail(input: { orgId: string; id: string }): Promise<BatchDetail>
    /** However often, it is cancelled once. */
    cancel(input: { orgId: string; id: string }): Promise<BatchSummary>
    /** Stores the input of a batch while it arrives. */
    upload(input: BatchUpload): Promise<StoredFileRow>
    /** A batch on an uploaded file; the same `key` finds the same batch. */
    create(input: { orgId: string; fileId: string; endpoint: string; key: string }): Promise<{ id: string }>
    /** A file of the organisation, a chunk at a time. */
    openFile(input: { orgId: string; id: string }): ReturnType<typeof openFile>
  }
  leases: {
    /** Nodes that offer GPUs now. */
    offers(input: { orgId: string }): Promise<LeaseOffer[]>
    list(input: { orgId: string; cursor?: string | undefined; limit?: number | undefined }): Promise<Page<LeaseSummary>>
    detail(input: { orgId: string; leaseId: string }): Promise<LeaseDetail>
    /** On the node that is named. */
    quote(input: QuoteLeaseInput): Promise<LeaseQuoteView>
    /** On the cheapest node that meets the constraints. */
    quoteByConstraints(input: ConstrainedQuoteInput): Promise<LeaseQuoteView>
    /** Confirms a quote; however often, it is one lease. */
    rent(input: { orgId: string; quoteId: string }): Promise<LeaseSummary>
    /** `key`: the same one extends nothing again. */
    extend(input: { orgId: string; leaseId: string; durationMs: number; key: string }): Promise<LeaseSummary>
    stop(input: { orgId: string; leaseId: string }): Promise<LeaseSummary>
  }
  webhooks: {
    list(input: { orgId: string }): Promise<WebhookEndpointView[]>
    /** The secret is in the answer and is shown nowhere again; the same key has the same answer. */
    create(input: NewWebhook): Promise<{ endpoint: WebhookEndpointView; secret: string }>
    remove(input: { orgId: string; id: string }): Promise<void>
    /** Newest first. */
    deliveries(input: {
      orgId: string
      endpointId?: string | undefined
      status?: WebhookStatus | undefined
      cursor?: string | undefined
      limit?: number | undefined
    }): Promise<Page<WebhookDeliveryView>>
    redeliver(input: { orgId: string; id: string }): Promise<{ id: string; status: WebhookStatus }>
  }
  apiKeys: {
    list(input: { orgId: string }): Promise<ApiKeyView[]>
    create(input: {
      orgId: string
      userId: string
      name: string
      expiresInDays: number | null
      budget: NewKeyBudget | null
      /** Of the form: the same one mints no second API key, and is told which one it has made, without its secret. */
      key: string
    }): Promise<CreatedApiKey>
    /** What the key may spend in each period; null: no limit of its own any more. */
    setBudget(input: SetKeyBudget): Promise<ApiKeyView>
    revoke(input: { orgId: string; keyId: string }): Promise<ApiKeyView>
    /** A key for an hour that the web app keeps to itself: its secret reaches no browser. */
    lend(input: { orgId: string; name: string }): Promise<LentKey>
    /** Gateways to which the web app may pass what is asked with a key; `forbidden` where residency allows none. */
    relayGateways(input: RelayInput): Promise<readonly string[]>
  }
  funding: {
    balance(input: { orgId: string }): Promise<BalanceView>
    /** Every movement of the channel on the chain, newest first. */
    history(input: HistoryFilterInput & { orgId: string }): Promise<Page<HistoryItem>>
    /** Asks the worker to top a managed channel up and to raise its ceiling by the same amount; once for each key. */
    request(input: FundingWish): Promise<FundingOrderView>
    prepareWalletChannel(input: { orgId: string; ownerAddress: string; microUsd: bigint }): Promise<WalletChannelPlan>
    /** Links the channel to the organisation; the signed ceiling proves that its owner agrees. */
    linkWalletChannel(input: {
      orgId: string
      ownerAddress: string
      ceilingMicroUsd: bigint
      signature: string
    }): Promise<ChannelView>
    channel(input: { orgId: string }): Promise<ChannelView | null>
  }
  providers: {
    create(input: NewProvider): Promise<ProviderView>
    overview(input: { providerId: string }): Promise<ProviderOverview>
    nodes(input: { providerId: string }): Promise<ProviderNode[]>
    earnings(input: { providerId: string }): Promise<EarningsView>
    /** What its nodes won and lost among the newest decisions, and how their promises stand. */
    jobs(input: { providerId: string }): Promise<ProviderJobs>
    brokenPromises(input: { providerId: string }): Promise<BrokenPromiseView[]>
    breachForecast(input: { providerId: string }): Promise<BreachForecast>
    claims(input: {
      providerId: string
      cursor?: string | undefined
      limit?: number | undefined
      status?: RecordStatus | undefined
    }): Promise<Page<EpochClaims>>
    joinTokens(input: { providerId: string }): Promise<JoinTokenView[]>
    revokeJoinToken(input: { providerId: string; joinTokenId: string }): Promise<JoinTokenView>
    describeJoin(input: { token: string }): Promise<JoinDescription>
    joinNode(input: JoinNodeInput): Promise<JoinedNode>
    /** Signed by the node; see `accept-agent-report.ts`. */
    agentReport(input: { body: unknown }): Promise<AgentReportAnswer>
    verification(input: { providerId: string }): Promise<ProviderVerification>
    stake(input: { providerId: string }): Promise<StakeView[]>
    requestStake(input: { providerId: string; userId: string; microUsd: bigint }): Promise<StakeView>
    /** For a provider whose own wallet is paid: what that wallet is to send. */
    walletStakePlan(input: { providerId: string; microUsd: bigint }): Promise<WalletStakePlan>
    withholdStake(input: { providerId: string; microUsd: bigint }): Promise<void>
    /** Null where the provider's own wallet is paid. */
    payoutAccount(input: { providerId: string }): Promise<PayoutAccountView | null>
    /** Null where the provider is paid to a managed account. */
    walletStake(input: { providerId: string }): Promise<WalletStakeView | null>
    withdrawPayout(input: PayoutWithdrawal): Promise<PayoutOrderView>
    releaseStake(input: StakeRelease): Promise<PayoutOrderView>
  }
  /** Nodes on their way to the market. Every write names the version that its page showed. */
  listings: {
    list(input: { orgId: string }): Promise<ListingSummary[]>
    detail(input: { orgId: string; id: string }): Promise<ListingDetail>
    /** `key`: the same one finds the listing that it has begun. */
    create(input: { orgId: string; userId: string; key: string }): Promise<ListingSummary>
    save(input: {
      orgId: string
      id: string
      version: number
      draft: ListingDraft
      confirmed: boolean
    }): Promise<ListingSummary>
    /** The token is in the answer and is shown nowhere again. */
    command(input: {
      orgId: string
      providerId: string
      userId: string
      id: string
      version: number
    }): Promise<{ token: string; expiresAtMs: number }>
    submit(input: { orgId: string; providerId: string; id: string; version: number }): Promise<ListingSummary>
    withdraw(input: { orgId: string; id: string; version: number }): Promise<ListingSummary>
    /** Takes its node off the market, for good. */
    retire(input: { orgId: string; id: string; version: number }): Promise<ListingSummary>
  }
  /** Amounts in µUSD. What an organisation has no part in is `not_found`. */
  disputes: {
    list(input: Asker & DisputeListInput): Promise<DisputeLists>
    detail(input: Asker & { id: string }): Promise<DisputeCase & DisputeRoles>
    /** Whether a receipt of the organisation can be disputed now, and for how much. */
    filingTerms(input: { orgId: string; lane: string; seq: number }): Promise<FilingTerms>
    file(input: FileDisputeInput): Promise<DisputePlan>
    fileWithheld(input: WithheldInput): Promise<DisputePlan>
    challengeRecord(input: ChallengeInput): Promise<DisputePlan>
    respond(input: RespondInput): Promise<DisputePlan>
    appeal(input: Asker & { id: string; userId: string }): Promise<DisputePlan>
    /** Disputes and challenged records of everybody, in one order, with figures over all that is open. */
    queue(input: DeskQueueInput): Promise<Page<DeskItem> & { figures: DeskFigures }>
    case(input: { id: string }): Promise<DisputeCase>
    /** Keeps the reason, rehearses the vote, and says what the arbiter's wallet has to sign. */
    prepareRuling(input: RulingInput): Promise<PreparedRuling>
    recordCase(input: RecordKey): Promise<RecordCaseView>
    /** As `prepareRuling`, for a vote on a challenged record. */
    prepareJudgement(input: JudgementInput): Promise<PreparedRuling>
  }
  audit: {
    note(note: AuditNote): Promise<void>
    list(filter: AuditFilterInput): Promise<Page<AuditEntry>>
  }
  admin: {
    overview(): Promise<AdminOverview>
    queues(): Promise<QueuesView>
    /** Nodes whose checks want a person, soonest due first. */
    verification(input: VerificationQueueInput): Promise<Page<QueuedNode>>
    /** Has a node checked anew; the reason is in the log of what staff did. */
    recheckNode(input: { id: string }): Promise<{ dueAtMs: number }>
    /** Of all organisations. */
    jobs(input: JobFilter): Promise<Page<JobSummary>>
    jobStats(): Promise<JobStats>
    /** Without prompt and answer. */
    job(input: { jobId: string }): Promise<JobDetail>
  }
}
