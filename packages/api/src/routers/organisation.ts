/** What a team does in its own organisation: requests, jobs, keys, balance, routing. */
import {
  batchPage,
  byId,
  changedKeyBudget,
  deliveryPage,
  fund,
  historyPage,
  jobPage,
  newBatch,
  newKey,
  newWebhook,
  requestPage,
  routing,
  savedRouting,
  usageDays,
  walletLink,
  walletPrepare,
} from '../inputs.ts'
import { orgAdminProcedure, orgProcedure, router } from '../trpc.ts'

export const requestsRouter = router({
  /** Newest first. */
  list: orgProcedure
    .input(requestPage)
    .query(({ ctx, input }) => ctx.controlPlane.requests.list({ orgId: ctx.org.id, ...input })),
  /** With receipts, checked signatures, Merkle proofs and transactions. */
  detail: orgProcedure
    .input(byId)
    .query(({ ctx, input }) => ctx.controlPlane.requests.detail({ orgId: ctx.org.id, requestId: input.id })),
  /** By hour or day, each model for itself. */
  usage: orgProcedure
    .input(usageDays)
    .query(({ ctx, input }) => ctx.controlPlane.requests.usage({ orgId: ctx.org.id, ...input })),
})

export const batchesRouter = router({
  list: orgProcedure
    .input(batchPage)
    .query(({ ctx, input }) => ctx.controlPlane.batches.list({ orgId: ctx.org.id, ...input })),
  detail: orgProcedure
    .input(byId)
    .query(({ ctx, input }) => ctx.controlPlane.batches.detail({ orgId: ctx.org.id, ...input })),
  /** On a file that was uploaded; the same key finds the same batch. It spends, so members do it by a key they were given. */
  create: orgAdminProcedure
    .input(newBatch)
    .mutation(({ ctx, input }) => ctx.controlPlane.batches.create({ orgId: ctx.org.id, ...input })),
  cancel: orgProcedure
    .input(byId)
    .mutation(({ ctx, input }) => ctx.controlPlane.batches.cancel({ orgId: ctx.org.id, ...input })),
})

export const jobsRouter = router({
  list: orgProcedure
    .input(jobPage)
    .query(({ ctx, input }) => ctx.controlPlane.jobs.list({ orgId: ctx.org.id, ...input })),
  detail: orgProcedure
    .input(byId)
    .query(({ ctx, input }) => ctx.controlPlane.jobs.detail({ orgId: ctx.org.id, jobId: input.id })),
  cancel: orgProcedure
    .input(byId)
    .mutation(({ ctx, input }) => ctx.controlPlane.jobs.cancel({ orgId: ctx.org.id, jobId: input.id })),
  /** A failed job once more; a second click finds the first one's. */
  retry: orgProcedure
    .input(byId)
    .mutation(({ ctx, input }) => ctx.controlPlane.jobs.retry({ orgId: ctx.org.id, jobId: input.id })),
  stats: orgProcedure.query(({ ctx }) => ctx.controlPlane.jobs.stats({ orgId: ctx.org.id })),
})

export const webhooksRouter = router({
  list: orgProcedure.query(({ ctx }) => ctx.controlPlane.webhooks.list({ orgId: ctx.org.id })),
  /** The secret is in the answer and nowhere else; the same key has the same answer. */
  create: orgAdminProcedure
    .input(newWebhook)
    .mutation(({ ctx, input }) => ctx.controlPlane.webhooks.create({ orgId: ctx.org.id, ...input })),
  remove: orgAdminProcedure
    .input(byId)
    .mutation(({ ctx, input }) => ctx.controlPlane.webhooks.remove({ orgId: ctx.org.id, id: input.id })),
  deliveries: orgProcedure
    .input(deliveryPage)
    .query(({ ctx, input }) => ctx.controlPlane.webhooks.deliveries({ orgId: ctx.org.id, ...input })),
  /** Sends it once more, with the same id. */
  redeliver: orgAdminProcedure
    .input(byId)
    .mutation(({ ctx, input }) => ctx.controlPlane.webhooks.redeliver({ orgId: ctx.org.id, id: input.id })),
})

export const keysRouter = router({
  list: orgProcedure.query(({ ctx }) => ctx.controlPlane.apiKeys.list({ orgId: ctx.org.id })),
  /** The secret is in the answer and nowhere else: the same key makes no second one, and is answered without the secret. */
  create: orgAdminProcedure
    .input(newKey)
    .mutation(({ ctx, input }) =>
      ctx.controlPlane.apiKeys.create({ orgId: ctx.org.id, userId: ctx.viewer.userId, ...input }),
    ),
  /** What the key may spend in each period, or no limit of its own; gateways heed it within a second. */
  setBudget: orgAdminProcedure.input(changedKeyBudget).mutation(({ ctx, input }) =>
    ctx.controlPlane.apiKeys.setBudget({
      orgId: ctx.org.id,
      keyId: input.id,
      userId: ctx.viewer.userId,
      email: ctx.viewer.email,
      budget: input.budget,
    }),
  ),
  /** Gateways refuse the key within a second. */
  revoke: orgAdminProcedure
    .input(byId)
    .mutation(({ ctx, input }) => ctx.controlPlane.apiKeys.revoke({ orgId: ctx.org.id, keyId: input.id })),
})

export const balanceRouter = router({
  get: orgProcedure.query(({ ctx }) => ctx.controlPlane.funding.balance({ orgId: ctx.org.id })),
  /** What moved on the channel, newest first; filtered by kind and days. */
  history: orgProcedure
    .input(historyPage)
    .query(({ ctx, input }) => ctx.controlPlane.funding.history({ orgId: ctx.org.id, ...input })),
  /** Tops the managed channel up; the order is carried out on the chain in the background. The same key finds the same order. */
  fund: orgAdminProcedure.input(fund).mutation(({ ctx, input }) =>
    ctx.controlPlane.funding.request({
      orgId: ctx.org.id,
      userId: ctx.viewer.userId,
      microUsd: input.amountUsd,
      key: input.key,
    }),
  ),
  /** What a browser wallet needs to open, fund and cap a channel of its own. */
  walletPrepare: orgAdminProcedure.input(walletPrepare).query(({ ctx, input }) =>
    ctx.controlPlane.funding.prepareWalletChannel({
      orgId: ctx.org.id,
      ownerAddress: input.ownerAddress,
      microUsd: input.amountUsd,
    }),
  ),
  walletLink: orgAdminProcedure
    .input(walletLink)
    .mutation(({ ctx, input }) => ctx.controlPlane.funding.linkWalletChannel({ orgId: ctx.org.id, ...input })),
  walletStatus: orgProcedure.query(({ ctx }) => ctx.controlPlane.funding.channel({ orgId: ctx.org.id })),
})

export const organisationRouter = router({
  /** The default routing policy. */
  routing: orgProcedure.query(({ ctx }) => ctx.controlPlane.accounts.routing({ orgId: ctx.org.id })),
  /** Replaces it, or what `seen` says that it was; gateways apply it within a second. */
  setRouting: orgAdminProcedure
    .input(savedRouting)
    .mutation(({ ctx, input }) => ctx.controlPlane.accounts.saveRouting({ orgId: ctx.org.id, ...input })),
  /** Which nodes a policy would leave now. */
  previewRouting: orgProcedure
    .input(routing)
    .query(({ ctx, input }) => ctx.controlPlane.accounts.previewRouting({ orgId: ctx.org.id, routing: input.routing })),
  /** What it would have done to the requests of the last day. */
  dryRunRouting: orgProcedure
    .input(routing)
    .query(({ ctx, input }) => ctx.controlPlane.accounts.dryRunRouting({ orgId: ctx.org.id, routing: input.routing })),
})
