/** Who is signed in, and their organisations. */
import { newOrganisation } from '../inputs.ts'
import { publicProcedure, router, userProcedure } from '../trpc.ts'

export const sessionRouter = router({
  /** Null for a visitor. */
  me: publicProcedure.query(({ ctx }) => ctx.viewer),
  /** One for each key of a form. */
  createOrganisation: userProcedure
    .input(newOrganisation)
    .mutation(({ ctx, input }) =>
      ctx.controlPlane.accounts.createOrganisationOnce({ userId: ctx.viewer.userId, ...input }),
    ),
})
