/** What anyone may see: the marketplace, and the evidence of how epochs were settled. */
import type { Viewer } from '@isochrone/services'
import {
  byId,
  epochKey,
  epochPage,
  epochReceiptsPage,
  offerFilter,
  offerQuery,
  receiptHash,
  receiptKey,
  recordKey,
} from '../inputs.ts'
import { publicProcedure, router } from '../trpc.ts'

/** From who is signed in alone, never from what was sent. */
function readerOf({ viewer }: { viewer: Viewer | null }) {
  const org = viewer?.activeOrganisation ?? null
  return { orgId: org?.id ?? null, providerId: org?.providerId ?? null, staff: viewer?.admin ?? false }
}

export const marketplaceRouter = router({
  /** All nodes that match, with the values to filter by. */
  offers: publicProcedure.input(offerFilter).query(({ ctx, input }) => ctx.controlPlane.marketplace.offers(input)),
  /** One node by its `node_…` id. */
  offer: publicProcedure.input(byId).query(({ ctx, input }) => ctx.controlPlane.marketplace.offer(input)),
  /** A page of what matches. */
  search: publicProcedure.input(offerQuery).query(({ ctx, input }) => ctx.controlPlane.marketplace.search(input)),
  /** What matches, by place. */
  places: publicProcedure.input(offerQuery).query(({ ctx, input }) => ctx.controlPlane.marketplace.places(input)),
  /** The values to filter by. */
  facets: publicProcedure.query(({ ctx }) => ctx.controlPlane.marketplace.facets()),
  /** What receipts and records say of a node, by its `node_…` id. */
  history: publicProcedure.input(byId).query(({ ctx, input }) => ctx.controlPlane.marketplace.history(input)),
  /** A provider by its bytes32 id. */
  provider: publicProcedure.input(byId).query(({ ctx, input }) => ctx.controlPlane.marketplace.provider(input)),
})

export const epochsRouter = router({
  list: publicProcedure.input(epochPage).query(({ ctx, input }) => ctx.controlPlane.epochs.list(input)),
  detail: publicProcedure.input(epochKey).query(({ ctx, input }) => ctx.controlPlane.epochs.detail(input)),
  /** In order of their numbers. */
  receipts: publicProcedure.input(epochReceiptsPage).query(({ ctx, input }) => ctx.controlPlane.epochs.receipts(input)),
  /** Of these anyone sees their own alone: of their leases, of their nodes; staff see all. */
  leaseReceipts: publicProcedure
    .input(epochReceiptsPage)
    .query(({ ctx, input }) => ctx.controlPlane.epochs.leaseReceipts({ ...input, reader: readerOf(ctx) })),
  /** A node's performance record, with counts, signatures and payouts. */
  record: publicProcedure.input(recordKey).query(({ ctx, input }) => ctx.controlPlane.epochs.record(input)),
})

/** Only its payer is told which request a receipt answers, and only its parties and staff see a lease's. */
export const receiptsRouter = router({
  detail: publicProcedure
    .input(receiptKey)
    .query(({ ctx, input }) => ctx.controlPlane.receipts.detail({ ...input, reader: readerOf(ctx) })),
  /** By the struct hash of either half, or of a lease receipt. */
  place: publicProcedure
    .input(receiptHash)
    .query(({ ctx, input }) => ctx.controlPlane.receipts.place({ ...input, reader: readerOf(ctx) })),
})
