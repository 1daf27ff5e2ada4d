/** What platform staff see. */
import { adminProcedure, router } from '../trpc.ts'

export const adminRouter = router({
  overview: adminProcedure.query(({ ctx }) => ctx.controlPlane.admin.overview()),
})
