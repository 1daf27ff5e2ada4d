/** Disputes of the active organisation, as payer and as provider. What it has no part in is not there. */
import {
  appealDisputeInput,
  byId,
  challengeRecordInput,
  disputeList,
  fileDisputeInput,
  receiptKey,
  respondInput,
  withheldInput,
} from '../inputs.ts'
import { orgAdminProcedure, orgProcedure, router } from '../trpc.ts'

interface OrgContext {
  viewer: { userId: string }
  org: { id: string; providerId: string | null }
}
const asker = ({ org }: OrgContext) => ({ orgId: org.id, providerId: org.providerId })
const by = (ctx: OrgContext) => ({ ...asker(ctx), userId: ctx.viewer.userId })

export const disputesRouter = router({
  list: orgProcedure
    .input(disputeList)
    .query(({ ctx, input }) => ctx.controlPlane.disputes.list({ ...input, ...asker(ctx) })),
  detail: orgProcedure
    .input(byId)
    .query(({ ctx, input }) => ctx.controlPlane.disputes.detail({ id: input.id, ...asker(ctx) })),
  /** Whether a receipt that the organisation paid for can be disputed now, and for how much. */
  filingTerms: orgProcedure
    .input(receiptKey)
    .query(({ ctx, input }) => ctx.controlPlane.disputes.filingTerms({ ...input, orgId: ctx.org.id })),
  file: orgAdminProcedure.input(fileDisputeInput).mutation(({ ctx, input }) => {
    const { amountUsd: amountMicroUsd, ...rest } = input
    return ctx.controlPlane.disputes.file({ ...rest, amountMicroUsd, ...by(ctx) })
  }),
  fileWithheld: orgAdminProcedure
    .input(withheldInput)
    .mutation(({ ctx, input }) => ctx.controlPlane.disputes.fileWithheld({ ...input, ...by(ctx) })),
  challengeRecord: orgAdminProcedure
    .input(challengeRecordInput)
    .mutation(({ ctx, input }) => ctx.controlPlane.disputes.challengeRecord({ ...input, ...by(ctx) })),
  respond: orgAdminProcedure
    .input(respondInput)
    .mutation(({ ctx, input }) => ctx.controlPlane.disputes.respond({ ...input, ...by(ctx) })),
  appeal: orgAdminProcedure
    .input(appealDisputeInput)
    .mutation(({ ctx, input }) => ctx.controlPlane.disputes.appeal({ ...input, ...by(ctx) })),
})
