/** A provider's way to the market, step by step; each write names the version that its page showed. */
import { byId, listingAt, listingSave, newListing } from '../inputs.ts'
import { providerAdminProcedure, providerProcedure, router } from '../trpc.ts'

export const listingsRouter = router({
  list: providerProcedure.query(({ ctx }) => ctx.controlPlane.listings.list({ orgId: ctx.org.id })),
  detail: providerProcedure
    .input(byId)
    .query(({ ctx, input }) => ctx.controlPlane.listings.detail({ orgId: ctx.org.id, ...input })),
  /** The same key finds the listing that it has begun. */
  create: providerAdminProcedure
    .input(newListing)
    .mutation(({ ctx, input }) =>
      ctx.controlPlane.listings.create({ orgId: ctx.org.id, userId: ctx.viewer.userId, ...input }),
    ),
  save: providerAdminProcedure
    .input(listingSave)
    .mutation(({ ctx, input }) => ctx.controlPlane.listings.save({ orgId: ctx.org.id, ...input })),
  /** The token is in the answer and nowhere else. */
  command: providerAdminProcedure.input(listingAt).mutation(({ ctx, input }) =>
    ctx.controlPlane.listings.command({
      orgId: ctx.org.id,
      providerId: ctx.providerId,
      userId: ctx.viewer.userId,
      ...input,
    }),
  ),
  submit: providerAdminProcedure
    .input(listingAt)
    .mutation(({ ctx, input }) =>
      ctx.controlPlane.listings.submit({ orgId: ctx.org.id, providerId: ctx.providerId, ...input }),
    ),
  withdraw: providerAdminProcedure
    .input(listingAt)
    .mutation(({ ctx, input }) => ctx.controlPlane.listings.withdraw({ orgId: ctx.org.id, ...input })),
  /** Takes its node off the market, for good. */
  retire: providerAdminProcedure
    .input(listingAt)
    .mutation(({ ctx, input }) => ctx.controlPlane.listings.retire({ orgId: ctx.org.id, ...input })),
})
