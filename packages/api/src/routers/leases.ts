/** Leases of GPUs: what is offered, what an organisation has rented, and what it does with it. */
import { byId, leaseByConstraints, leaseExtension, leaseOfNode, leasePage, leaseQuoteId } from '../inputs.ts'
import { orgAdminProcedure, orgProcedure, router } from '../trpc.ts'

const MINUTE_MS = 60_000

interface Question {
  model: string
  gpus: number
  durationMinutes: number
  maxPerGpuHourUsd: bigint
}

const questionOf = (
  { org, viewer }: { org: { id: string }; viewer: { userId: string } },
  { model, gpus, durationMinutes, maxPerGpuHourUsd }: Question,
) => ({
  orgId: org.id,
  userId: viewer.userId,
  model,
  gpus,
  durationMs: durationMinutes * MINUTE_MS,
  maxPerGpuHourMicroUsd: maxPerGpuHourUsd,
})

export const leasesRouter = router({
  offers: orgProcedure.query(({ ctx }) => ctx.controlPlane.leases.offers({ orgId: ctx.org.id })),
  /** Newest first. */
  list: orgProcedure
    .input(leasePage)
    .query(({ ctx, input }) => ctx.controlPlane.leases.list({ orgId: ctx.org.id, ...input })),
  detail: orgProcedure
    .input(byId)
    .query(({ ctx, input }) => ctx.controlPlane.leases.detail({ orgId: ctx.org.id, leaseId: input.id })),
  /** A price on one node that holds for a minute. Takes nothing. */
  quote: orgProcedure
    .input(leaseOfNode)
    .mutation(({ ctx, input }) => ctx.controlPlane.leases.quote({ ...questionOf(ctx, input), nodeId: input.nodeId })),
  /** The same on the cheapest node that meets the constraints. Takes nothing. */
  quoteByConstraints: orgProcedure
    .input(leaseByConstraints)
    .mutation(({ ctx, input }) =>
      ctx.controlPlane.leases.quoteByConstraints({ ...questionOf(ctx, input), constraints: input.constraints }),
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
