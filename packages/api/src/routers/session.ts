/** Who is signed in, and their organisations. */
import { newOrganisation } from '../inputs.ts'
import { publicProcedure, router, userProcedure } from '../trpc.ts'

export const sessionRouter = router({
  /** Null for a visitor. */
  me: publicProcedure.query(({ ctx }) => ctx.viewer),
  createOrganisation: userProcedure
    .input(newOrganisation)
    .mutation(({ ctx, input }) =>
      ctx.controlPlane.accounts.createOrganisation({ userId: ctx.viewer.userId, name: input.name }),
    ),
})
