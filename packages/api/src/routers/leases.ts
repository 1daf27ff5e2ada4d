/** Leases of GPUs: what is offered, what an organisation has rented, and what it does with it. */
import { byId, leaseExtension, leasePage, leaseQuoteId, leaseWish } from '../inputs.ts'
import { orgAdminProcedure, orgProcedure, router } from '../trpc.ts'

const MINUTE_MS = 60_000

export const leasesRouter = router({
  offers: orgProcedure.query(({ ctx }) => ctx.controlPlane.leases.offers({ orgId: ctx.org.id })),
  /** Newest first. */
  list: orgProcedure
    .input(leasePage)
    .query(({ ctx, input }) => ctx.controlPlane.leases.list({ orgId: ctx.org.id, ...input })),
  detail: orgProcedure
    .input(byId)
    .query(({ ctx, input }) => ctx.controlPlane.leases.detail({ orgId: ctx.org.id, leaseId: input.id })),
  /** A price that holds for a minute. Takes nothing. */
  quote: orgProcedure.input(leaseWish).mutation(({ ctx, input }) =>
    ctx.controlPlane.leases.quote({
      orgId: ctx.org.id,
      userId: ctx.viewer.userId,
      model: input.model,
      gpus: input.gpus,
      durationMs: input.durationMinutes * MINUTE_MS,
      maxPerGpuHourMicroUsd: input.maxPerGpuHourUsd,
      nodeId: input.nodeId ?? null,
    }),
  ),
  /** Takes the GPUs and holds the money. Confirmed twice, a quote is one lease. */
  rent: orgAdminProcedure
    .input(leaseQuoteId)
    .mutation(({ ctx, input }) => ctx.controlPlane.leases.rent({ orgId: ctx.org.id, quoteId: input.quoteId })),
  extend: orgAdminProcedure.input(leaseExtension).mutation(({ ctx, input }) =>
    ctx.controlPlane.leases.extend({
      orgId: ctx.org.id,
      leaseId: input.id,
      durationMs: input.durationMinutes * MINUTE_MS,
      key: input.key,
    }),
  ),
  stop: orgAdminProcedure
    .input(byId)
    .mutation(({ ctx, input }) => ctx.controlPlane.leases.stop({ orgId: ctx.org.id, leaseId: input.id })),
})
