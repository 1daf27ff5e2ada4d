/** The whole API, and how server components call it in-process. */
import { adminRouter } from './routers/admin.ts'
import { disputesRouter } from './routers/disputes.ts'
import {
  balanceRouter,
  batchesRouter,
  jobsRouter,
  keysRouter,
  organisationRouter,
  requestsRouter,
  webhooksRouter,
} from './routers/organisation.ts'
import { leasesRouter } from './routers/leases.ts'
import { listingsRouter } from './routers/listings.ts'
import { providerRouter } from './routers/provider.ts'
import { epochsRouter, marketplaceRouter, receiptsRouter } from './routers/public.ts'
import { sessionRouter } from './routers/session.ts'
import { createCallerFactory, router } from './trpc.ts'

export const appRouter = router({
  marketplace: marketplaceRouter,
  epochs: epochsRouter,
  receipts: receiptsRouter,
  session: sessionRouter,
  requests: requestsRouter,
  batches: batchesRouter,
  jobs: jobsRouter,
  leases: leasesRouter,
  webhooks: webhooksRouter,
  keys: keysRouter,
  balance: balanceRouter,
  organisation: organisationRouter,
  provider: providerRouter,
  disputes: disputesRouter,
  listings: listingsRouter,
  admin: adminRouter,
})

export type AppRouter = typeof appRouter

/** `createCaller({ controlPlane, viewer }).requests.list({})`; throws TRPCError, see `apiErrorOf`. */
export const createCaller = createCallerFactory(appRouter)
export type ApiCaller = ReturnType<typeof createCaller>
