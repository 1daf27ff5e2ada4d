/** What anyone may see: the marketplace and how epochs were settled. */
import { byId, epochKey, epochPage, offerFilter } from '../inputs.ts'
import { publicProcedure, router } from '../trpc.ts'

export const marketplaceRouter = router({
  /** All nodes that match, with the values to filter by. */
  offers: publicProcedure.input(offerFilter).query(({ ctx, input }) => ctx.controlPlane.marketplace.offers(input)),
  /** One node by its `node_…` id. */
  offer: publicProcedure.input(byId).query(({ ctx, input }) => ctx.controlPlane.marketplace.offer(input)),
})

export const epochsRouter = router({
  list: publicProcedure.input(epochPage).query(({ ctx, input }) => ctx.controlPlane.epochs.list(input)),
  detail: publicProcedure.input(epochKey).query(({ ctx, input }) => ctx.controlPlane.epochs.detail(input)),
})
