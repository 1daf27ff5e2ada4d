/** Use-cases: a folder for each aggregate, a file for each verb, and the ports that they need. */
export type { ControlPlane, JoinDescription, JoinedNode, JoinNodeInput } from './control-plane.ts'
export type { Viewer, ViewerOrganisation } from './accounts/viewer.ts'
export type * from './queries/views/admin.ts'
export type * from './queries/views/common.ts'
export type * from './queries/views/epochs.ts'
export type * from './queries/views/history.ts'
export type * from './queries/views/leases.ts'
export type * from './queries/views/marketplace.ts'
export type * from './queries/views/money.ts'
export type * from './queries/views/offers.ts'
export type * from './queries/views/providers.ts'
export type * from './queries/views/receipts.ts'
export type * from './queries/views/records.ts'
export type * from './queries/views/recounts.ts'
export type * from './queries/views/node-ref.ts'
export type * from './queries/views/requests.ts'
export type * from './queries/views/verification-queue.ts'
export type * from './queries/views/provider-jobs.ts'
export type * from './queries/views/routing.ts'
export type { DataPolicy, Tier, TrustLevel } from '@isochrone/scheduler'
export { introduceGateway, type IntroduceGatewayDeps } from './control/introduce-gateway.ts'
export { loadControlSnapshot } from './control/load-control-snapshot.ts'
export { publishControlEvents } from './control/publish-control-events.ts'
export { recordControlChange, type ChangedSubjects } from './control/record-control-change.ts'
export { redisControlStream } from './control/redis-control-stream.ts'
export type * from './ports/control-store.ts'
export type { RedisCommands } from './ports/redis-commands.ts'
export { ingestReceiptEntries } from './receipts/ingest-receipt-entries.ts'
export type { IngestDeps, IngestResult, PublishedEntry } from './receipts/ingest-receipt-entries.ts'
export { createOfferUpkeep, type KeepOffersDeps, type OfferUpkeep } from './offers/keep-offers.ts'
export type { OfferSortColumn, OfferUpkeepStore } from './ports/offer-store.ts'
export { createControlPlane } from './create-control-plane.ts'
export { redisLiveState, type RedisReader } from './redis-state.ts'
export { isInside, requireInsideStore, type Place } from './accounts/require-store-inside.ts'
export { createOrganisation } from './accounts/create-organisation.ts'
export { apiKeyHash, createApiKey, newApiKeySecret } from './api-keys/api-keys.ts'
export { publishKeyBudgets, type KeyBudgetDeps } from './api-keys/publish-key-budgets.ts'
export { setKeyBudget, type SetKeyBudget } from './api-keys/key-budget.ts'
export type * from './ports/key-budget-store.ts'
export type { LentKey } from './api-keys/lend-key.ts'
export { requestFunding } from './funding/request-funding.ts'
export { ownedIdOf, saltOf } from './funding/owned-id.ts'
export { joinNode, type DemoTraits } from './providers/join-node.ts'
export { createJoinToken, joinTokenHash } from './providers/join-tokens.ts'
export { createProvider } from './providers/create-provider.ts'
export {
  makeTerms,
  noPromises,
  pricesFromJson,
  pricesOfStored,
  pricesToJson,
  promisesAnything,
  rentalJson,
  rentalOfTerms,
  termsOfStored,
  type MadeTerms,
  type Promises,
  type RentalJson,
  type StoredTerms,
  type TermsDocument,
} from './providers/terms.ts'
export type { ChainFacts, ControlPlaneDeps } from './ports/control-plane-deps.ts'
export type * from './ports/control-plane-store.ts'
export type { LiveState } from './ports/live-state.ts'
export { hopelessRefusal, notLinked, unfitRefusal } from './jobs/hopeless-request.ts'
export { enqueueJob, JOB_DEADLINE_MS_MAX, type EnqueueJobInput } from './jobs/enqueue-job.ts'
export {
  listWebhooks,
  createWebhook,
  removeWebhook,
  redeliverWebhook,
  webhookDeliveries,
} from './webhooks/webhook-endpoints.ts'
export type { NewWebhook, WebhookDeliveryView, WebhookEndpointView } from './webhooks/webhook-endpoints.ts'
export { webhookEvents, type WebhookEvent } from './webhooks/webhook-events.ts'
export { deliverWebhook, queueDueWebhooks, WEBHOOK_ATTEMPTS_MAX, type DeliverDeps } from './webhooks/deliver-webhook.ts'
export type { WebhookQueue, WebhookSender, WebhookStatus } from './ports/webhook-store.ts'
export { eraseJob } from './jobs/erase-job.ts'
export { retryJob } from './jobs/retry-job.ts'
export type { JobTry } from './jobs/placement-memory.ts'
export { cancelJob } from './jobs/cancel-job.ts'
export { getJob, type JobState } from './jobs/get-job.ts'
export { runJob } from './jobs/run-job.ts'
export { type JobLook } from './jobs/conclude-job.ts'
export { type RunJobDeps } from './jobs/run-job-deps.ts'
export { advanceBatch, type BatchLook } from './batches/advance-batch.ts'
export { type AdvanceBatchDeps } from './batches/advance-batch-deps.ts'
export {
  BATCH_WINDOW_MS,
  batchOf,
  cancelBatch,
  createBatch,
  type BatchDeps,
  type CreateBatchInput,
} from './batches/create-batch.ts'
export {
  contentOf,
  FILE_KEPT_S_DEFAULT,
  FILE_KEPT_S_MAX,
  FILE_KEPT_S_MIN,
  fileOf,
  removeFile,
  storeFile,
  tooLarge,
  type FileDeps,
} from './batches/store-file.ts'
export type { BatchDetail, BatchLineView, BatchSummary } from './batches/batch-views.ts'
export { sweepBatches } from './batches/sweep-batches.ts'
export type * from './ports/batch-store.ts'
export { sweepJobs } from './jobs/sweep-jobs.ts'
export { advanceLease } from './leases/advance-lease.ts'
export type { LeaseConstraints } from './leases/lease-constraints.ts'
export type { LeaseDeps, LeaseLook } from './leases/lease-deps.ts'
export { leaseFleet } from './leases/lease-fleet.ts'
export { redisLeaseBudget } from './leases/redis-lease-budget.ts'
export { settleHold } from './leases/settle-hold.ts'
export { sweepLeases, type LeaseQueue } from './leases/sweep-leases.ts'
export type { LeaseAnswer, LeaseBudget, LeaseGateway, LeaseRead, LeaseRow } from './ports/lease-store.ts'
export { createJobFleet, type JobFleet } from './jobs/job-fleet.ts'
export type { FleetSource, GatewayDispatch, JobKind, JobQueue, KeySource } from './ports/job-store.ts'
export { epochDigest, epochLeaves, type ReceiptEvidence } from './epochs/epoch-leaves.ts'
export { correctRecords, type CorrectDeps } from './epochs/correct-records.ts'
export { settleDueEpochs, type SettleRound } from './epochs/settle-due-epochs.ts'
export type { SettlementDeps, Stuck } from './epochs/settlement-deps.ts'
export { newCloseMemory, type CloseMemory } from './chain/close-for-thaws.ts'
export { watchWithdrawals, type WatchDeps, type WatchRound } from './chain/watch-withdrawals.ts'
export { indexChainEvents, type IndexRound } from './chain/index-chain-events.ts'
export { runFundingOrders } from './chain/run-funding-orders.ts'
export type { DutyRound } from './chain/duty-round.ts'
export { createTrustDuties, type TrustDutiesDeps } from './chain/trust-duties.ts'
export { registerPending, type RegistryRound } from './chain/register-pending.ts'
export { limitOf, publishBudgetLimits, type BudgetDeps } from './chain/publish-budget-limits.ts'
export type {
  ChainEvent,
  ChainReads,
  ChainView,
  ChannelOnChain,
  ClaimOutcome,
  ManagedWalletChain,
  PendingOnChain,
  RecordName,
  RegistryChain,
  Sent,
  SettlementChain,
  StandingOnChain,
  WhatHappened,
} from './ports/chain-port.ts'
export { executeDisputes, refreshDisputes, runDisputeOrders, type DisputeRoundDeps } from './disputes/run-disputes.ts'
export { tryWithheldFiles, type TryFilesDeps } from './disputes/try-withheld-files.ts'
export { DOCUMENT_BYTES_MAX, documentTypes } from './disputes/documents.ts'
export type { DisputePlan } from './disputes/place-order.ts'
export type { PreparedRuling } from './disputes/prepare-ruling.ts'
export type * from './disputes/views.ts'
export type * from './ports/dispute-port.ts'
export type { PoolCounts, PoolDesk, PoolKey } from './ports/pool-desk.ts'
export { noteAudit } from './audit/audit-log.ts'
export type * from './queries/views/audit.ts'
export { settlementStatus, type SettlementEpoch, type SettlementStatus } from './epochs/settlement-status.ts'
export type {
  FileLook,
  FileTries,
  FileTry,
  FileWatch,
  FoundContradiction,
  JudgedEpoch,
  JudgedRecord,
  PenaltyName,
  RecordAudit,
  TrustChain,
  TrustEvent,
} from './ports/trust-port.ts'
export type { SettlementFilter, SettlementReads } from './ports/settlement-reads.ts'
export { verificationFilters, type VerificationFilter } from './ports/verification-filter.ts'
export type * from './ports/verification-store.ts'
export { checkKinds, checkTtlMs, type CheckKind, type CheckResult } from './verification/checks/check-result.ts'
export { checkGpuUuids } from './verification/checks/check-gpu-uuids.ts'
export { checkMatmul } from './verification/checks/check-matmul.ts'
export { checkMetering } from './verification/checks/check-metering.ts'
export { checkModel, replayAgrees } from './verification/checks/check-model.ts'
export { checkRegion } from './verification/checks/check-region.ts'
export { checkSharing } from './verification/checks/check-sharing.ts'
export { USUAL_CHECKS_MIN } from './verification/checks/usual-alone.ts'
export { distanceKm, knownPlaces, regionPlace } from './verification/checks/region-places.ts'
export { measureSharing } from './verification/measure-sharing.ts'
export { verifyNode } from './verification/verify-node.ts'
export { type VerifyDeps } from './verification/verify-deps.ts'
export { verifyDueNodes, type VerifyRound } from './verification/verify-due-nodes.ts'
export type * from './ports/listing-store.ts'
export { publishListings, type PublishDeps, type PublishPlace } from './listings/publish-listings.ts'
export { runStakeOrders, STAKE_MIN_MICRO_USD } from './listings/stake.ts'
export type { MarketBasis, MarketPrice } from './listings/market-prices.ts'
export type { MeasuredNodes } from './listings/measured-nodes.ts'
export { noteStakes, type StakeStanding } from './listings/stake-standing.ts'
export { accountStanding, WITHHELD_BPS } from './payouts/account-standing.ts'
export { runPayoutOrders } from './payouts/run-payout-orders.ts'
export type { PayoutWithdrawal } from './payouts/withdraw-payout.ts'
export { orderStakeSteps } from './payouts/withhold-stake.ts'
export type { PayoutChain, PayoutOrderRow } from './ports/payout-store.ts'
export type { PayoutAccountView, PayoutOrderView, WalletStakeView } from './queries/payout-account.ts'
export type { ModelStanding } from './listings/model-standing.ts'
export type { ListingDraft, MachineStep, ModelStep, PriceStep } from './listings/listing-draft.ts'
export type * from './queries/views/detected-node.ts'
export type * from './queries/views/listings.ts'
export type { AgentReportAnswer } from './verification/accept-agent-report.ts'
