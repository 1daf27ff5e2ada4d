/** What platform staff see. */
import { byId, jobPage } from '../inputs.ts'
import { adminProcedure, router } from '../trpc.ts'

export const adminRouter = router({
  overview: adminProcedure.query(({ ctx }) => ctx.controlPlane.admin.overview()),
  /** Queued work of all organisations, without prompts and answers. */
  jobs: adminProcedure.input(jobPage).query(({ ctx, input }) => ctx.controlPlane.admin.jobs(input)),
  jobStats: adminProcedure.query(({ ctx }) => ctx.controlPlane.admin.jobStats()),
  job: adminProcedure.input(byId).query(({ ctx, input }) => ctx.controlPlane.admin.job({ jobId: input.id })),
})
