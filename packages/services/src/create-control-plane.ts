/** Wires every action and query of people to its ports: what the web app builds once and hands to the API. */
import { createOrganisation, createOrganisationOnce } from './accounts/create-organisation.ts'
import { routingOf, saveRouting } from './accounts/routing.ts'
import { viewerOf } from './accounts/viewer-of.ts'
import { createApiKeyOnce, listApiKeys, revokeApiKey } from './api-keys/api-keys.ts'
import { setKeyBudget } from './api-keys/key-budget.ts'
import { lendKey } from './api-keys/lend-key.ts'
import { relayGateways } from './api-keys/relay-gateways.ts'
import { auditLog, noteAudit } from './audit/audit-log.ts'
import type { ControlPlane } from './control-plane.ts'
import { appealDispute, respondToDispute } from './disputes/answer-dispute.ts'
import { deskQueue } from './disputes/desk-queue.ts'
import { disputeCase, disputeDetail } from './disputes/dispute-reads.ts'
import { listDisputes } from './disputes/list-disputes.ts'
import { challengeRecord, fileDispute, fileWithheld, filingTerms } from './disputes/file-dispute.ts'
import { prepareJudgement } from './disputes/prepare-judgement.ts'
import { prepareRuling } from './disputes/prepare-ruling.ts'
import { recordCase } from './disputes/record-cases.ts'
import { balanceOf, channelView } from './funding/balance.ts'
import { requestFunding } from './funding/request-funding.ts'
import { linkWalletChannel, prepareWalletChannel } from './funding/wallet-channel.ts'
import { batchDetail, batchesOfOrg, openFile, stopBatch } from './batches/batch-views.ts'
import { submitBatch, uploadBatchFile } from './batches/submit-batch.ts'
import { cancelJob } from './jobs/cancel-job.ts'
import { retryJob } from './jobs/retry-job.ts'
import { extendLease } from './leases/extend-lease.ts'
import { quoteByConstraints, quoteLease } from './leases/quote-lease.ts'
import { rentLease } from './leases/rent-lease.ts'
import { stopLease } from './leases/stop-lease.ts'
import type { ControlPlaneDeps } from './ports/control-plane-deps.ts'
import { createListing, listingCommand, saveListing, submitListing } from './listings/edit-listing.ts'
import { retireListing, withdrawListing } from './listings/leave-market.ts'
import { requestStake } from './listings/stake.ts'
import { walletStakePlan } from './listings/wallet-stake.ts'
import { releaseStake } from './payouts/release-stake.ts'
import { withdrawPayout } from './payouts/withdraw-payout.ts'
import { withholdStake } from './payouts/withhold-stake.ts'
import { payoutAccount, payoutOrderView, walletStake } from './queries/payout-account.ts'
import { listingDetail, listingSummary, providerVerification, stakeView } from './queries/listings.ts'
import { acceptAgentReport } from './verification/accept-agent-report.ts'
import { createProvider } from './providers/create-provider.ts'
import { describeJoin, joinNode } from './providers/join-node.ts'
import { listJoinTokens, revokeJoinToken } from './providers/join-tokens.ts'
import { adminOverview, queuesNow } from './queries/admin.ts'
import { claimsOfProvider } from './queries/claims.ts'
import { epochDetail, epochReceipts, listEpochs } from './queries/epochs.ts'
import { leaseReceiptsOfEpoch } from './queries/lease-receipts.ts'
import { channelHistory } from './queries/history.ts'
import { jobDetail, jobsOfOrg, jobStats } from './queries/jobs.ts'
import { leaseDetail, leaseOffers, leasesOfOrg, leaseSummary, quoteView } from './queries/leases.ts'
import { marketplaceOffer, marketplaceOffers } from './queries/marketplace.ts'
import { offerHistory, publicProvider } from './queries/offer-history.ts'
import { offerFacets, offerPlaces, searchOffers } from './queries/offers.ts'
import { providerEarnings, providerNodes, providerOverview } from './queries/provider.ts'
import { anyReceipt, receiptPlace } from './queries/receipts.ts'
import { breachForecast } from './queries/breach-forecast.ts'
import { brokenPromises, recordDetail } from './queries/records.ts'
import { requestDetail, requestsOfOrg } from './queries/requests.ts'
import { recheckNode, verificationQueue } from './queries/verification-queue.ts'
import { providerJobs } from './queries/provider-jobs.ts'
import { routingDryRun } from './queries/routing-dry-run.ts'
import { routingPreview } from './queries/routing-preview.ts'
import { usageOfOrg } from './queries/usage.ts'
import {
  createWebhook,
  listWebhooks,
  redeliverWebhook,
  removeWebhook,
  webhookDeliveries,
} from './webhooks/webhook-endpoints.ts'

export function createControlPlane(deps: ControlPlaneDeps): ControlPlane {
  const { store } = deps
  return {
    marketplace: {
      offers: (filter) => marketplaceOffers(deps, filter),
      offer: (input) => marketplaceOffer(deps, input),
      search: (query) => searchOffers(deps, query),
      places: (query) => offerPlaces(deps, query),
      facets: () => offerFacets(deps),
      history: (input) => offerHistory(deps, input),
      provider: (input) => publicProvider(deps, input),
    },
    epochs: {
      list: (input) => listEpochs(deps, input),
      detail: (input) => epochDetail(deps, input),
      receipts: (input) => epochReceipts(deps, input),
      leaseReceipts: (input) => leaseReceiptsOfEpoch(deps, input),
      record: (input) => recordDetail(deps, input),
    },
    receipts: {
      detail: (input) => anyReceipt(deps, input),
      place: (input) => receiptPlace(deps, input),
    },
    accounts: {
      viewer: (input) => viewerOf(store.accounts, input),
      createOrganisation: (input) => createOrganisation(deps, input),
      createOrganisationOnce: (input) => createOrganisationOnce(deps, input),
      routing: ({ orgId }) => routingOf(store.accounts, orgId),
      saveRouting: (input) => saveRouting(deps, input),
      previewRouting: (input) => routingPreview(deps, input),
      dryRunRouting: (input) => routingDryRun(deps, input),
    },
    requests: {
      list: (input) => requestsOfOrg(deps, input),
      detail: (input) => requestDetail(deps, input),
      usage: (input) => usageOfOrg(deps, input),
    },
    jobs: {
      list: (input) => jobsOfOrg(deps, input),
      detail: (input) => jobDetail(deps, input),
      cancel: async (input) => {
        const { clock, announceCancelled } = deps
        const cancelDeps = { jobs: store.jobs, clock, ...(announceCancelled && { announceCancelled }) }
        await cancelJob(cancelDeps, input.orgId, input.jobId)
        return jobDetail(deps, input)
      },
      // No queue on this side: the worker's sweep finds the new row within seconds.
      retry: ({ orgId, jobId }) =>
        retryJob({ jobs: store.jobs, queue: { add: async () => {} }, clock: deps.clock }, orgId, jobId),
      stats: ({ orgId }) => jobStats(deps, orgId),
    },
    batches: {
      list: (input) => batchesOfOrg(deps, input),
      detail: (input) => batchDetail(deps, input),
      cancel: (input) => stopBatch(deps, input),
      upload: (input) => uploadBatchFile(deps, input),
      create: (input) => submitBatch(deps, input),
      openFile: (input) => openFile(deps, input),
    },
    leases: {
      offers: () => leaseOffers(deps),
      list: (input) => leasesOfOrg(deps, input),
      detail: (input) => leaseDetail(deps, input),
      quote: async (input) => quoteView(deps, await quoteLease(deps, input)),
      quoteByConstraints: async (input) => quoteView(deps, await quoteByConstraints(deps, input)),
      rent: async (input) => leaseSummary(deps, await rentLease({ ...deps, budget: deps.leaseBudget }, input)),
      extend: async (input) => leaseSummary(deps, await extendLease({ ...deps, budget: deps.leaseBudget }, input)),
      stop: async (input) => leaseSummary(deps, await stopLease(deps, input)),
    },
    webhooks: {
      list: ({ orgId }) => listWebhooks(deps, orgId),
      create: (input) => createWebhook(deps, input),
      remove: (input) => removeWebhook(deps, input),
      deliveries: (input) => webhookDeliveries(deps, input),
      redeliver: (input) => redeliverWebhook(deps, input),
    },
    apiKeys: {
      list: (input) => listApiKeys(deps, input),
      create: ({ orgId, name, expiresInDays, budget, key }) =>
        createApiKeyOnce(deps, { orgId, name, expiresInDays, budget, key }),
      setBudget: (input) => setKeyBudget(deps, input),
      revoke: (input) => revokeApiKey(deps, input),
      lend: (input) => lendKey(deps, input),
      relayGateways: (input) => relayGateways(deps, input),
    },
    funding: {
      balance: (input) => balanceOf(deps, input),
      history: (input) => channelHistory(deps, input),
      request: (input) => requestFunding(deps, input),
      prepareWalletChannel: (input) => prepareWalletChannel(deps, input),
      linkWalletChannel: (input) => linkWalletChannel(deps, input),
      channel: async ({ orgId }) => {
        const row = await store.funding.channelOfOrg(orgId)
        return row && channelView(store.funding, row)
      },
    },
    providers: {
      create: (input) => createProvider(deps, input),
      overview: (input) => providerOverview(deps, input),
      nodes: (input) => providerNodes(deps, input),
      earnings: (input) => providerEarnings(deps, input),
      jobs: (input) => providerJobs(deps, input),
      brokenPromises: (input) => brokenPromises(deps, input),
      breachForecast: (input) => breachForecast(deps, input),
      claims: (input) => claimsOfProvider(deps, input),
      joinTokens: (input) => listJoinTokens(deps, input),
      revokeJoinToken: (input) => revokeJoinToken(deps, input),
      describeJoin: (input) => describeJoin(deps, input),
      joinNode: (input) => joinNode(deps, input),
      agentReport: ({ body }) => acceptAgentReport(deps, body),
      verification: (input) => providerVerification(deps, input),
      stake: async ({ providerId }) => (await store.listings.stakeOrders(providerId)).map(stakeView),
      requestStake: async (input) => stakeView(await requestStake(deps, input)),
      walletStakePlan: (input) => walletStakePlan(deps, input),
      withholdStake: (input) => withholdStake(deps, input),
      payoutAccount: ({ providerId }) => payoutAccount(deps, providerId),
      walletStake: ({ providerId }) => walletStake(deps, providerId),
      releaseStake: async (input) => payoutOrderView(await releaseStake(deps, input)),
      withdrawPayout: async (input) => payoutOrderView(await withdrawPayout(deps, input)),
    },
    listings: {
      list: async ({ orgId }) => (await store.listings.ofOrg(orgId)).map(listingSummary),
      detail: (input) => listingDetail(deps, input),
      create: async (input) => listingSummary(await createListing(deps, input)),
      save: async (input) => listingSummary(await saveListing(deps, input)),
      command: (input) => listingCommand(deps, input),
      submit: async (input) => listingSummary(await submitListing(deps, input)),
      withdraw: async (input) => listingSummary(await withdrawListing(deps, input)),
      retire: async (input) => listingSummary(await retireListing(deps, input)),
    },
    disputes: {
      list: (input) => listDisputes(deps, input),
      detail: (input) => disputeDetail(deps, input),
      filingTerms: (input) => filingTerms(deps, input),
      file: (input) => fileDispute(deps, input),
      fileWithheld: (input) => fileWithheld(deps, input),
      challengeRecord: (input) => challengeRecord(deps, input),
      respond: (input) => respondToDispute(deps, input),
      appeal: (input) => appealDispute(deps, input),
      queue: (filter) => deskQueue(deps, filter),
      case: (input) => disputeCase(deps, input),
      prepareRuling: (input) => prepareRuling(deps, input),
      recordCase: (input) => recordCase(deps, input),
      prepareJudgement: (input) => prepareJudgement(deps, input),
    },
    audit: {
      note: (note) => noteAudit(deps, note),
      list: (filter) => auditLog(deps, filter),
    },
    admin: {
      verification: (input) => verificationQueue(deps, input),
      recheckNode: (input) => recheckNode(deps, input),
      overview: () => adminOverview(deps),
      queues: () => queuesNow(deps),
      jobs: (filter) => jobsOfOrg(deps, { ...filter, orgId: null }),
      jobStats: () => jobStats(deps, null),
      job: ({ jobId }) => jobDetail(deps, { orgId: null, jobId }),
    },
  }
}
