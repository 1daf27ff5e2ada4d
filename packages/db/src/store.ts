/**
 * All repositories on one connection pool, and the same set inside a transaction: what apps hand to services.
 */
import type { Db, DbOrTx } from './create-db.ts'
import { chainIndexRepository } from './repositories/chain-index-repository.ts'
import { channelRepository } from './repositories/channel-repository.ts'
import { registrationRepository } from './repositories/registration-repository.ts'
import { sentTransactionRepository } from './repositories/sent-transaction-repository.ts'
import { accountsRepository } from './repositories/accounts-repository.ts'
import { apiKeysRepository } from './repositories/api-keys-repository.ts'
import { auditRepository } from './repositories/audit-repository.ts'
import { controlRepository } from './repositories/control-repository.ts'
import { disputesRepository } from './repositories/disputes-repository.ts'
import { evidenceRepository } from './repositories/evidence-repository.ts'
import { decisionRepository } from './repositories/decision-repository.ts'
import { earningsRepository } from './repositories/earnings-repository.ts'
import { fundingRepository } from './repositories/funding-repository.ts'
import { offerReadingsRepository } from './repositories/offer-readings-repository.ts'
import { offerUpkeepRepository } from './repositories/offer-upkeep-repository.ts'
import { offersRepository } from './repositories/offers-repository.ts'
import { listingRepository } from './repositories/listing-repository.ts'
import { providersRepository } from './repositories/providers-repository.ts'
import { readingsRepository } from './repositories/readings-repository.ts'
import { epochRepository } from './repositories/epoch-repository.ts'
import { voucherRepository } from './repositories/voucher-repository.ts'
import { leaseRepository } from './repositories/lease-repository.ts'
import { batchLineRepository } from './repositories/batch-line-repository.ts'
import { batchRepository } from './repositories/batch-repository.ts'
import { fileRepository } from './repositories/file-repository.ts'
import { keyBudgetRepository } from './repositories/key-budget-repository.ts'
import { jobRepository } from './repositories/job-repository.ts'
import { recountRepository } from './repositories/recount-repository.ts'
import { requestRepository } from './repositories/request-repository.ts'
import { payoutRepository } from './repositories/payout-repository.ts'
import { pendingTransactionRepository } from './repositories/pending-transaction-repository.ts'
import { performanceRepository } from './repositories/performance-repository.ts'
import { slaCountsRepository } from './repositories/sla-counts-repository.ts'
import { settlementRepository } from './repositories/settlement-repository.ts'
import { verificationRepository } from './repositories/verification-repository.ts'
import { webhookRepository } from './repositories/webhook-repository.ts'

export function repositories(db: DbOrTx) {
  return {
    control: controlRepository(db),
    accounts: accountsRepository(db),
    apiKeys: { ...apiKeysRepository(db), ...keyBudgetRepository(db) },
    funding: fundingRepository(db),
    providers: { ...providersRepository(db), ...earningsRepository(db), ...decisionRepository(db) },
    readings: readingsRepository(db),
    offers: { ...offersRepository(db), ...offerReadingsRepository(db) },
    offerUpkeep: offerUpkeepRepository(db),
    requests: requestRepository(db),
    recounts: recountRepository(db),
    epochs: { ...epochRepository(db), ...voucherRepository(db) },
    jobs: jobRepository(db),
    batches: { ...batchRepository(db), ...batchLineRepository(db) },
    files: fileRepository(db),
    leases: leaseRepository(db),
    webhooks: webhookRepository(db),
    verification: verificationRepository(db),
    listings: listingRepository(db),
    chain: {
      ...chainIndexRepository(db),
      ...channelRepository(db),
      ...registrationRepository(db),
      ...sentTransactionRepository(db),
    },
    payouts: payoutRepository(db),
    settlement: settlementRepository(db),
    evidence: evidenceRepository(db),
    records: { ...performanceRepository(db), ...slaCountsRepository(db) },
    disputes: disputesRepository(db),
    audit: auditRepository(db),
    pendingTransactions: pendingTransactionRepository(db),
  }
}

export type Repositories = ReturnType<typeof repositories>

export interface Store extends Repositories {
  /** Commits when `work` resolves, rolls back when it throws. Keep it short: it holds a connection and its locks. */
  transaction<T>(work: (tx: Repositories) => Promise<T>): Promise<T>
  /** One consistent view over several reads (repeatable read). */
  snapshot<T>(work: (tx: Repositories) => Promise<T>): Promise<T>
}

export function createStore(db: Db): Store {
  return {
    ...repositories(db),
    transaction: (work) => db.$transaction((tx) => work(repositories(tx))),
    snapshot: (work) => db.$transaction((tx) => work(repositories(tx)), { isolationLevel: 'RepeatableRead' }),
  }
}
