export {
  BATCH_FILE_TYPE,
  BATCH_LINE_BYTES_MAX,
  BATCH_LINES_MAX,
  batchEndpoints,
  CUSTOM_ID_LENGTH_MAX,
  FILE_BYTES_MAX,
  isBatchLineError,
  readBatchLine,
  slackStreamsMax,
  type BatchEndpoint,
  type BatchLine,
  type BatchLineError,
} from './batch-line.ts'
export { batchTransitions, isBatchOver, type BatchEvent, type BatchStatus } from './states/batch.ts'
export { batchFaults, unansweredReasons, type BatchFault, type UnansweredReason } from './batch-codes.ts'
export { budgetPeriods, periodAt, periodEndMs, type BudgetPeriod, type PeriodSpan } from './budget-period.ts'
export { promptTokensLeast, TOKENS_PER_BYTE_MIN } from './prompt-least.ts'
export { AppError, errorTable, isAppError, toAppError } from './app-error.ts'
export type { AppErrorOptions, ErrorCode, ErrorOwner, ErrorRow } from './app-error.ts'
export { manualClock, systemClock } from './clock.ts'
export type { Clock, ManualClock } from './clock.ts'
export { engineFeatures, featureMask, featureNames, offeredFeatures } from './engine-features.ts'
export type { EngineFeature } from './engine-features.ts'
export { counted } from './counted.ts'
export { isId, newId } from './id.ts'
export type { IdPrefix } from './id.ts'
export { invariant } from './invariant.ts'
export { formatUsd, microUsdFromUsd, usdFromMicroUsd } from './money.ts'
export { maxPriceMicroUsd, priceMicroUsd } from './price.ts'
export type { BilledUsage, Prices } from './price.ts'
export {
  answerMaxOf,
  bytesOutMax,
  DEFAULT_TEXT_TOKENS_OUT_MAX,
  DEFAULT_TOKENS_OUT_MAX,
  EMBEDDING_BYTES_MAX,
  inputsOf,
  tokensOutOf,
  UNNAMED_TOKENS_OUT_NEEDED,
  type TokensOut,
} from './usage-max.ts'
export { prng } from './prng.ts'
export type { Prng, PrngState } from './prng.ts'
export { requestNeeds } from './request-needs.ts'
export type { RequestNeed } from './request-needs.ts'
export { BoundedMap } from './bounded-map.ts'
export { NewestKeys } from './newest-keys.ts'
export { SlotMap } from './slot-map.ts'
export { PromptQueue, type QueuedPrompt } from './prompt-queue.ts'
export { PACE_MAX, StreamPace, type PacedStream } from './stream-pace.ts'
export { boundAfter, declinesPrompt, DECLINES_MAX, isPromptNews, PROMPT_NOTICE_TOKENS } from './waiting-prompts.ts'
export { transition } from './state-machine.ts'
export type { StateTable } from './state-machine.ts'
export { jobTransitions } from './states/job.ts'
export type { JobEvent, JobStatus } from './states/job.ts'
export { leaseTransitions, leaseOver, type LeaseEvent, type LeaseStatus } from './states/lease.ts'
export { epochTransitions } from './states/epoch.ts'
export type { EpochEvent, EpochStatus } from './states/epoch.ts'
export { recordTransitions, statusesBefore } from './states/record.ts'
export type { RecordEvent, RecordStatus } from './states/record.ts'
export { listingTransitions } from './states/listing.ts'
export type { ListingEvent, ListingStatus } from './states/listing.ts'
export { verificationAfter, verificationTransitions } from './states/verification.ts'
export type { Verdict, VerificationEvent, VerificationStatus } from './states/verification.ts'
export { allowsStep, disputeStates, disputeTransitions, openDisputeStates } from './states/dispute.ts'
export type { DisputeKind, DisputeState, DisputeStep } from './states/dispute.ts'
export { payoutMessage } from './payout-message.ts'
export { ORGANISATION_HEADER } from './organisation-header.ts'
